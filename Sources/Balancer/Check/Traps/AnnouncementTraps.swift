import KubernetesModel
import Primitives

/// What has an address, or could get one, and is announced by nobody whatever the speakers do.
struct AnnouncementTraps {
  private let surroundings: Surroundings
  private let nodes: [NodeView]?
  private let advertisements: [any AdvertisementConfiguration]
  private let pools: [String: IPAddressPool]
  /// The Services of ours that have an address.
  private let exposed: [Service]
  /// Whether nodes may announce although they are labelled not to.
  private let ignoresExclusion: Bool

  init(_ surroundings: Surroundings) {
    self.surroundings = surroundings
    self.nodes = surroundings.nodes.map { $0.map(NodeView.init) }
    let configuration = surroundings.configuration
    self.advertisements =
      (configuration.l2Advertisements ?? []).compactMap { L2AdvertisementConfiguration.read($0).reading }
      + (configuration.bgpAdvertisements ?? []).compactMap { BGPAdvertisementReading.read($0).reading?.configuration }
    self.pools = Dictionary((configuration.pools ?? []).map { ($0.key.name, $0) }) { first, _ in first }
    self.exposed = surroundings.services.filter { service in
      service.spec?.type == "LoadBalancer" && service.spec?.loadBalancerClass == surroundings.loadBalancerClass
        && service.status?.loadBalancer?.ingress?.isEmpty == false
    }
    self.ignoresExclusion = surroundings.pods.contains {
      $0.objectKey.namespace == surroundings.namespace
        && PodArguments.value(of: "ignore-exclude-lb", in: $0).map { $0 != "false" } ?? false
    }
  }

  var problems: [Problem] {
    self.unadvertisedPools + self.routerless + self.exclusions + self.unselectedServices + self.strandedServices
      + self.exhaustion
  }

  private func selecting(_ pool: IPAddressPool) -> [any AdvertisementConfiguration] {
    self.advertisements.filter { $0.selects(pool: pool.key.name, labels: pool.metadata.labels ?? [:]) }
  }

  /// Pools that no advertisement is for.
  private var unadvertisedPools: [Problem] {
    let configuration = self.surroundings.configuration
    guard configuration.l2Advertisements != nil, configuration.bgpAdvertisements != nil else { return [] }
    let silent = (configuration.pools ?? []).filter { self.selecting($0).isEmpty }
    guard !silent.isEmpty else { return [] }
    let users = Dictionary(grouping: self.exposed, by: self.pool)
    return silent.map { pool in
      let users = (users[pool.key.name] ?? []).map(\.key.description)
      let concerned =
        users.isEmpty
        ? "a Service that gets an address of it cannot be reached"
        : "nobody announces \(ClusterTraps.list(users.sorted()))"
      return .trap(
        IPAddressPool.type.kind, pool.key, "", "no advertisement selects the pool: \(concerned)",
        "Create an L2Advertisement or a BGPAdvertisement, or name the pool in spec.ipAddressPools of one.")
    }
  }

  /// Advertisements by BGP where there is no router.
  private var routerless: [Problem] {
    let configuration = self.surroundings.configuration
    guard configuration.bgpPeers?.isEmpty == true else { return [] }
    return (configuration.bgpAdvertisements ?? []).map {
      .trap(
        BGPAdvertisement.type.kind, $0.key, "spec.peers", "there is no BGPPeer: nothing is announced by BGP",
        "Create a BGPPeer for each router, or an L2Advertisement if there is none.")
    }
  }

  // MARK: Nodes

  private func mayAnnounce(_ node: NodeView) -> Bool { !node.isBarred(ignoringExclusion: self.ignoresExclusion) }

  /// Nodes that are labelled so as to take no traffic, where that leaves nobody; kubeadm labels control planes so.
  private var exclusions: [Problem] {
    guard let nodes = self.nodes, !nodes.isEmpty else { return [] }
    let remedy =
      "Take the label away (kubectl label node NAME \(NodeView.exclusionLabel)-), or start the speakers with "
      + "--ignore-exclude-lb."
    guard nodes.contains(where: self.mayAnnounce) else {
      let names = nodes.map(\.name).sorted()
      return [
        .trap(
          Node.type.kind, ObjectKey(name: names[0]), "metadata.labels[\(NodeView.exclusionLabel)]",
          "every node has this label (\(ClusterTraps.list(names))), and nodes that have it announce nothing", remedy)
      ]
    }
    return self.advertisements.compactMap { advertisement in
      let selected = nodes.filter { advertisement.selects(node: $0.labels) }
      guard !selected.isEmpty, !selected.contains(where: self.mayAnnounce) else { return nil }
      let kind =
        advertisement is L2AdvertisementConfiguration ? L2Advertisement.type.kind : BGPAdvertisement.type.kind
      return .trap(
        kind, advertisement.key, "spec.nodeSelectors",
        "all nodes that it selects (\(ClusterTraps.list(selected.map(\.name).sorted()))) have the label "
          + "\(NodeView.exclusionLabel), and so announce nothing", remedy)
    }
  }

