import Balancer
import KubernetesModel

/// The road of one Service: the pool that its address is from, the nodes that announce it and to whom, and the endpoints that
/// the traffic ends at.
package struct ServiceRoad {
  private static let announcerLimit = 8
  private static let endpointLimit = 12
  /// On so many nodes a speaker's decision is worked out.
  private static let rehearsalLimit = 40

  /// The endpoints of a Service, as its slices tell.
  package struct Endpoints: Sendable {
    package var slices: ObjectTable<EndpointSlice>
    /// Why they cannot be read.
    package var reason: String?

    package init(slices: ObjectTable<EndpointSlice> = ObjectTable(), reason: String? = nil) {
      self.slices = slices
      self.reason = reason
    }
  }

  private let key: ObjectKey
  private let snapshot: ClusterSnapshot
  private let endpoints: Endpoints
  private let instant: ContinuousClock.Instant

  package init(
    of key: ObjectKey, in snapshot: ClusterSnapshot, endpoints: Endpoints, at now: ContinuousClock.Instant
  ) {
    self.key = key
    self.snapshot = snapshot
    self.endpoints = endpoints
    self.instant = now
  }

  /// `gone` alone where there is no such Service.
  package func json() -> JSONValue {
    guard let service = self.snapshot.picture.services.objects[self.key],
      let (exposure, standing) = self.snapshot.exposures.first(where: { $0.exposure.service == self.key })
    else { return ["key": .string(self.key.description), "gone": .bool(!self.snapshot.isLoading)] }
    var value: JSONValue = [
      "key": .string(self.key.description),
      "service": ServiceRow.json(of: exposure, standing, in: self.snapshot),
      "policy": .string(service.spec?.externalTrafficPolicy ?? "Cluster"),
      "ports": .array((service.spec?.ports ?? []).prefix(20).map(Self.port)),
      "clusterIPs": .array((service.spec?.clusterIPs ?? []).map { .string($0) }),
      "announcers": .array(
        exposure.announcers.prefix(Self.announcerLimit).map { announcer in
          var value = ServiceRow.announcer(announcer, in: self.snapshot)
          value["interfaces"] = self.interfaces(of: announcer)
          return value
        }),
      "moreAnnouncers": .integer(Int64(max(0, exposure.announcers.count - Self.announcerLimit))),
      "routers": .array(self.routers(of: exposure)),
      "endpoints": self.endpointsJSON,
      "events": .array(
        EventRow.rows(of: self.snapshot).filter { self.isAbout($0.event) }.prefix(6).map(\.json)),
    ]
    value["pool"] = exposure.pool.flatMap { name in
      PoolRow.rows(of: self.snapshot).first { $0.name == name }?.json
    }
    value["why"] = self.explanation(of: service, exposure)
    return value
  }

  private static func port(_ port: ServicePort) -> JSONValue {
    var value: JSONValue = ["port": .integer(Int64(port.port)), "protocol": .string(port.protocol ?? "TCP")]
    value["name"] = port.name.map { .string($0) }
    value["nodePort"] = port.nodePort.map { .integer(Int64($0)) }
    return value
  }

  private func isAbout(_ event: Event) -> Bool {
    let object = event.involvedObject
    return object.kind == Service.type.kind && object.name == self.key.name && object.namespace == self.key.namespace
  }

  // MARK: Who attracts the traffic

  /// Nil = all that fit, or not on the local network.
  private func interfaces(of announcer: ClusterStatus.Announcer) -> JSONValue? {
    guard announcer.announcingProtocol == .layer2 else { return nil }
    let status = self.snapshot.status.speakers.compactMap(\.status).first { $0.node == announcer.node }
    let announcement = status?.layer2.announcements.first { $0.service == self.key.description }
    return (announcement?.interfaces).map { .array($0.map { .string($0) }) }
  }

  /// Each router that the Service is announced to, with how many of the sessions that count are there.
  private func routers(of exposure: ClusterStatus.Exposure) -> [JSONValue] {
    let announcers = exposure.announcers.filter { $0.announcingProtocol == .bgp }
    let statuses = Dictionary(
      self.snapshot.status.speakers.compactMap(\.status).map { ($0.node, $0.bgp.peers) }
    ) { first, _ in first }
    return Set(announcers.flatMap(\.peers)).sorted().prefix(Self.announcerLimit).map { name in
      let telling = announcers.filter { $0.peers.contains(name) }
      let sessions = telling.compactMap { announcer in statuses[announcer.node]?.first { $0.name == name } }
      var value: JSONValue = [
        "name": .string(name), "nodes": .integer(Int64(telling.count)),
        "hearing": .integer(Int64(telling.count { !$0.unheardBy.contains(name) })),
      ]
      value["address"] = sessions.first.map { .string($0.address) }
      value["bfd"] = sessions.compactMap(\.bfd).isEmpty ? nil : .bool(sessions.allSatisfy { $0.bfd?.state == "up" })
      value["reason"] = sessions.first { !$0.isEstablished }?.reason.map { .string($0) }
      return value
    }
  }

  // MARK: Where it ends

  private var endpointsJSON: JSONValue {
    var places: [String: (ready: Int, all: Int, addresses: [String])] = [:]
    for slice in self.endpoints.slices.objects.values {
      for endpoint in slice.endpoints ?? [] {
        var place = places[endpoint.nodeName ?? ""] ?? (0, 0, [])
        place.all += 1
        place.ready += endpoint.isUsable ? 1 : 0
        if place.addresses.count < 8 { place.addresses += endpoint.addresses ?? [] }
        places[endpoint.nodeName ?? ""] = place
      }
    }
    let sorted = places.sorted { $0.key < $1.key }
    var value: JSONValue = [
      "known": .bool(self.endpoints.slices.hasSynced),
      "ready": .integer(Int64(places.values.map(\.ready).reduce(0, +))),
      "total": .integer(Int64(places.values.map(\.all).reduce(0, +))),
      "nodes": .array(
        sorted.prefix(Self.endpointLimit).map { node, place in
          [
            "node": .string(node), "ready": .integer(Int64(place.ready)), "total": .integer(Int64(place.all)),
            "addresses": .array(place.addresses.sorted().prefix(4).map { .string($0) }),
          ]
        }),
      "more": .integer(Int64(max(0, sorted.count - Self.endpointLimit))),
    ]
    value["reason"] = self.endpoints.reason.map { .string($0) }
    return value
  }

  // MARK: Why

  /// What advertisements and nodes make of it, worked out by the speakers' own decisions, on some nodes where there are many.
  private func explanation(of service: Service, _ exposure: ClusterStatus.Exposure) -> JSONValue? {
    guard !exposure.isForeign, !exposure.addresses.isEmpty, !self.snapshot.isLoading else { return nil }
    let picture = self.snapshot.picture
    let exposed = ExposedService(service)
    let addresses = Set(exposed.addresses)
    let company =
      exposed.mayShareAddress
      ? picture.services.objects.values.map(ExposedService.init).filter { !addresses.isDisjoint(with: $0.addresses) }
      : [exposed]
    let announcers = exposure.announcers
    let pool = exposure.pool.flatMap { name in picture.pools.objects.values.first { $0.key.name == name } }
    let nodes = picture.nodes.objects.values.map(NodeView.init)
    let explanation = AnnouncementExplanation(
      of: exposed,
      // Which addresses a pool has does not matter to an advertisement.
      pool: pool.map { PoolConfiguration(key: $0.key, labels: $0.metadata.labels ?? [:], blocks: []) },
      in: AnnouncementExplanation.Cluster(
        services: company, endpoints: self.endpoints.slices.objects.values.map(EndpointsView.init), nodes: nodes,
        configuration: ConfigurationObjects(
          pools: Array(picture.pools.objects.values),
          l2Advertisements: Array(picture.l2Advertisements.objects.values),
          bgpAdvertisements: Array(picture.bgpAdvertisements.objects.values),
          bgpPeers: Array(picture.bgpPeers.objects.values)),
        layer2Claims: Set(announcers.filter { $0.announcingProtocol == .layer2 }.map(\.node)),
        bgpClaims: Dictionary(announcers.filter { $0.announcingProtocol == .bgp }.map { ($0.node, $0.peers) }) {
          first, _ in first
        }, loadBalancerClass: self.snapshot.loadBalancerClass),
      limit: nodes.count > Self.rehearsalLimit ? 4 : Self.rehearsalLimit, at: self.instant)
    return Self.json(of: explanation)
  }

  private static func json(of explanation: AnnouncementExplanation) -> JSONValue {
    let isOnLink = explanation.advertisements.contains { $0.kind == L2Advertisement.type.kind }
    let isRouted = explanation.advertisements.contains { $0.kind == BGPAdvertisement.type.kind }
    let layer2 = explanation.nodes.map { ($0.name, $0.withheld) }
    let bgp = explanation.bgpNodes.map { ($0.name, $0.withheld) }
    return [
      "advertisements": .array(
        explanation.advertisements.prefix(20).map { advertisement in
          [
            "kind": .string(advertisement.kind), "name": .string(advertisement.name),
            "match": .string(advertisement.match.rawValue), "nodes": .integer(Int64(advertisement.nodes)),
          ]
        }),
      "layer2": .array(isOnLink ? self.verdicts(layer2) : []), "bgp": .array(isRouted ? self.verdicts(bgp) : []),
      "succession": .array(explanation.succession.prefix(5).map { .string($0) }),
      "omitted": .integer(Int64(explanation.omitted)),
    ]
  }

  /// Nodes with the same verdict together.
  private static func verdicts(_ nodes: [(name: String, withheld: Withheld?)]) -> [JSONValue] {
    Dictionary(grouping: nodes, by: \.withheld).sorted { ($0.key?.rawValue ?? "") < ($1.key?.rawValue ?? "") }.map {
      withheld, nodes in
      [
        "verdict": .string(withheld?.rawValue ?? "announce"),
        "sentence": .string(withheld.map(ExplanationReport.sentence) ?? "announces it"),
        "nodes": .array(nodes.map(\.name).sorted().prefix(6).map { .string($0) }),
        "more": .integer(Int64(max(0, nodes.count - 6))),
      ]
    }
  }
}
