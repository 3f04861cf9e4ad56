import Foundation
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
    try await self.lab.drop()
    try await probe.mark()
    try await Task.sleep(for: .seconds(6))
    let reports = try await probe.stop()
    let hardware = try await self.lab.hardwareAddress(of: owner)
    for report in reports {
      #expect(report.lastDoubleAt.map { $0 <= 1.5 + report.stall } ?? true, "two owners at \(report.doubleAt)")
      #expect(report.lastOwner == hardware)
    }
  }

  @Test func `an owner of whose datagrams a third is lost stays the owner`() async throws {
    var last: [TrafficProbe.Report.Turn] = []
    // An owner that is not let run for a while is replaced with good reason.
    for _ in 0..<3 {
      let owner = try await self.lab.settledOwner()
      try await self.lab.drop("iifname \"\(owner)\" meta l4proto udp numgen random mod 100 < 30")
      let probe = try await TrafficProbe(in: self.lab, for: Lab.exposed[0])
      try await probe.mark()
      try await Task.sleep(for: .seconds(6))
      let report = try await probe.stop()
      try await self.lab.drop()
      if report.firstTakeover == nil { return }
      last = report.timeline
    }
    Issue.record("it was replaced three times: \(last)")
  }

  @Test func `an owner that hears and is not heard is replaced`() async throws {
    let owner = try await self.lab.settledOwner()
    let probe = try await TrafficProbe(in: self.lab, for: Lab.exposed[0])
    try await probe.mark()
    try await self.lab.drop("iifname \"\(owner)\"")
    try await Task.sleep(for: .seconds(5))
    let report = try await probe.stop()
    try await self.lab.drop()
    #expect(report.firstTakeover != nil, "\(report.timeline)")
    #expect(report.longestSilence < Self.moment + report.stall)
    try await eventually("\(owner) alone answers again", equals: [owner], within: .seconds(40)) {
      try await self.lab.answerers(Lab.exposed[0])
    }
  }

  /// The gossip of an owner is blocked and nothing else: the next node takes over, hears the owner, and yields. From then on
  /// it has the wire alone to learn of the owner's end.
  @Test func `an owner that the gossip does not know is replaced when the wire falls silent`() async throws {
    let owner = try await self.lab.settledOwner()
    let gossip = "meta l4proto { tcp, udp } th dport 7946"
    try await self.lab.drop("iifname \"\(owner)\" \(gossip)", "oifname \"\(owner)\" \(gossip)")
    try await Task.sleep(for: .seconds(2))
    try await eventually("\(owner) alone answers", equals: [owner]) { try await self.lab.answerers(Lab.exposed[0]) }
    let probe = try await TrafficProbe(in: self.lab, for: Lab.exposed[0])
    try await Task.sleep(for: .milliseconds(500))
    try await probe.mark()
    try await self.lab.signalSpeaker(on: owner, SIGSTOP)
    try await Task.sleep(for: .seconds(5))
    let report = try await probe.stop()
    try await self.lab.signalSpeaker(on: owner, SIGCONT)
    try await self.lab.drop()
    let hardware = try await self.lab.hardwareAddress(of: owner)
    #expect(
      report.timeline.last { $0.at < 0 }?.hardware == hardware, "the owner answered until then: \(report.timeline)")
    #expect(report.firstTakeover != nil, "\(report.timeline)")
    #expect(report.longestSilence < Self.moment + report.stall, "\(report.timeline)")
  }
}
