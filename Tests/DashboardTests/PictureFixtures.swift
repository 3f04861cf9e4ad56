import KubernetesModel
import Primitives
import TestKit

@testable import Balancer
@testable import Dashboard

/// A small cluster, as watches and looks tell of it.
enum Fixture {
  static let place = ClusterSnapshot.Place(server: "https://192.0.2.1:6443", namespace: "metallb-system", software: "1")

  static func service(
    _ name: String, _ address: String? = "198.51.100.1", pool: String = "main", type: String = "LoadBalancer",
    class: String? = nil, policy: String? = nil
  ) -> Service {
    Service(
      metadata: ObjectMeta(
        name: name, namespace: "default", uid: name,
        annotations: ["metallb.io/ip-allocated-from-pool": pool, "other": String(repeating: "x", count: 1000)]),
      spec: ServiceSpec(
        type: type, ports: [ServicePort(name: "http", port: 80)], clusterIPs: ["10.96.0.1"], loadBalancerClass: `class`,
        externalTrafficPolicy: policy),
      status: ServiceStatus(
        loadBalancer: LoadBalancerStatus(ingress: address.map { [LoadBalancerIngress(ip: $0)] } ?? [])))
  }

  static func node(_ name: String, labels: [String: String] = [:], ready: String = "True") -> Node {
    Node(
      metadata: ObjectMeta(name: name, labels: labels),
      status: NodeStatus(
        conditions: [NodeCondition(type: "Ready", status: ready)],
        addresses: [NodeAddress(type: "InternalIP", address: "192.0.2.10")]))
  }

  static func pod(_ name: String, component: String) -> Pod {
    Pod(
      metadata: ObjectMeta(name: name, namespace: "metallb-system", uid: name, labels: ["component": component]),
      spec: .init(nodeName: "w1"), status: .init(phase: "Running"))
  }

  static func event(_ name: String, at seconds: Int64, message: String = "m", type: String = "Normal") -> Event {
    var event = Event(
      metadata: ObjectMeta(name: name, namespace: "default"),
      involvedObject: ObjectReference(kind: "Service", namespace: "default", name: "web"))
    event.type = type
    event.reason = "nodeAssigned"
    event.message = message
    event.lastTimestamp = Timestamp(seconds: seconds)
    event.source = EventSource(component: "metallb-speaker")
    return event
  }

  static let pool = IPAddressPool(
    metadata: ObjectMeta(name: "main", namespace: "metallb-system"), spec: .init(addresses: ["198.51.100.0/30"]))

  static func controller(assigned: Int64 = 1, waiting: [(String, String)] = []) -> ProcessAnswer<ControllerStatus> {
    let status = ControllerStatus(
      software: "1", isLeading: true,
      pools: [
        .init(
          name: "main", services: 1, ipv4: .init(assigned: assigned, capacity: 4),
          ipv6: .init(assigned: 0, capacity: 0))
      ], satisfied: 1, waiting: waiting.map { .init(service: $0.0, reason: $0.1, hasAddress: false) }, problems: [])
    return ProcessAnswer(pod: "controller", node: "w1", outcome: .told(status, raw: [:]))
  }

  static func speaker(
    _ node: String, announcing: [String] = [], _ change: (inout SpeakerStatus) -> Void = { _ in }
  ) -> ProcessAnswer<SpeakerStatus> {
    var status = SpeakerStatus(software: "1", node: node)
    status.layer2.announcements = announcing.map {
      .init(service: $0, addresses: ["198.51.100.1"], interfaces: ["eth0"], seconds: 60)
    }
    change(&status)
    return ProcessAnswer(pod: "speaker-\(node)", node: node, outcome: .told(status, raw: [:]))
  }

  static func peer(_ name: String, isUp: Bool) -> BGPStatus.Peer {
    var peer = BGPStatus.Peer(
      name: name, address: "192.0.2.254:179", localASN: "64500", peerASN: "64501",
      state: isUp ? "Established" : "Active",
      prefixes: .init(desired: 1, sent: isUp ? 1 : 0))
    peer.reason = isUp ? nil : "the router refuses the connection"
    return peer
  }

  /// Everything has been read, and everybody has been asked.
  static func picture(
    services: [Service] = [Fixture.service("web")], nodes: [Node] = [Fixture.node("w1")],
    pools: [IPAddressPool] = [pool],
    events: [Event] = [], controllers: [ProcessAnswer<ControllerStatus>] = [Fixture.controller()],
    speakers: [ProcessAnswer<SpeakerStatus>] = [Fixture.speaker("w1", announcing: ["default/web"])]
  ) -> ClusterPicture {
    var picture = ClusterPicture()
    for service in services { _ = picture.apply(.services(.applied(service))) }
    for node in nodes { _ = picture.apply(.nodes(.applied(node))) }
    for pool in pools { _ = picture.apply(.pools(.applied(pool))) }
    for event in events { _ = picture.apply(.events(.applied(event))) }
    for change in Self.synced { _ = picture.apply(change) }
    picture.connection = .live
    picture.hasAsked = true
    picture.inspection = .init(warnings: [])
    picture.controllers = controllers
    picture.speakers = speakers
    return picture
  }

  static let synced: [ClusterChange] = [
    .services(.synced), .nodes(.synced), .pods(.synced), .pools(.synced), .l2Advertisements(.synced),
    .bgpAdvertisements(.synced), .bgpPeers(.synced), .layer2Statuses(.synced), .bgpStatuses(.synced),
    .events(.synced),
  ]

  static func snapshot(of picture: ClusterPicture = Fixture.picture(), loadBalancerClass: String? = nil)
    -> ClusterSnapshot
  {
    ClusterSnapshot(
      of: picture, in: Self.place, loadBalancerClass: loadBalancerClass, at: Timestamp(seconds: 1_000_000))
  }

  static func page(_ picture: ClusterPicture = Fixture.picture(), _ parameters: (String, String)...) -> JSONValue {
    PageModel(of: Self.snapshot(of: picture), for: DashboardQuery(parameters.map { (name: $0.0, value: $0.1) })).json()
  }

  static func road(
    of name: String, in picture: ClusterPicture, endpoints: ServiceRoad.Endpoints = .init()
  ) -> JSONValue {
    ServiceRoad(
      of: ObjectKey(namespace: "default", name: name), in: Self.snapshot(of: picture), endpoints: endpoints, at: t0
    ).json()
  }
}

extension JSONValue {
  func rows(_ section: String) -> [JSONValue] { self[path: section, "rows"]?.array ?? [] }

  func column(_ section: String, _ name: String) -> [String] { self.rows(section).compactMap { $0[name]?.string } }
}
