import Balancer
import KubernetesModel

/// What is known of a cluster at a moment: the objects that watches have told of, and what MetalLB's processes last said of
/// themselves.
package struct ClusterPicture: Sendable {
  /// Whether the API server can be asked.
  package enum Connection: Sendable, Hashable {
    /// It has not been asked yet.
    case unknown
    case live
    case lost(reason: String)
  }

  /// What was found around MetalLB.
  package struct Inspection: Sendable, Equatable {
    /// What keeps a valid configuration from working in this cluster.
    package var warnings: [Problem]
    /// The class of Services that MetalLB is for; nil = those without one.
    package var loadBalancerClass: String?

    package init(warnings: [Problem], loadBalancerClass: String? = nil) {
      self.warnings = warnings
      self.loadBalancerClass = loadBalancerClass
    }
  }

  /// So many Events are kept, the newest.
  static let eventLimit = 1000

  package var connection = Connection.unknown
  /// The kinds of objects that cannot be followed, each with the reason.
  package var unreadable: [String: String] = [:]
  package var controllers: [ProcessAnswer<ControllerStatus>] = []
  package var speakers: [ProcessAnswer<SpeakerStatus>] = []
  /// Whether the processes have been asked at least once.
  package var hasAsked = false
  /// Nil = nobody has looked around yet.
  package var inspection: Inspection?

  /// Those of type LoadBalancer.
  package private(set) var services = ObjectTable<Service>()
  /// Those of other types, of which only the cluster IPs matter.
  private var otherServices = ObjectTable<Service>()
  package private(set) var pools = ObjectTable<IPAddressPool>()
  package private(set) var l2Advertisements = ObjectTable<L2Advertisement>()
  package private(set) var bgpAdvertisements = ObjectTable<BGPAdvertisement>()
  package private(set) var bgpPeers = ObjectTable<BGPPeer>()
  package private(set) var nodes = ObjectTable<Node>()
  package private(set) var pods = ObjectTable<Pod>()
  package private(set) var layer2Statuses = ObjectTable<ServiceL2Status>()
  package private(set) var bgpStatuses = ObjectTable<ServiceBGPStatus>()
  package private(set) var events = ObjectTable<Event>()

  package init() {}

  /// Takes a change in; false if it changes nothing that is shown.
  package mutating func apply(_ change: ClusterChange) -> Bool {
    switch change {
    case .services(let change): return self.applyService(change)
    case .pools(let change): self.pools.apply(change)
    case .l2Advertisements(let change): self.l2Advertisements.apply(change)
    case .bgpAdvertisements(let change): self.bgpAdvertisements.apply(change)
    case .bgpPeers(let change): self.bgpPeers.apply(change)
    case .nodes(let change):
      // Nodes beat every few seconds; what is shown of them changes rarely.
      if case .applied(let node) = change {
        let before = self.nodes.objects[node.key]
        self.nodes.apply(.applied(node))
        return before.map(NodeView.init) != NodeView(node) || before?.spec != node.spec
      }
      self.nodes.apply(change)
    case .pods(let change): self.pods.apply(change)
    case .layer2Statuses(let change): self.layer2Statuses.apply(change)
    case .bgpStatuses(let change): self.bgpStatuses.apply(change)
    case .events(let change):
      self.events.apply(change)
      self.events.trim(to: Self.eventLimit) { $0.lastSeen > $1.lastSeen }
    }
    return true
  }

  /// All watches begin anew.
  package mutating func beginAnew() {
    self.services.beginAnew()
    self.otherServices.beginAnew()
    self.pools.beginAnew()
    self.l2Advertisements.beginAnew()
    self.bgpAdvertisements.beginAnew()
    self.bgpPeers.beginAnew()
    self.nodes.beginAnew()
    self.pods.beginAnew()
    self.layer2Statuses.beginAnew()
    self.bgpStatuses.beginAnew()
    self.events.beginAnew()
  }

  /// Kinds whose objects are still being read for the first time, in the words of a user.
  package var loading: [String] {
    func kind<Object>(_ table: ObjectTable<Object>) -> String? {
      let kind = Object.type.kind
      return table.hasSynced || self.unreadable[kind] != nil ? nil : kind
    }
    return [
      kind(self.services), kind(self.pools), kind(self.l2Advertisements), kind(self.bgpAdvertisements),
      kind(self.bgpPeers), kind(self.nodes), kind(self.pods), kind(self.layer2Statuses), kind(self.bgpStatuses),
      kind(self.events),
    ].compactMap { $0 }
  }

  /// Whether everything has been read, and everybody asked, once.
  package var isComplete: Bool { self.loading.isEmpty && self.hasAsked && self.inspection != nil }

  /// MetalLB's pods of a component, by the labels of manifest and chart.
  package func pods(of component: String) -> [Pod] {
    self.pods.objects.values.filter { pod in
      let labels = pod.metadata.labels ?? [:]
      return labels["component"] == component || labels["app.kubernetes.io/component"] == component
    }
  }

  private mutating func applyService(_ change: ObjectChange<Service>) -> Bool {
    switch change {
    case .applied(let service) where service.spec?.type == "LoadBalancer":
      self.otherServices.apply(.deleted(service.key))
      self.services.apply(.applied(Self.slimmed(service)))
      return true
    case .applied(let service):
      // Most Services of a cluster are of other types, and are not shown.
      self.otherServices.apply(.applied(Self.bare(service)))
      guard self.services.objects[service.key] != nil else { return false }
      self.services.apply(.deleted(service.key))
      return true
    case .deleted(let key):
      self.otherServices.apply(change)
      guard self.services.objects[key] != nil else { return false }
      self.services.apply(change)
      return true
    case .malformed, .synced:
      self.otherServices.apply(change)
      self.services.apply(change)
      return true
    }
  }

  private static func bare(_ service: Service) -> Service {
    Service(
      metadata: ObjectMeta(name: service.key.name, namespace: service.key.namespace),
      spec: ServiceSpec(type: service.spec?.type, clusterIPs: service.spec?.clusterIPs))
  }

  /// Without the annotations that are nobody's business here; there may be 100,000 Services.
  private static func slimmed(_ service: Service) -> Service {
    var service = service
    service.metadata.annotations = service.metadata.annotations?.filter { $0.key.hasPrefix("metallb.") }
    service.metadata.ownerReferences = nil
    service.metadata.finalizers = nil
    service.status?.conditions = nil
    return service
  }
}

/// What an inspection begins with. What may not be read is not known, and never a trap.
extension ClusterPicture {
  package var configuration: ConfigurationObjects {
    ConfigurationObjects(
      pools: self.readable(self.pools), l2Advertisements: self.readable(self.l2Advertisements),
      bgpAdvertisements: self.readable(self.bgpAdvertisements), bgpPeers: self.readable(self.bgpPeers))
  }

  package var servicesOfEveryType: [Service] {
    Array(self.services.objects.values) + Array(self.otherServices.objects.values)
  }

  package var nodesIfReadable: [Node]? { self.readable(self.nodes) }

  private func readable<Object>(_ table: ObjectTable<Object>) -> [Object]? {
    self.unreadable[Object.type.kind] == nil ? Array(table.objects.values) : nil
  }
}

extension Event {
  /// When it was last seen.
  var lastSeen: Timestamp {
    self.lastTimestamp ?? self.firstTimestamp ?? self.metadata.creationTimestamp ?? Timestamp(seconds: 0)
  }

  /// The component that wrote it.
  var component: String {
    self.reportingComponent.flatMap { $0.isEmpty ? nil : $0 } ?? self.source?.component ?? ""
  }
}
