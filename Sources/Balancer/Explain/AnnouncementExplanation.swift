import KubernetesModel
import Primitives

/// Who announces a Service, and why, node by node and advertisement by advertisement.
package struct AnnouncementExplanation: Sendable, Equatable {
  /// What an advertisement has to say to a Service.
  package enum Match: String, Sendable, Hashable {
    case announces
    /// It selects other pools.
    case otherPool
    /// Its `serviceSelectors` match other Services.
    case otherService
    /// Its `nodeSelectors` match no node.
    case noNode
    /// It has problems and never had a form that could be used.
    case invalid
  }

  package struct Advertisement: Sendable, Hashable {
    package var kind: String
    package var name: String
    package var match: Match
    /// How many nodes it selects.
    package var nodes: Int
  }

  /// What a speaker on a node would decide on BGP.
  package struct BGPNode: Sendable, Hashable {
    package var name: String
    /// Nil = it announces.
    package var withheld: Withheld?
    /// The routers that it announces the Service to, by the names of their BGPPeers.
    package var peers: [String]
    /// The same as its status object says; nil = there is none.
    package var claims: [String]?
  }

  /// What a speaker on a node would decide on layer 2.
  package struct Node: Sendable, Hashable {
    package var name: String
    /// Nil = it announces.
    package var withheld: Withheld?
    /// On which interfaces; nil = it does not announce.
    package var interfaces: InterfaceSelection?
    /// Whether a status object of the node says that it announces.
    package var claims: Bool
  }

  package var advertisements: [Advertisement]
  package var nodes: [Node]
  /// Nodes whose verdict was not worked out, as there are so many.
  package var omitted: Int
  package var bgpNodes: [BGPNode]
  /// The first nodes in the order of the election on layer 2: the owner, who would come next, and so on.
  package var succession: [String] = []
  /// Every router that is configured.
  package var routers: [RouterExplanation] = []

  package init(advertisements: [Advertisement], nodes: [Node], omitted: Int = 0, bgpNodes: [BGPNode] = []) {
    self.advertisements = advertisements
    self.nodes = nodes
    self.omitted = omitted
    self.bgpNodes = bgpNodes
  }
}

extension AnnouncementExplanation {
  /// Everything that the decision of a speaker hangs on.
  package struct Cluster: Sendable {
    package var services: [ExposedService]
    package var endpoints: [EndpointsView]
    package var nodes: [NodeView]
    package var configuration: ConfigurationObjects
    /// Who has claimed what on the local network.
    package var ownership: [OwnershipClaim]
    /// By node: who says that it announces the Service on the local network.
    package var layer2Claims: Set<String>
    /// By node: the routers that it says it announces the Service to.
    package var bgpClaims: [String: [String]]
    package var loadBalancerClass: String?

    package init(
      services: [ExposedService], endpoints: [EndpointsView], nodes: [NodeView], configuration: ConfigurationObjects,
      ownership: [OwnershipClaim] = [], layer2Claims: Set<String> = [], bgpClaims: [String: [String]] = [:],
      loadBalancerClass: String? = nil
    ) {
      self.services = services
      self.endpoints = endpoints
      self.nodes = nodes
      self.configuration = configuration
      self.ownership = ownership
      self.layer2Claims = layer2Claims
      self.bgpClaims = bgpClaims
      self.loadBalancerClass = loadBalancerClass
    }
  }

