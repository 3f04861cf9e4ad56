import KubernetesModel
import Primitives

/// The state of MetalLB in a cluster (`metallb status`): what its processes say of themselves, and where one cannot be
/// asked, what the objects in the cluster tell of it.
package struct ClusterStatus: Sendable, Equatable {
  /// A Service of type LoadBalancer, and who attracts its traffic.
  package struct Exposure: Sendable, Hashable {
    package var service: ObjectKey
    package var addresses: [String]
    /// Nil = the Service does not say.
    package var pool: String?
    package var announcers: [Announcer]
    /// Why it has no address, or not all that it asks for, as the controller says.
    package var reason: String?
    /// Whether it is for another load balancer.
    package var isForeign: Bool

    /// Whether its traffic is attracted, as far as is known: somebody answers for it, or a router has heard of it.
    package var isHeard: Bool {
      self.announcers.contains { $0.announcingProtocol == .layer2 || $0.unheardBy.count < $0.peers.count }
    }
  }

  /// What should not be so, and what to do about it.
  package struct Finding: Sendable, Hashable {
    /// With the object or the node that it is about.
    package var sentence: String
    /// Nil = the sentence says it.
    package var remedy: String?

    package init(_ sentence: String, remedy: String? = nil) {
      self.sentence = sentence
      self.remedy = remedy
    }
  }

  /// A node that announces a Service.
  package struct Announcer: Sendable, Hashable {
    package var node: String
    package var announcingProtocol: AnnouncingProtocol
    /// For how long; nil = an object tells of it, which does not say.
    package var seconds: Double?
    /// The routers that it announces to.
    package var peers: [String]
    /// Those of them with which there is no session.
    package var unheardBy: [String] = []
    /// The node that comes next, if one says so.
    package var next: String?
  }

  package var controllers: [ProcessAnswer<ControllerStatus>]
  package var speakers: [ProcessAnswer<SpeakerStatus>]
  package var pools: [IPAddressPool]
  package var exposures: [Exposure]
  /// Empty where nodes may not be read.
  package var nodes: [NodeView]
  /// By pool: the advertisements that are for it, as `kind/name`; a pool that is missing is not known of.
  package var advertisements: [String: [String]]
  /// What keeps this from being the whole truth.
  package var notes: [String]
  /// What should not be so; none = all is well.
  package private(set) var findings: [Finding]
  /// Traps that the cluster holds for what is configured; all may be well all the same.
  package var warnings: [Problem]
  /// Where MetalLB is.
  package var namespace: String

  /// The findings as sentences.
  package var problems: [String] { self.findings.map(\.sentence) }

  /// - Parameters:
  ///   - loadBalancerClass: the class that MetalLB is for; Services of others are left alone.
  ///   - layer2: what is used for nodes whose speaker says nothing; so is `bgp`.
  ///   - advertisements: what tells which pools are announced; nil = not known.
  package init(
    controllers: [ProcessAnswer<ControllerStatus>], speakers: [ProcessAnswer<SpeakerStatus>], pools: [IPAddressPool],
    services: [Service], layer2: [ServiceL2Status] = [], bgp: [ServiceBGPStatus] = [],
    nodes: [NodeView] = [], advertisements: ConfigurationObjects? = nil, loadBalancerClass: String? = nil,
    warnings: [Problem] = [], namespace: String = "metallb-system", notes: [String] = []
  ) {
    self.controllers = controllers.sorted { $0.pod < $1.pod }
    self.speakers = speakers.sorted { ($0.node, $0.pod) < ($1.node, $1.pod) }
    self.pools = pools.sorted { $0.key < $1.key }
    self.nodes = nodes.sorted { $0.name < $1.name }
    self.advertisements = advertisements.map { Self.advertisements(for: pools, in: $0) } ?? [:]
    self.warnings = warnings
    self.namespace = namespace
    self.notes = notes
    self.findings = []
    let announcers = Self.announcers(speakers: self.speakers, layer2: layer2, bgp: bgp)
    let waiting = Dictionary(
      controllers.compactMap(\.status).filter(\.isLeading).flatMap(\.waiting).map { ($0.service, $0.reason) }
    ) { first, _ in first }
    self.exposures = services.filter { $0.spec?.type == "LoadBalancer" }.map { service in
      let annotations = service.metadata.annotations ?? [:]
      return Exposure(
        service: service.key, addresses: (service.status?.loadBalancer?.ingress ?? []).compactMap(\.ip),
        pool: ServiceAnnotation.allocatedFromPool.value(in: annotations),
        announcers: announcers[service.key.description] ?? [], reason: waiting[service.key.description],
        isForeign: service.spec?.loadBalancerClass != loadBalancerClass)
    }.sorted { $0.service < $1.service }
    self.findings = self.found
  }

  /// Whether nothing is wrong.
  package var isWell: Bool { self.findings.isEmpty }

  private static func advertisements(
    for pools: [IPAddressPool], in configuration: ConfigurationObjects
  ) -> [String: [String]] {
    let readings: [(name: String, scope: any AdvertisementConfiguration)] =
      (configuration.l2Advertisements ?? []).compactMap { object in
        L2AdvertisementConfiguration.read(object).reading.map { ("layer2/\(object.key.name)", $0) }
      }
      + (configuration.bgpAdvertisements ?? []).compactMap { object in
        BGPAdvertisementReading.read(object).reading.map { ("bgp/\(object.key.name)", $0.configuration) }
      }
    return pools.reduce(into: [:]) { found, pool in
      found[pool.key.name] =
        readings
        .filter { $0.scope.selects(pool: pool.key.name, labels: pool.metadata.labels ?? [:]) }.map(\.name).sorted()
    }
  }

  private static func announcers(
    speakers: [ProcessAnswer<SpeakerStatus>], layer2: [ServiceL2Status], bgp: [ServiceBGPStatus]
  ) -> [String: [Announcer]] {
    var announcers: [String: [Announcer]] = [:]
    var next: [String: String] = [:]
    let told = speakers.compactMap(\.status)
    for status in told {
      for succession in status.layer2.successions { next["\(succession.service) \(succession.owner)"] = status.node }
    }
    for status in told {
      for announcement in status.layer2.announcements {
        announcers[announcement.service, default: []].append(
          Announcer(
            node: status.node, announcingProtocol: .layer2, seconds: announcement.seconds, peers: [],
            next: next["\(announcement.service) \(status.node)"]))
      }
      let established = Set(status.bgp.peers.filter(\.isEstablished).map(\.name))
      for announcement in status.bgp.announcements {
        announcers[announcement.service, default: []].append(
          Announcer(
            node: status.node, announcingProtocol: .bgp, seconds: announcement.seconds, peers: announcement.peers,
            unheardBy: announcement.peers.filter { !established.contains($0) }))
      }
    }
    // Whoever speaks for himself needs no object to speak for him.
    let known = Set(told.map(\.node))
    for case let status? in layer2.map(\.status) {
      guard let node = status.node, !known.contains(node), let name = status.serviceName else { continue }
      announcers["\(status.serviceNamespace ?? "")/\(name)", default: []].append(
        Announcer(node: node, announcingProtocol: .layer2, peers: []))
    }
    for case let status? in bgp.map(\.status) {
      guard let node = status.node, !known.contains(node), let name = status.serviceName else { continue }
      announcers["\(status.serviceNamespace ?? "")/\(name)", default: []].append(
        Announcer(node: node, announcingProtocol: .bgp, peers: status.peers ?? []))
    }
    return announcers
  }
}
