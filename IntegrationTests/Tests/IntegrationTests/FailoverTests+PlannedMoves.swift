import Harness
import Testing

/// Moves that nobody is to notice.
extension Everything.Clusters.FailoverTests {
  @Test func `a rolling restart of all speakers loses no request`() async throws {
    _ = try await self.lab.settledOwner()
    let probe = try await DualProbe(in: self.lab, for: Lab.exposed)
    try await Task.sleep(for: .milliseconds(500))
    try await probe.mark()
    try await self.kubectl("rollout", "restart", "daemonset/speaker", "--namespace=metallb-system")
    try await self.kubectl(
      "rollout", "status", "daemonset/speaker", "--namespace=metallb-system", "--timeout=60s", within: .seconds(70))
    try await Task.sleep(for: .seconds(2))
    for report in try await probe.stop() {
      #expect(report.requests > 100)
      #expect(report.lost == 0, "lost at \(report.losses), owners \(report.timeline)")
      #expect(report.longestSilence < 1 + report.stall, "silent at \(report.silenceAt ?? 0), owners \(report.timeline)")
      #expect(report.longestDouble <= Self.quarrel + report.stall, "two owners at \(report.doubleAt)")
      #expect(report.timeline.count > 1, "the owner was restarted")
    }
  }

  @Test func `an owner that is asked to stop hands over first`() async throws {
    let owner = try await self.lab.settledOwner()
    let probe = try await DualProbe(in: self.lab, for: Lab.exposed)
    try await Task.sleep(for: .milliseconds(500))
    try await probe.mark()
    try await self.lab.signalSpeaker(on: owner, 15)
    try await Task.sleep(for: .seconds(4))
    for report in try await probe.stop() {
      #expect(report.firstTakeover != nil)
      #expect(report.lost == 0, "lost at \(report.losses), owners \(report.timeline)")
      #expect(report.longestSilence < 1 + report.stall, "silent at \(report.silenceAt ?? 0), owners \(report.timeline)")
    }
  }
}
