import Harness
import Testing

/// Owners that do not see what has become of them in the cluster: the Service's traffic stays local, and they think that they
/// have pods that are ready.
extension Everything.Clusters.FailoverTests {
  @Test func `an owner that alone has lost the API server leaves its addresses to one that sees, and has them back`()
    async throws
  {
    let owner = try await self.lab.settledOwner()
    let server = "{ 6443, 6444 }"
    try await self.lab.drop("iifname \"\(owner)\" tcp dport \(server)", "oifname \"\(owner)\" tcp sport \(server)")
    // Its heartbeats do not arrive, so that its pods are not ready any more.
    let successor = try await eventually("one other node answers", within: .seconds(40)) {
      try await self.lab.answerers(Lab.exposed[0])
    } isRight: {
      $0.count == 1 && $0 != [owner]
    }
    try await Task.sleep(for: .seconds(2))
    #expect(try await self.lab.answerers(Lab.exposed[0]) == successor)

    try await self.expectReturn(of: owner) { try await self.lab.drop() }
  }

  @Test func `a node that was cut off takes its addresses back when it serves again, and no request is lost`()
    async throws
  {
    let owner = try await self.lab.settledOwner()
    try await self.lab.cut(owner)
    try await Task.sleep(for: .seconds(6))
    try await self.expectReturn(of: owner) { try await self.lab.heal(owner) }
  }

  /// Asks all the while until an owner has its addresses back.
  private func expectReturn(of owner: String, _ heal: () async throws -> Void) async throws {
    let probe = try await DualProbe(in: self.lab, for: Lab.exposed)
    try await Task.sleep(for: .milliseconds(500))
    try await probe.mark()
    try await heal()
    try await eventually("\(owner) alone answers again", equals: [owner], within: .seconds(40)) {
      try await self.lab.answerers(Lab.exposed[0])
    }
    for report in try await probe.stop() {
      #expect(report.lost == 0, "lost at \(report.losses)")
      #expect(report.longestDouble <= Self.quarrel + report.stall, "two owners at \(report.doubleAt)")
    }
  }
}
