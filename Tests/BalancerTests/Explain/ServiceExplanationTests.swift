import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

@Suite struct ServiceExplanationTests {
  private func explain(
    _ view: ServiceView, among others: [ServiceView] = [], pools: [IPAddressPool]
  ) -> ServiceExplanation {
    let rehearsal = Rehearsal(
      of: [view] + others, namespaces: [], configuration: ConfigurationObjects(pools: pools), settings: .init(seed: 1),
      at: t0)
    return ServiceExplanation(of: view, in: rehearsal)
  }

  @Test func `a Service with the first free address of the first pool`() {
    let result = self.explain(
      serviceView("a/web", status: "192.0.2.0", pool: "default"), pools: [poolObject("default", ["192.0.2.0/30"])])
    #expect(result.standing == .satisfied)
    #expect(result.reason == .firstByName)
    #expect(result.isPublished)
  }

  @Test func `an address that another way would not be given today is kept, and that is said`() {
    let result = self.explain(
      serviceView("a/web", status: "192.0.2.3", pool: "default"),
      pools: [poolObject("a-first", ["10.0.0.0/30"]), poolObject("default", ["192.0.2.0/30"])])
    #expect(result.reason == .kept(wouldBe: Allocation(pool: "a-first", addresses: [ip("10.0.0.0")])))
  }

  @Test func `requests and pins are the reasons that they are`() {
    let pools = [
      poolObject("open", ["10.0.0.0/30"]),
      poolObject("pinned", ["10.0.1.0/30"], serviceAllocation: .init(priority: 7, namespaces: ["a"])),
    ]
    #expect(
      self.explain(serviceView("a/x", annotations: ["metallb.io/loadBalancerIPs": "10.0.0.2"]), pools: pools).reason
        == .requestedAddresses)
    #expect(
      self.explain(serviceView("a/x", annotations: ["metallb.io/address-pool": "open"]), pools: pools).reason
        == .requestedPool)
    #expect(self.explain(serviceView("a/x"), pools: pools).reason == .pinned(priority: 7))
    #expect(self.explain(serviceView("b/x"), pools: pools).reason == .firstByName)
  }

  @Test func `what no controller has written yet is told as such`() {
    let result = self.explain(serviceView("a/web"), pools: [poolObject("default", ["192.0.2.0/30"])])
    #expect(!result.isPublished)
    #expect(
      ExplanationText.sentence(result.standing, of: result).text
        == "is to get 192.0.2.0, but its status does not say so: is the controller running?")
  }

  @Test func `a Service that waits says what spoke against each pool`() {
    let result = self.explain(
      serviceView("a/web"), among: [serviceView("a/other", status: "192.0.2.0", pool: "full")],
      pools: [poolObject("full", ["192.0.2.0/32"]), poolObject("manual", ["192.0.3.0/30"], autoAssign: false)])
    #expect(result.standing == .waiting(.noneAvailable))
    #expect(result.candidates.map(\.verdict) == [.exhausted([.ipv4]), .manual])
    #expect(result.notes.map(\.message) == [#"Failed to allocate IP for "a/web": no available IPs"#])
  }

  @Test func `the report fits 80 columns and says everything`() {
    let service = self.explain(
      serviceView("a/web"), among: [serviceView("a/other", status: "192.0.2.0", pool: "full")],
      pools: [poolObject("full", ["192.0.2.0/32"]), poolObject("manual", ["192.0.3.0/30"], autoAssign: false)])
    let report = ExplanationReport(
      service: service, announcement: AnnouncementExplanation(advertisements: [], nodes: []),
      events: [
        .init(
          type: "Warning", reason: "AllocationFailed", message: #"Failed to allocate IP for "a/web": no available IPs"#,
          component: "metallb-controller", time: "2026-01-01T00:00:00Z")
      ])
    let lines = report.lines(colours: false)
    #expect(
      lines == [
        "Service a/web",
        "  Standing        has no address: no available IPs",
        "  Asks: families  ipv4 (cluster IPs 10.96.0.1)",
        "",
        "Pools, in the order in which they are tried",
        "  POOL    FREE    VERDICT",
        "  full    0 of 1  no IPv4 address is free",
        "  manual  4 of 4  autoAssign is false: only for Services that ask for it",
        "",
        "Advertisements",
        "  There are none, so nobody announces the address. Create an L2Advertisement or",
        "  a BGPAdvertisement.",
        "",
        "Events",
        "  LAST SEEN             REASON            MESSAGE",
        "  2026-01-01T00:00:00Z  AllocationFailed  Failed to allocate IP for \"a/web\": no",
        "                                          available IPs",
      ])
    #expect(lines.allSatisfy { $0.count <= 80 })
    #expect(report.json["reason"] == "no available IPs")
    #expect(report.json["pools"]?.array?.first?["verdict"] == "exhausted")
  }
}

