import KubernetesModel
import Primitives

/// BGP beside layer 2: each decides by itself, and a Service may be announced by both (contract sections 10 and 13).
///
/// Every node decides for itself, so a decision hangs on the Service, its endpoints, this node, and the configuration, and
/// on no other node or Service. What comes out is put together per peer and prefix in ``RouteTable``.
extension SpeakerState {
  /// The Services on which BGP has to decide anew.
  enum BGPConcern: Sendable, Equatable {
    case services(Set<ObjectKey>)
    case everything

    static let none = BGPConcern.services([])
  }

  // MARK: What is announced

  /// What this node announces by BGP now, by Service.
  package var bgpAnnouncements: [ObjectKey: BGPAnnouncement] { self.bgp.announcements }

  /// The peers that this node has sessions with, by name.
  package var bgpPeers: [String: BGPPeerConfiguration] { self.bgp.localPeers }

  /// What a peer is to be told in all.
  package func bgpRoutes(to peer: String) -> [IPPrefix: BGPRoute] { self.bgp.routes.routes(to: peer) }

  /// What is decided about a Service; nil = it is not one of ours, or nothing has been decided yet.
  package func bgpVerdict(of service: ObjectKey) -> Verdict<BGPAnnouncement>? {
    self.isDecidingOnBGP ? self.services[service].map(self.bgpVerdict) : nil
  }

  /// Nothing is announced before all lists have been seen: peers would take what is missing for withdrawn.
  package var isDecidingOnBGP: Bool { self.isDeciding && self.bgp.awaited.isEmpty }

  // MARK: Filing

  /// Takes an event into the tables, and returns the Services whose verdict it can change; `touched` are those that it
  /// concerns in any case.
  mutating func fileForBGP(_ event: Event, touched: Set<ObjectKey>) -> BGPConcern {
    if let source = Self.bgpSource(seenBy: event), self.bgp.awaited.remove(source) != nil, self.isDecidingOnBGP {
      self.selectAllForBGP()
      return .everything
    }
    switch event {
    case .services(.applied(let view)): return .services(touched.union([view.key]))
    case .services(.deleted(let key)): return .services(touched.union([key]))
    case .services(.malformed), .services(.synced): return .none
    case .endpoints, .pools: return .services(touched)
    case .nodes: return self.fileOwnNodeForBGP()
    case .tick:
      let concern = self.fileOwnNodeForBGP()
      return concern == .none ? .services(touched) : concern
    case .bgpPeers(let change): return self.peersChanged(self.bgp.peers.apply(change))
    case .bfdProfiles(let change): return self.peersChanged(self.bgp.peers.apply(change))
    case .secrets(let change): return self.peersChanged(self.bgp.peers.apply(change))
    case .bgpAdvertisements(let change): return self.advertisementsChanged(self.bgp.advertisements.apply(change))
    case .communities(let change): return self.advertisementsChanged(self.bgp.advertisements.apply(change))
    case .l2Advertisements, .interfaces, .members, .kernelAddresses, .addressFree, .addressOccupied,
      .addressContested, .ownership, .told, .objected, .following, .handingOver, .stopping:
      return .none
    }
  }

  private static func bgpSource(seenBy event: Event) -> BGPTables.Source? {
    switch event {
    case .bgpPeers(.synced): .bgpPeers
    case .bgpAdvertisements(.synced): .bgpAdvertisements
    case .communities(.synced): .communities
    case .bfdProfiles(.synced): .bfdProfiles
    case .secrets(.synced): .secrets
    default: nil
    }
  }

  /// Puts everything in place at once, when all lists have been seen.
  mutating func selectAllForBGP() {
    self.bgp.node = self.ownNodeForBGP
    self.bgp.selectPeers()
    for (name, pool) in self.pools.pools { self.bgp.selectAdvertisements(forPool: name, pool) }
  }

  /// While lists are coming in, one look at their end will do.
  private mutating func peersChanged(_ names: Set<String>) -> BGPConcern {
    guard self.isDecidingOnBGP, !names.isEmpty else { return .none }
    let before = Set(self.bgp.localPeers.keys)
    self.bgp.selectPeers()
    return before == Set(self.bgp.localPeers.keys) ? .none : .everything
  }

  private mutating func advertisementsChanged(_ changes: [BGPAdvertisementResolution.Change]) -> BGPConcern {
    guard self.isDecidingOnBGP, !changes.isEmpty else { return .none }
    let advertisements = changes.flatMap { [$0.before, $0.after] }.compactMap(\.self)
    func concerns(_ name: String, _ labels: [String: String]) -> Bool {
      advertisements.contains { $0.selects(pool: name, labels: labels) }
    }
    var touched: Set<ObjectKey> = []
    for pool in self.pools.candidates(for: advertisements) where concerns(pool.name, pool.labels) {
      self.bgp.selectAdvertisements(forPool: pool.name, pool)
      touched.formUnion(self.services.services(ofPool: pool.name))
    }
    for service in self.services.homeless {
      if let pool = self.services[service]?.pool, concerns(pool.name, pool.labels) { touched.insert(service) }
    }
    return .services(touched)
  }