  /// Lets a speaker decide on each node, up to `limit` of them, those that claim to announce first.
  ///
  /// Which interfaces the nodes have is not known here: those that advertisements name are taken to exist.
  package init(
    of service: ExposedService, pool: PoolConfiguration?, in cluster: Cluster, limit: Int = 500,
    at now: ContinuousClock.Instant
  ) {
    let company = cluster.services.filter { other in
      other.key == service.key || !Set(other.addresses).isDisjoint(with: service.addresses)
    }
    let names = cluster.nodes.map(\.name).sorted {
      (cluster.layer2Claims.contains($0) ? 0 : 1, $0) < (cluster.layer2Claims.contains($1) ? 0 : 1, $1)
    }
    let events = Self.events(company: company, in: cluster)
    let speakers = names.prefix(limit).map { name in
      var speaker = SpeakerState(
        settings: SpeakerState.Settings(
          node: name, loadBalancerClass: cluster.loadBalancerClass, families: Set(IPFamily.allCases)))
      for event in events { _ = speaker.handle(event, at: now) }
      return (name, speaker)
    }
    self.nodes = speakers.map { name, speaker in
      let claims = cluster.layer2Claims.contains(name)
      switch speaker.verdict(of: service.key) {
      case .announce(let announcement):
        return Node(name: name, withheld: nil, interfaces: announcement.interfaces, claims: claims)
      case .withhold(let reason): return Node(name: name, withheld: reason, interfaces: nil, claims: claims)
      case nil: return Node(name: name, withheld: .notLoadBalancer, interfaces: nil, claims: claims)
      }
    }
    self.omitted = max(0, names.count - limit)
    self.bgpNodes = speakers.map { name, speaker in
      let claims = cluster.bgpClaims[name]
      switch speaker.bgpVerdict(of: service.key) {
      case .announce(let announcement):
        return BGPNode(name: name, withheld: nil, peers: announcement.peers, claims: claims)
      case .withhold(let reason): return BGPNode(name: name, withheld: reason, peers: [], claims: claims)
      case nil: return BGPNode(name: name, withheld: .notLoadBalancer, peers: [], claims: claims)
      }
    }
    self.advertisements = Self.advertisements(for: service, pool: pool, in: cluster)
    // Every speaker sees the same order.
    self.succession = speakers.first?.1.candidates(of: service.key) ?? []
    self.routers = (cluster.configuration.bgpPeers ?? []).map(\.key.name).sorted().map {
      RouterExplanation($0, of: service.key, speakers: speakers)
    }
  }

  static func events(company: [ExposedService], in cluster: Cluster) -> [SpeakerState.Event] {
    let configuration = cluster.configuration
    let named = Set((configuration.l2Advertisements ?? []).flatMap { $0.spec?.interfaces ?? [] })
    // One that nobody has named, as a node without any link would announce nothing.
    let interfaces = named.union([""])
    var events: [SpeakerState.Event] = [
      .interfaces(Dictionary(uniqueKeysWithValues: IPFamily.allCases.map { ($0, interfaces) }))
    ]
    events += cluster.nodes.map { .nodes(.applied($0)) } + [.nodes(.synced)]
    events += (configuration.pools ?? []).map { .pools(.applied($0)) } + [.pools(.synced)]
    events +=
      (configuration.l2Advertisements ?? []).map { .l2Advertisements(.applied($0)) } + [.l2Advertisements(.synced)]
    events +=
      (configuration.bgpAdvertisements ?? []).map { .bgpAdvertisements(.applied($0)) }
      + [.bgpAdvertisements(.synced)]
    events += (configuration.communities ?? []).map { .communities(.applied($0)) } + [.communities(.synced)]
    events += (configuration.bfdProfiles ?? []).map { .bfdProfiles(.applied($0)) } + [.bfdProfiles(.synced)]
    events += (configuration.secrets ?? []).map { .secrets(.applied(PasswordSecret($0))) } + [.secrets(.synced)]
    events += (configuration.bgpPeers ?? []).map { .bgpPeers(.applied($0)) } + [.bgpPeers(.synced)]
    events += cluster.ownership.map { .ownership(.applied($0)) } + [.ownership(.synced)]
    events += cluster.endpoints.map { .endpoints(.applied($0)) } + [.endpoints(.synced)]
    return events + company.map { .services(.applied($0)) } + [.services(.synced)]
  }

  private static func advertisements(
    for service: ExposedService, pool: PoolConfiguration?, in cluster: Cluster
  ) -> [Advertisement] {
    func verdict(
      _ kind: String, _ key: ObjectKey, _ reading: (some AdvertisementConfiguration)?
    ) -> Advertisement {
      guard let reading else { return Advertisement(kind: kind, name: key.name, match: .invalid, nodes: 0) }
      let nodes = cluster.nodes.count { reading.selects(node: $0.labels) }
      let match: Match
      if pool.map({ reading.selects(pool: $0.name, labels: $0.labels) }) != true {
        match = .otherPool
      } else if !reading.selects(service: service.labels) {
        match = .otherService
      } else {
        match = nodes == 0 && !cluster.nodes.isEmpty ? .noNode : .announces
      }
      return Advertisement(kind: kind, name: key.name, match: match, nodes: nodes)
    }
    let layer2 = (cluster.configuration.l2Advertisements ?? []).map { object in
      verdict(L2Advertisement.type.kind, object.key, L2AdvertisementConfiguration.read(object).reading)
    }
    let bgp = (cluster.configuration.bgpAdvertisements ?? []).map { object in
      verdict(BGPAdvertisement.type.kind, object.key, BGPAdvertisementReading.read(object).reading?.configuration)
    }
    return (layer2 + bgp).sorted { ($0.kind, $0.name) < ($1.kind, $1.name) }
  }
}