@Suite struct AnnouncementExplanationTests {
  private func nodes(_ names: String...) -> [NodeView] { names.map { NodeView(name: $0, labels: ["name": $0]) } }

  private func advertisement(_ name: String, _ spec: L2Advertisement.Spec) -> L2Advertisement {
    L2Advertisement(metadata: ObjectMeta(name: name, namespace: "metallb-system"), spec: spec)
  }

  private func explain(_ advertisements: [L2Advertisement], usable: Bool = true) -> AnnouncementExplanation {
    let service = ExposedService(
      key: key("a/web"), labels: ["app": "web"], ingress: .addresses([ip("192.0.2.0")]))
    let pools = [poolObject("default", ["192.0.2.0/30"])]
    return AnnouncementExplanation(
      of: service, pool: PoolResolution(pools).pools["default"],
      in: .init(
        services: [service],
        endpoints: [
          EndpointsView(key: key("a/web-1"), service: key("a/web"), isUsable: usable, nodes: usable ? ["node-1"] : [])
        ], nodes: self.nodes("node-1", "node-2", "node-3"),
        configuration: ConfigurationObjects(pools: pools, l2Advertisements: advertisements), layer2Claims: ["node-2"]),
      at: t0)
  }

  @Test func `exactly one node announces, the one that the election names`() {
    let result = self.explain([self.advertisement("l2", .init())])
    let owner = Layer2Election.owner(of: ip("192.0.2.0"), among: ["node-1", "node-2", "node-3"])
    #expect(result.nodes.filter { $0.withheld == nil }.map(\.name) == [owner])
    #expect(result.nodes.filter { $0.withheld == .notOwner }.count == 2)
    #expect(result.nodes.first?.name == "node-2")  // who claims to announce comes first
    #expect(result.nodes.filter(\.claims).map(\.name) == ["node-2"])
    #expect(result.succession.count == 3 && result.succession.first == owner)
    let rest: [String] = ["node-1", "node-2", "node-3"].filter { $0 != owner }
    #expect(result.succession[1] == Layer2Election.owner(of: ip("192.0.2.0"), among: rest))
  }

  @Test func `of many nodes those with the same verdict are told in one row`() {
    let announcement = AnnouncementExplanation(
      advertisements: [.init(kind: "L2Advertisement", name: "lan", match: .announces, nodes: 2000)],
      nodes: (1000..<3000).map {
        .init(
          name: "w\($0)", withheld: $0 == 1007 ? nil : .notOwner, interfaces: $0 == 1007 ? .all : nil,
          claims: $0 == 1007)
      })
    let view = serviceView("a/web", status: "192.0.2.1", pool: "default")
    let service = ServiceExplanation(
      of: view,
      in: Rehearsal(
        of: [view], namespaces: [],
        configuration: ConfigurationObjects(pools: [poolObject("default", ["192.0.2.0/30"])]),
        settings: .init(seed: 0), at: t0))
    let lines = ExplanationReport(service: service, announcement: announcement, events: [])
      .lines(colours: false, width: 120)
    #expect(
      lines.suffix(2) == [
        "  w1000, w1001, w1002 and 1996 more  notOwner: another node announces it, or no endpoint can serve it",
        "  w1007                              announces it",
      ], "\(lines)")
  }

  @Test func `each advertisement says whether it is for the Service`() {
    let result = self.explain([
      self.advertisement("a-all", .init()), self.advertisement("b-other-pool", .init(ipAddressPools: ["x"])),
      self.advertisement(
        "c-other-service", .init(serviceSelectors: [LabelSelector(matchLabels: ["app": "db"])])),
      self.advertisement("d-nowhere", .init(nodeSelectors: [LabelSelector(matchLabels: ["name": "node-9"])])),
      self.advertisement("e-one-node", .init(nodeSelectors: [LabelSelector(matchLabels: ["name": "node-1"])])),
      self.advertisement("f-invalid", .init(ipAddressPools: ["x", "x"])),
    ])
    #expect(
      result.advertisements.map(\.match) == [.announces, .otherPool, .otherService, .noNode, .announces, .invalid])
    #expect(result.advertisements.map(\.nodes) == [3, 3, 3, 0, 1, 0])
  }

  @Test func `without an advertisement or an endpoint no node announces, and each says why`() {
    #expect(Set(self.explain([]).nodes.map(\.withheld)) == [.noMatchingAdvertisement])
    #expect(Set(self.explain([self.advertisement("l2", .init())], usable: false).nodes.map(\.withheld)) == [.notOwner])
  }
}