  private mutating func fileOwnNodeForBGP() -> BGPConcern {
    guard self.isDecidingOnBGP, self.ownNodeForBGP != self.bgp.node || self.isDeparting != self.bgp.isDeparting else {
      return .none
    }
    self.bgp.isDeparting = self.isDeparting
    self.selectAllForBGP()
    return .everything
  }

  /// Whether the node is ready is for others to care about.
  private var ownNodeForBGP: NodeView? {
    var node = self.nodes[self.settings.node]?.view
    node?.readiness = .ready
    return node
  }

  // MARK: Deciding

  /// Decides anew, and says what is different: the sessions first, then the Services, then the routes.
  mutating func decideOnBGP(_ concern: BGPConcern, after event: Event) -> [Action] {
    guard self.isDecidingOnBGP else { return [] }
    var actions: [Action] = []
    if self.bgp.configuredPeers != self.bgp.localPeers {
      self.bgp.configuredPeers = self.bgp.localPeers
      actions.append(.configurePeers(self.bgp.localPeers))
    }
    let keys: [ObjectKey] =
      switch concern {
      case .services(let services): services.sorted()
      case .everything: self.services.records.keys.sorted()
      }
    let absence: Withheld = if case .services(.applied) = event { .notLoadBalancer } else { .serviceDeleted }
    for key in keys {
      let verdict = self.services[key].map(self.bgpVerdict)
      actions += self.concludeOnBGP(key, verdict ?? .withhold(absence))
    }
    // A session that is gone needs no withdrawals.
    let changes = self.bgp.routes.takeChanges().compactMap { change in
      let peers = change.peers.filter { self.bgp.localPeers[$0] != nil }
      return peers.isEmpty ? nil : RouteChanges(peers: peers, routes: change.routes)
    }
    if !changes.isEmpty { actions.append(.advertise(changes)) }
    return actions
  }

  private func bgpVerdict(_ record: ServiceTable.Record) -> Verdict<BGPAnnouncement> {
    switch record.view.ingress {
    case .none: return .withhold(.noIPAllocated)
    case .invalid: return .withhold(.invalidIP)
    case .addresses: break
    }
    guard let pool = record.pool else { return .withhold(.ipNotAllowed) }
    let advertisements =
      record.isHeld
      ? self.bgp.advertisements.advertisements(forPool: pool.name, labels: pool.labels)
      : self.bgp.byPool[pool.name]?.fitting ?? []
    guard !advertisements.isEmpty else { return .withhold(.notOwner) }
    let endpoints = self.endpoints.summary(of: record.view.key)
    // Traffic that stays on this node is not to come before its service proxy knows.
    let isNew = record.view.keepsTrafficLocal && endpoints.newcomers.contains(self.settings.node)
    return BGPSelection(
      service: record.view, advertisements: advertisements, node: self.bgp.node,
      ignoresExclusion: self.settings.ignoresExclusion,
      isDeparting: self.bgp.isDeparting && self.bgp.announcements[record.view.key] != nil, isUsable: endpoints.isUsable,
      localEndpoints: isNew ? 0 : endpoints.counts[self.settings.node] ?? 0, peers: self.bgp.localPeerNames
    ).verdict
  }

  /// Files a verdict, and returns what it changes.
  private mutating func concludeOnBGP(_ key: ObjectKey, _ verdict: Verdict<BGPAnnouncement>) -> [Action] {
    let (old, new) = (self.bgp.announcements[key], verdict.announcement)
    guard old != new else { return [] }
    self.bgp.announcements[key] = new
    self.bgp.routes.replace(old, with: new)
    var actions: [Action] = []
    let isMoved = Set(old?.addresses ?? []) != Set(new?.addresses ?? [])
    if let old, isMoved { actions.append(.withdraw(key, old.addresses, .bgp, self.reason(forEnding: old, verdict))) }
    if let new {
      actions.append(.announce(.bgp(new)))
      if isMoved, let view = self.services[key]?.view { actions.append(.emit(self.nodeAssigned(view, by: .bgp))) }
    }
    return actions
  }

  /// Addresses that the Service has no longer end for that reason, whatever becomes of its new ones.
  private func reason(forEnding old: BGPAnnouncement, _ verdict: Verdict<BGPAnnouncement>) -> Withheld {
    if let view = self.services[old.service]?.view, case .addresses(let current) = view.ingress,
      Set(current) != Set(old.addresses)
    {
      return .loadBalancerIPChanged
    }
    guard case .withhold(let reason) = verdict else { return .loadBalancerIPChanged }
    return reason
  }

  /// Says of every Service that it is no longer announced. The routes are not withdrawn one by one: how sessions end, at
  /// once or gracefully (RFC 8326), is up to whoever ends them.
  mutating func stopBGP() -> [Action] {
    let announcements = self.bgp.announcements.sorted { $0.key < $1.key }
    self.bgp.announcements = [:]
    return announcements.map { .withdraw($0.key, $0.value.addresses, .bgp, .speakerStopping) }
  }
}
