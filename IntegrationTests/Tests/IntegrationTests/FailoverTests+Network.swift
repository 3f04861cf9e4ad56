import Harness
import Testing

/// Nodes that cannot hear each other, or not always.
extension Everything.Clusters.FailoverTests {
  @Test func `after a split has healed there is one owner within a second`() async throws {
    let owner = try await self.lab.settledOwner()
    let others = self.lab.nodes.filter { $0 != owner }
    let set = "{ \(others.map { "\"\($0)\"" }.joined(separator: ", ")) }"
    // Client and API server reach both halves.
    try await self.lab.drop("iifname \"\(owner)\" oifname \(set)", "iifname \(set) oifname \"\(owner)\"")
    try await eventually("both halves have an owner") {
      try await self.lab.answerers(Lab.exposed[0])
    } isRight: {
      $0.count == 2
    }
    let probe = try await DualProbe(in: self.lab, for: Lab.exposed)
    try await Task.sleep(for: .milliseconds(500))
    probe.mark()
    try await self.lab.drop()
    try await Task.sleep(for: .seconds(5))
    let reports = try await probe.stop()
    let hardware = try await self.lab.hardwareAddress(of: owner)
    for report in reports {
      #expect(report.lastDoubleAt.map { $0 <= 1.5 } ?? true, "two owners at \(report.doubleAt)")
      #expect(report.lastOwner == hardware)
    }
  }

  @Test func `an owner of whose datagrams a third is lost stays the owner`() async throws {
    let owner = try await self.lab.settledOwner()
    try await self.lab.drop("iifname \"\(owner)\" meta l4proto udp numgen random mod 100 < 30")
    let probe = try await TrafficProbe(in: self.lab, for: Lab.exposed[0])
    probe.mark()
    try await Task.sleep(for: .seconds(6))
    let report = try await probe.stop()
    try await self.lab.drop()
    #expect(report.firstTakeover == nil, "\(report.timeline)")
  }

  @Test func `an owner that hears and is not heard is replaced`() async throws {
    let owner = try await self.lab.settledOwner()
    let probe = try await TrafficProbe(in: self.lab, for: Lab.exposed[0])
    probe.mark()
    try await self.lab.drop("iifname \"\(owner)\"")
    try await Task.sleep(for: .seconds(4))
    let report = try await probe.stop()
    try await self.lab.drop()
    #expect(try #require(report.firstTakeover) < 2.5)
    try await eventually("\(owner) alone answers again", equals: [owner], within: .seconds(40)) {
      try await self.lab.answerers(Lab.exposed[0])
    }
  }
}
