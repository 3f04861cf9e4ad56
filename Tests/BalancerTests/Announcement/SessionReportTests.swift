import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

@Suite struct SessionReportTests {
  private static let session = ObjectKey(namespace: "", name: "198.18.0.201")
  private static let established = SessionReport(bgp: "Established", bfd: "up")

  private static func keeper() -> NodeReports<BGPSessionState> {
    NodeReports(.init(node: "w1", namespace: "metallb-system"), seed: 1)
  }

  private static func report(_ content: SessionReport, version: String = "1") -> BGPSessionState {
    var report = BGPSessionState.new(on: Self.session, by: "w1", in: "metallb-system", owner: nil)
    report.metadata.name = "w1-abcde"
    report.metadata.resourceVersion = version
    report.set(content, node: "w1", subject: Self.session)
    return report
  }

  @Test func `a router is named as a label can hold it`() throws {
    let v6 = try #require(IPAddress("2001:db8::a"))
    let names = [
      SessionReport.subject(.address(.v4(IPv4Address(198, 18, 0, 201))), vrf: nil),
      SessionReport.subject(.address(v6), vrf: "red"),
      SessionReport.subject(.interface("eth0.100"), vrf: nil),
    ]
    #expect(
      names == [
        ObjectKey(namespace: "", name: "198.18.0.201"),
        ObjectKey(namespace: "red", name: "2001-0db8-0000-0000-0000-0000-0000-000a"),
        ObjectKey(namespace: "", name: "eth0.100"),
      ])
  }

  @Test func `an object has the labels and the words of frr-k8s`() {
    let report = Self.report(SessionReport(bgp: "Active", bfd: nil))
    #expect(report.metadata.generateName == "w1-")
    #expect(
      report.metadata.labels == [
        "frrk8s.metallb.io/node": "w1", "frrk8s.metallb.io/peer": "198.18.0.201", "frrk8s.metallb.io/vrf": "",
      ])
    #expect(report.status == .init(bgpStatus: "Active", bfdStatus: "N/A", node: "w1", peer: "198.18.0.201"))
    #expect(report.subject == Self.session)
    #expect(report.content == SessionReport(bgp: "Active", bfd: nil))
    #expect(BGPSessionState.selector(of: "w1") == "frrk8s.metallb.io/node=w1")
  }

  @Test func `a restarted speaker whose sessions stand again writes nothing`() {
    var keeper = Self.keeper()
    _ = keeper.handle(.observed(.applied(Self.report(Self.established))), at: t0)
    _ = keeper.handle(.observed(.synced), at: t0)
    _ = keeper.handle(.wanted(Self.session, Self.established), at: t0)
    #expect(keeper.handle(.decided, at: t0) == [])
  }

  @Test func `a peer that is gone takes its object along at once`() {
    var keeper = Self.keeper()
    _ = keeper.handle(.observed(.applied(Self.report(Self.established))), at: t0)
    _ = keeper.handle(.observed(.synced), at: t0)
    #expect(
      keeper.handle(.decided, at: t0) == [
        .write(.delete(ObjectKey(namespace: "metallb-system", name: "w1-abcde"), uid: nil), of: Self.session)
      ])
  }

  @Test func `a session that comes and goes every second is written once in five`() {
    var keeper = Self.keeper()
    let down = SessionReport(bgp: "Active", bfd: "down")
    _ = keeper.handle(.observed(.applied(Self.report(down, version: "0"))), at: t0)
    _ = keeper.handle(.observed(.synced), at: t0)
    _ = keeper.handle(.wanted(Self.session, down), at: t0)
    _ = keeper.handle(.decided, at: t0)
    var writes: [(second: Int, bgp: String?)] = []
    var version = 0
    func perform(_ actions: [NodeReports<BGPSessionState>.Action], _ second: Int) {
      for case .write(.writeStatus(var report), _) in actions {
        writes.append((second, report.status?.bgpStatus))
        version += 1
        report.metadata.resourceVersion = "\(version)"
        let now = t0 + .seconds(second)
        perform(keeper.handle(.written(Self.session, .succeeded(report)), at: now), second)
        perform(keeper.handle(.observed(.applied(report)), at: now), second)
      }
    }
    for second in 1...20 {
      let now = t0 + .seconds(second)
      perform(keeper.handle(.tick, at: now), second)
      perform(keeper.handle(.wanted(Self.session, second % 2 == 1 ? Self.established : down), at: now), second)
    }
    #expect(writes.count <= 4)
    #expect(zip(writes, writes.dropFirst()).allSatisfy { $1.second - $0.second >= 5 })
    // What holds in the end is told in the end.
    perform(keeper.handle(.wanted(Self.session, Self.established), at: t0 + .seconds(21)), 21)
    perform(keeper.handle(.tick, at: t0 + .seconds(30)), 30)
    #expect(writes.last?.bgp == "Established")
  }
  @Test func `a peer that is gone and comes back has its object told at once`() {
    var keeper = Self.keeper()
    let down = SessionReport(bgp: "Active", bfd: "down")
    var told: [String?] = []
    func perform(_ actions: [NodeReports<BGPSessionState>.Action]) {
      for case .write(let write, _) in actions {
        var outcome: BGPSessionState?
        switch write {
        case .create(var report):
          (report.metadata.name, report.metadata.resourceVersion) = ("w1-\(told.count)", "1")
          outcome = report
        case .writeStatus(let report):
          told.append(report.status?.bgpStatus)
          outcome = report
        case .delete: told.append(nil)
        }
        perform(keeper.handle(.written(Self.session, .succeeded(outcome)), at: t0))
      }
    }
    perform(keeper.handle(.observed(.synced), at: t0))
    perform(keeper.handle(.decided, at: t0))
    perform(keeper.handle(.wanted(Self.session, down), at: t0))
    perform(keeper.handle(.unwanted(Self.session), at: t0))
    perform(keeper.handle(.wanted(Self.session, Self.established), at: t0))
    #expect(told == ["Active", nil, "Established"])
  }
}
