import KubernetesModel
import Primitives
import Testing

@testable import Balancer

/// What `metallb status` makes of what it was told.
@Suite struct ClusterStatusTests {
  private static func service(_ name: String, _ address: String? = "192.0.2.1", class: String? = nil) -> Service {
    Service(
      metadata: ObjectMeta(
        name: name, namespace: "default", annotations: ["metallb.io/ip-allocated-from-pool": "main"]),
      spec: ServiceSpec(type: "LoadBalancer", loadBalancerClass: `class`),
      status: ServiceStatus(
        loadBalancer: LoadBalancerStatus(ingress: address.map { [LoadBalancerIngress(ip: $0)] } ?? [])))
  }

  private static func speaker(_ node: String, _ change: (inout SpeakerStatus) -> Void = { _ in }) -> ProcessAnswer<
    SpeakerStatus
  > {
    var status = SpeakerStatus(software: "1", node: node)
    status.gossip = GossipStatus(members: [], isEncrypted: true, healthScore: 0)
    status.gossip?.members = ["w1", "w2"].map {
      .init(
        name: $0, address: "198.51.100.1:7946", state: "alive", seconds: 1, incarnation: 1, isCandidate: true,
        isWatchable: true)
    }
    change(&status)
    return ProcessAnswer(pod: "speaker-\(node)", node: node, outcome: .told(status, raw: ["told": true]))
  }

  private static func controller(
    waiting: [ControllerStatus.Waiting] = [], isLeading: Bool = true
  ) -> ProcessAnswer<ControllerStatus> {
    ProcessAnswer(
      pod: "controller", node: "w1",
      outcome: .told(
        ControllerStatus(
          software: "1", isLeading: isLeading,
          pools: [
            .init(
              name: "main", services: 1, ipv4: .init(assigned: 1, capacity: 4), ipv6: .init(assigned: 0, capacity: 0))
          ],
          satisfied: 1, waiting: waiting, problems: []), raw: [:]))
  }

  private static let owner = ClusterStatusTests.speaker("w1") {
    $0.layer2.announcements = [.init(service: "default/web", addresses: ["192.0.2.1"], seconds: 7)]
  }
  private static let pools = [
    IPAddressPool(
      metadata: ObjectMeta(name: "main", namespace: "metallb-system"), spec: .init(addresses: ["192.0.2.0/30"]))
  ]

  private static func status(
    controllers: [ProcessAnswer<ControllerStatus>]? = nil, _ speakers: [ProcessAnswer<SpeakerStatus>],
    services: [Service] = [ClusterStatusTests.service("web")], layer2: [ServiceL2Status] = []
  ) -> ClusterStatus {
    ClusterStatus(
      controllers: controllers ?? [Self.controller()], speakers: speakers, pools: Self.pools, services: services,
      layer2: layer2)
  }

