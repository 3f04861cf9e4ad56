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

  /// So many Events are kept, the newest.
  static let eventLimit = 1000

  package var connection = Connection.unknown
  /// The kinds of objects that cannot be followed, each with the reason.
  package var unreadable: [String: String] = [:]
  package var controllers: [ProcessAnswer<ControllerStatus>] = []
  package var speakers: [ProcessAnswer<SpeakerStatus>] = []
  /// Whether the processes have been asked at least once.
  package var hasAsked = false

  /// Those of type LoadBalancer.
  package private(set) var services = ObjectTable<Service>()
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

  /// MetalLB's pods of a component, by the labels of manifest and chart.
  package func pods(of component: String) -> [Pod] {
    self.pods.objects.values.filter { pod in
      let labels = pod.metadata.labels ?? [:]
      return labels["component"] == component || labels["app.kubernetes.io/component"] == component
    }
  }

  private mutating func applyService(_ change: ObjectChange<Service>) -> Bool {
    guard case .applied(let service) = change else {
      self.services.apply(change)
      return true
    }
    guard service.spec?.type == "LoadBalancer" else {
      // Most Services of a cluster are of other types, and are not kept.
      guard self.services.objects[service.key] != nil else { return false }
      self.services.apply(.deleted(service.key))
      return true
    }
    self.services.apply(.applied(Self.slimmed(service)))
    return true
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