  // MARK: Services

  private func pool(of service: Service) -> String? {
    ServiceAnnotation.allocatedFromPool.value(in: service.metadata.annotations ?? [:])
  }

  /// So many of one trap as people read, and a last one that counts the others.
  private static func bounded(_ problems: [Problem]) -> [Problem] {
    guard problems.count > ClusterTraps.serviceLimit, var last = problems.dropFirst(ClusterTraps.serviceLimit - 1).first
    else { return problems }
    last.message += " (and so for \(problems.count - ClusterTraps.serviceLimit) Services more)"
    return problems.prefix(ClusterTraps.serviceLimit - 1) + [last]
  }

  /// Services whose pool is announced for others alone.
  private var unselectedServices: [Problem] {
    guard self.advertisements.contains(where: { !$0.serviceSelectors.isEmpty }) else { return [] }
    return Self.bounded(
      self.exposed.compactMap { service in
        guard let pool = self.pool(of: service).flatMap({ self.pools[$0] }) else { return nil }
        let selecting = self.selecting(pool)
        guard !selecting.isEmpty, !selecting.contains(where: { $0.selects(service: service.metadata.labels ?? [:]) })
        else { return nil }
        return .trap(
          Service.type.kind, service.key, "metadata.labels",
          "the advertisements for its pool \(pool.key.name) select other Services by their labels "
            + "(\(ClusterTraps.list(selecting.map(\.key.name).sorted()))): nobody announces it",
          "Label the Service as spec.serviceSelectors of one of them says, or add an advertisement without any.")
      })
  }

  /// Services that keep traffic on the node it reaches, with endpoints on no node that could announce them.
  private var strandedServices: [Problem] {
    guard let nodes = self.nodes, let endpoints = self.surroundings.endpoints else { return [] }
    var places: [ObjectKey: Set<String>] = [:]
    for slice in endpoints {
      if let service = slice.service { places[service, default: []].formUnion(slice.counts.keys) }
    }
    let known = Dictionary(nodes.map { ($0.name, $0) }) { first, _ in first }
    return Self.bounded(
      self.exposed.compactMap { service in
        guard service.spec?.externalTrafficPolicy == "Local", let own = places[service.key], !own.isEmpty,
          let pool = self.pool(of: service).flatMap({ self.pools[$0] })
        else { return nil }
        let selecting = self.selecting(pool)
        let candidates = own.compactMap { known[$0] }.filter { node in
          self.mayAnnounce(node) && selecting.contains { $0.selects(node: node.labels) }
        }
        guard !selecting.isEmpty, candidates.isEmpty else { return nil }
        return .trap(
          Service.type.kind, service.key, "spec.externalTrafficPolicy",
          "traffic stays on the node that it reaches (Local), and the nodes with endpoints "
            + "(\(ClusterTraps.list(own.sorted()))) may not announce it",
          "Let the advertisements select these nodes, move pods to nodes that may announce, or use the policy Cluster.")
      })
  }

  // MARK: Pools

  /// Families for which the next Service would wait; a pool of one address that is in use is as it should be, so that
  /// nothing is said while another pool has some.
  private var exhaustion: [Problem] {
    let open = self.pools.values.filter { $0.spec.autoAssign != false && $0.spec.serviceAllocation == nil }
    return IPFamily.allCases.compactMap { family in
      let pools = open.compactMap { pool -> (pool: IPAddressPool, assigned: Int64, available: Int64)? in
        guard let status = pool.status else { return nil }
        let (assigned, available) =
          family == .ipv4
          ? (status.assignedIPv4, status.availableIPv4) : (status.assignedIPv6, status.availableIPv6)
        return assigned > 0 || available > 0 ? (pool, assigned, available) : nil
      }.sorted { $0.pool.key < $1.pool.key }
      guard let first = pools.first, pools.allSatisfy({ $0.available == 0 }) else { return nil }
      let name = family == .ipv4 ? "IPv4" : "IPv6"
      return .trap(
        IPAddressPool.type.kind, first.pool.key, "spec.addresses",
        "all \(name) addresses of \(ClusterTraps.list(pools.map(\.pool.key.name))) are in use, and no other pool is for "
          + "every Service: the next one waits",
        "Add addresses to the pool, or another pool; metallb plan says beforehand what that changes.")
    }
  }
}