  @Test func `a cluster in which all is well says who announces what, and nothing else`() {
    let next = Self.speaker("w2") { $0.layer2.successions = [.init(service: "default/web", owner: "w1")] }
    let status = Self.status([next, Self.owner])
    #expect(status.problems == [] && status.isWell)
    #expect(
      StatusOverview(status, isWide: false).lines(colours: false, width: 80) == [
        "All is well. 1 of 1 Services has addresses, 1 is announced.", "",
        "Pools", "  NAME  ADDRESSES     IN USE  FILL", "  main  192.0.2.0/30  1 of 4  [#####---------------]", "",
        "Services", "  NAME         ADDRESSES  POOL  ANNOUNCED BY",
        "  default/web  192.0.2.1  main  w1 (layer2, 7s)", "",
        "Speakers", "  NODE  LAYER 2     BGP SESSIONS  MEMBERS  STATE",
        "  w1    1 Service   -             2        works", "  w2    0 Services  -             2        works",
        "", "Controllers", "  POD         NODE  VERSION  STATE", "  controller  w1    1        leads",
      ])
    #expect(
      Layer2Report(StatusExtract(status)).lines(colours: false, width: 80).prefix(3) == [
        "Announcements", "  SERVICE      ADDRESSES  NODE  FOR  NEXT  INTERFACES",
        "  default/web  192.0.2.1  w1    7s   w2    all",
      ])
  }

  @Test func `where a speaker cannot be asked its status objects speak for it, and only then`() {
    let objects = ["w1", "w2"].map { (node: String) in
      ServiceL2Status(
        metadata: ObjectMeta(name: "l2-\(node)", namespace: "metallb-system"),
        status: .init(node: node, serviceName: "web", serviceNamespace: "default"))
    }
    let silent = ProcessAnswer<SpeakerStatus>(pod: "s", node: "w1", outcome: .silent("it serves no /status"))
    // The object of w2 is stale: its speaker says that it announces nothing.
    let status = Self.status([silent, Self.speaker("w2")], layer2: objects)
    #expect(status.exposures.first?.announcers.map(\.node) == ["w1"])
    #expect(status.isWell, "that a speaker of another implementation cannot be asked is no fault")
    #expect(status.silences.first?.contains("w1 cannot be asked") == true)
  }

  @Test func `that several versions run is noted`() {
    let newer = Self.speaker("w2") { $0.software = "2" }
    #expect(
      Self.status([Self.owner, newer]).silences
        == ["several versions run: 1 (the speaker on w1, controller controller), 2 (the speaker on w2)"])
    #expect(Self.status([Self.owner, Self.speaker("w2")]).silences == [])
  }

  @Test func `a pod that does not run is a problem`() {
    let down = ProcessAnswer<SpeakerStatus>(pod: "s", node: "w2", outcome: .down("its pod is Pending"))
    #expect(Self.status([Self.owner, down]).problems == ["speaker on w2: its pod is Pending"])
    #expect(
      Self.status(controllers: [], [Self.owner, Self.speaker("w2")]).problems
        == ["there is no controller: no Service gets an address"])
    #expect(
      Self.status(controllers: [Self.controller(isLeading: false)], [Self.owner, Self.speaker("w2")]).problems
        == ["no controller leads: no Service gets an address until one does"])
  }

  @Test func `Services that wait, that nobody announces and that two announce are problems; those of others are not`() {
    let waiting = Self.controller(waiting: [
      .init(service: "default/full", reason: "no available IPs", hasAddress: false)
    ])
    let second = Self.speaker("w2") {
      $0.layer2.announcements = [.init(service: "default/web", addresses: [], seconds: 1)]
    }
    let status = Self.status(
      controllers: [waiting], [Self.owner, second],
      services: [
        Self.service("web"), Self.service("full", nil), Self.service("silent", "192.0.2.2"),
        Self.service("foreign", nil, class: "other"),
      ])
    #expect(
      status.problems == [
        "Service default/full: no available IPs",
        "Service default/silent has an address that nobody announces",
        "Service default/web is announced on the local network by w1 and w2",
      ])
    let lines = StatusOverview(status, isWide: false).lines(colours: false, width: 100)
    #expect(lines.contains("  default/full     <pending>  main  no available IPs"), "\(lines)")
    #expect(lines.contains("  default/foreign  <pending>  main  another load balancer's"), "\(lines)")
  }

  @Test func `routers without a session are named with the reason, and what no router hears counts as silent`() {
    func speaker(_ state: String) -> ProcessAnswer<SpeakerStatus> {
      Self.speaker("w1") { status in
        var peer = BGPStatus.Peer(
          name: "rack-a", address: "198.51.100.1:179", localASN: "64512", peerASN: "64513", state: state)
        if state != "Established" { peer.reason = "no route to host" }
        status.bgp = BGPStatus(
          announcements: [.init(service: "default/web", addresses: ["192.0.2.1"], peers: ["rack-a"], seconds: 3)],
          peers: [peer])
      }
    }
    #expect(Self.status([speaker("Established"), Self.speaker("w2")]).isWell)
    let status = Self.status([speaker("Active"), Self.speaker("w2")])
    #expect(
      status.problems == [
        "Service default/web is announced by BGP alone, and no router hears it",
        "w1: router rack-a (198.51.100.1:179) is Active: no route to host",
      ])
    let lines = StatusOverview(status, isWide: true).lines(colours: false, width: 100)
    #expect(lines.contains { $0.contains("w1 (bgp, 3s, to rack-a, without a session)") }, "\(lines)")
    #expect(
      BGPReport(StatusExtract(status)).lines(colours: false, width: 100)[2]
        == "  w1    rack-a  198.51.100.1:179  64512 to 64513  Active  -    0 of 0    -")
  }

  @Test func `speakers that do not see each other, owners that are lost and strangers are problems`() {
    let blind = Self.speaker("w1") { status in
      status.layer2 = Self.owner.status?.layer2 ?? Layer2Status()
      status.gossip?.members.removeLast()
      status.layer2.watched = [.init(node: "w2", isLost: true, missedPings: 5)]
      status.layer2.occupied = [.init(address: "192.0.2.9", hardware: "02:00:00:00:00:09", interface: "eth0")]
    }
    #expect(
      Self.status([blind, Self.speaker("w2")]).problems == [
        "192.0.2.9 is in use by 02:00:00:00:00:09 on eth0 of w1", "w2 does not answer w1, which takes over",
        "the speaker on w1 does not see those on w2",
      ])
  }

  @Test func `of many Services those that want something come first, and the rest is counted`() {
    let many = (100..<200).map { Self.service("s\($0)") } + [Self.service("zz", nil)]
    let owner = Self.speaker("w1") { status in
      status.layer2.announcements = (100..<200).map { .init(service: "default/s\($0)", addresses: [], seconds: 1) }
    }
    let status = Self.status([owner, Self.speaker("w2")], services: many)
    let lines = StatusOverview(status, isWide: false).lines(colours: false, width: 80)
    #expect(
      lines.contains { $0.contains("default/zz") }
        && lines.contains("  … and 61 more, all well: metallb status services shows them"))
    #expect(
      StatusOverview(status, isWide: true).lines(colours: false, width: 80).count { $0.contains("default/s") } == 100)
  }

  @Test func `each problem says what to do`() {
    let status = Self.status(
      controllers: [], [Self.owner, Self.speaker("w2")], services: [Self.service("web"), Self.service("none", nil)])
    let lines = StatusProblems(status).lines(colours: false, width: 100)
    #expect(
      lines == [
        "2 problems. 1 of 2 Services have addresses, 1 is announced.", "", "Problems",
        "  - there is no controller: no Service gets an address",
        "    → kubectl get pods -n metallb-system shows what runs; if MetalLB is elsewhere, say so with -n.",
        "  - Service default/none has no address (yet)", "    → metallb explain service default/none says why.",
      ])
    #expect(StatusProblems(status).json["findings"]?.array?.count == 2)
  }

  @Test func `a warning is told and all is well all the same`() {
    var status = Self.status([Self.owner, Self.speaker("w2")])
    status.warnings = [
      Problem(
        kind: "ConfigMap", key: ObjectKey(namespace: "kube-system", name: "kube-proxy"), field: "data",
        message: "is so",
        remedy: "Change it.", severity: .warning)
    ]
    #expect(status.isWell)
    let lines = StatusOverview(status, isWide: false).lines(colours: false, width: 80)
    #expect(lines.first == "All is well, 1 warning. 1 of 1 Services has addresses, 1 is announced.")
    #expect(lines.suffix(3) == ["Warnings", "  - ConfigMap kube-system/kube-proxy, data: is so", "    → Change it."])
    // Where it is about something else, it is not told.
    #expect(!StatusPools(StatusExtract(status)).lines(colours: false, width: 80).contains("Warnings"))
    #expect(StatusProblems(status).names == ["ConfigMap/kube-system/kube-proxy"])
  }

  @Test func `however many Services want something, it stays a page`() {
    let many = (0..<20_000).map { Self.service("s\($0)", nil) }
    let status = Self.status([Self.owner, Self.speaker("w2")], services: many)
    let lines = StatusOverview(status, isWide: false).lines(colours: false, width: 80)
    #expect(lines.count < 120 && lines.contains("  … and 19988 more: metallb status problems shows them"))
    #expect(lines.contains("  … and 19960 more: metallb status services shows them"))
    let view = StatusServices(
      StatusExtract(status, limit: StatusLimit(500, hint: "--limit 0 shows them")), isOfTroubled: true)
    #expect(view.lines(colours: false, width: 80).contains("  … and 19500 more: --limit 0 shows them"))
    #expect(view.names.count == 20_000 && view.json["services"]?.array?.count == 20_000)
  }

  @Test func `of many sessions those that are down come first, and the rest is counted`() {
    let speakers = (100..<150).map { number in
      Self.speaker("w\(number)") { status in
        status.bgp.peers = [
          BGPStatus.Peer(
            name: "rack", address: "198.51.100.1:179", localASN: "64512", peerASN: "64513",
            state: number == 140 ? "Active" : "Established")
        ]
      }
    }
    let limit = StatusLimit(10, hint: "--limit 0 shows them")
    let lines = BGPReport(StatusExtract(Self.status(speakers), limit: limit)).lines(colours: false, width: 100)
    #expect(lines[2].hasPrefix("  w140  rack") && lines[12] == "  … and 40 more: --limit 0 shows them", "\(lines)")
    let owners = (100..<150).map { number in
      Self.speaker("w\(number)") {
        $0.layer2.announcements = [.init(service: "default/s\(number)", addresses: ["192.0.2.1"], seconds: 7)]
      }
    }
    let layer2 = Layer2Report(
      StatusExtract(Self.status(owners, services: (100..<150).map { Self.service("s\($0)") }), limit: limit)
    ).lines(colours: false, width: 100)
    #expect(layer2[12] == "  … and 40 more: --limit 0 shows them", "\(layer2)")
  }

  @Test func `a pool of both families has a bar for each, and a vast one is told as it is`() {
    var pool = Self.pools[0]
    pool.spec.addresses = ["192.0.2.0/30", "2001:db8::/64", "2001:db8:1::/64", "2001:db8:2::1/128"]
    let controller = ProcessAnswer<ControllerStatus>(
      pod: "c", node: "w1",
      outcome: .told(
        ControllerStatus(
          software: "1", isLeading: true,
          pools: [
            .init(
              name: "main", services: 4, ipv4: .init(assigned: 4, capacity: 4),
              ipv6: .init(assigned: 1, capacity: .max))
          ], satisfied: 4, waiting: [], problems: []), raw: [:]))
    let advertisements = ConfigurationObjects(
      pools: [pool],
      l2Advertisements: [
        L2Advertisement(metadata: ObjectMeta(name: "lan", namespace: "metallb-system"), spec: .init()),
        L2Advertisement(
          metadata: ObjectMeta(name: "other", namespace: "metallb-system"), spec: .init(ipAddressPools: ["other"])),
      ], bgpAdvertisements: [])
    var status = ClusterStatus(
      controllers: [controller], speakers: [], pools: [pool], services: [], advertisements: advertisements)
    #expect(
      StatusPools(StatusExtract(status, isWide: true)).lines(colours: false, width: 80).prefix(4) == [
        "Pools",
        "  NAME  FAMILY  ADDRESSES                                          IN USE               FILL                    "
          + "FREE            FOR           ANNOUNCED BY",
        "  main  IPv4    192.0.2.0/30                                       4 of 4               [####################]  "
          + "0               all Services  layer2/lan",
        "        IPv6    2001:db8::/64, 2001:db8:1::/64, 2001:db8:2::1/128  1 of more than 2^65  [#-------------------]  "
          + "more than 2^65",
      ])
    status.pools[0].spec.addresses = ["2001:db8::/64"]
    #expect(status.fills(of: status.pools[0]).last?.size == "2^64")
    #expect(StatusPools(StatusExtract(status)).names == ["main"])
  }

  @Test func `nodes are told with what keeps them from announcing`() {
    let drained = NodeView(name: "w2", labels: [NodeView.exclusionLabel: NodeView.drainValue])
    let excluded = NodeView(name: "w3", labels: [NodeView.exclusionLabel: ""], readiness: .notReady)
    var status = Self.status([Self.owner, Self.speaker("w2"), Self.speaker("w3")])
    status.nodes = [NodeView(name: "w1"), drained, excluded, NodeView(name: "w4")]
    #expect(
      StatusNodes(StatusExtract(status)).lines(colours: false, width: 80).prefix(9) == [
        "Nodes", "  NODE  READY  LAYER 2  BGP  SESSIONS  MEMBERS  SPEAKER",
        "  w1    yes    1        0    -         2        works",
        "  w2    yes    0        0    -         2        drained: metallb drain --undo w2",
        "                                                ends that",
        "  w3    no     0        0    -         2        works, but the node is labelled",
        "                                                exclude-from-external-load-balancers",
        "  w4    yes    -        -    -         -        none runs here", "",
      ])
    #expect(
      StatusNodes(StatusExtract(status, limit: StatusLimit(1, hint: "x"))).lines(colours: false, width: 80)[2]
        .hasPrefix("  w"))
    #expect(StatusNodes(StatusExtract(status)).names == ["w1", "w2", "w3", "w4"])
  }

  @Test func `machines get what was said as it was said`() {
    let json = Self.status([Self.owner, Self.speaker("w2")]).json
    #expect(json["well"] == true)
    #expect(json["speakers"]?.array?.first?["status"] == ["told": true])
    #expect(json["services"]?.array?.first?["announcers"]?.array?.first?["node"] == "w1")
  }

  @Test func `bars show that something is there, and that something is left`() {
    #expect(StatusText.bar(0, of: 4, width: 4) == "[----]")
    #expect(StatusText.bar(1, of: 1_000_000, width: 4) == "[#---]")
    #expect(StatusText.bar(999_999, of: 1_000_000, width: 4) == "[###-]")
    #expect(StatusText.bar(4, of: 4, width: 4) == "[####]")
    #expect(StatusText.bar(1, of: 0, width: 4) == "[----]")
    #expect([0, 119, 120, 7200, 172_800].map { StatusText.age($0) } == ["0s", "119s", "2m", "2h", "2d"])
  }
}