@Suite struct BGPExplanationTests {
  private func explain(
    peers: [BGPPeer], isUsable: Bool = true, for meant: [String]? = nil
  ) -> AnnouncementExplanation {
    let service = ExposedService(key: key("a/web"), ingress: .addresses([ip("192.0.2.0")]))
    let pools = [poolObject("default", ["192.0.2.0/30"])]
    let advertisement = BGPAdvertisement(
      metadata: ObjectMeta(name: "bgp", namespace: "metallb-system"), spec: .init(peers: meant))
    return AnnouncementExplanation(
      of: service, pool: PoolResolution(pools).pools["default"],
      in: .init(
        services: [service],
        endpoints: [EndpointsView(key: key("a/web-1"), service: key("a/web"), isUsable: isUsable, nodes: ["node-1"])],
        nodes: [NodeView(name: "node-1", labels: ["rack": "1"]), NodeView(name: "node-2", labels: ["rack": "2"])],
        configuration: ConfigurationObjects(pools: pools, bgpAdvertisements: [advertisement], bgpPeers: peers),
        bgpClaims: ["node-1": ["tor"]]),
      at: t0)
  }

  @Test func `each node says to which peers it announces, and whether its status agrees`() {
    let peer = BGPPeer(
      metadata: ObjectMeta(name: "tor", namespace: "metallb-system"),
      spec: .init(
        myASN: 64512, peerASN: 64513, peerAddress: "10.0.0.1",
        nodeSelectors: [LabelSelector(matchLabels: ["rack": "1"])]))
    let result = self.explain(peers: [peer])
    #expect(result.bgpNodes.map(\.name) == ["node-1", "node-2"])
    #expect(result.bgpNodes.map(\.peers) == [["tor"], []])
    #expect(result.bgpNodes.map(\.claims) == [["tor"], nil])
    #expect(result.bgpNodes.first?.withheld == nil)
    #expect(result.bgpNodes.last?.withheld != nil)
  }

  @Test func `each router says who tells it of the Service, or why nobody does`() {
    func peer(_ name: String, rack: String?, asn: Int64 = 64513) -> BGPPeer {
      BGPPeer(
        metadata: ObjectMeta(name: name, namespace: "metallb-system"),
        spec: .init(
          myASN: 64512, peerASN: asn, peerAddress: "10.0.0.\(name.utf8.count)",
          nodeSelectors: rack.map { [LabelSelector(matchLabels: ["rack": $0])] }))
    }
    let peers = [
      peer("both", rack: nil), peer("one", rack: "1"), peer("nowhere", rack: "9"), peer("wrong", rack: nil, asn: 0),
    ]
    #expect(
      self.explain(peers: peers).routers == [
        .init(name: "both", verdict: .told(by: ["node-1", "node-2"])), .init(name: "nowhere", verdict: .noNode),
        .init(name: "one", verdict: .told(by: ["node-1"])), .init(name: "wrong", verdict: .invalid),
      ])
    #expect(
      self.explain(peers: peers, isUsable: false).routers.first?.verdict
        == .notTold(["node-1", "node-2"], .noEndpoints))
    #expect(
      self.explain(peers: peers, for: ["one"]).routers.first?.verdict
        == .notTold(["node-1", "node-2"], .noMatchingPeer))
  }

  @Test func `without a peer no node announces`() {
    #expect(self.explain(peers: []).bgpNodes.allSatisfy { $0.withheld != nil })
  }
}

@Suite struct TextTableTests {
  @Test func `columns are aligned, and the last one goes on below itself`() {
    let table = TextTable(
      header: ["NAME", "TEXT"], rows: [["a", "one two three four five six seven"], ["longer", "x"]])
    #expect(
      table.lines(indent: 1, width: 30) == [
        " NAME    TEXT", " a       one two three four", "         five six seven", " longer  x",
      ])
  }

  @Test func `colours do not shift columns`() {
    let table = TextTable(header: ["A", "B"], rows: [[Styled("x", .bad), "y"]])
    #expect(table.lines(colours: true) == ["\u{1B}[1mA\u{1B}[0m  \u{1B}[1mB\u{1B}[0m", "\u{1B}[31mx\u{1B}[0m  y"])
  }
}
