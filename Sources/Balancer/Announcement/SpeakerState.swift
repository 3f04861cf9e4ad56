import KubernetesModel
import Primitives

/// The deciding half of the speaker: which Services this node announces.
///
/// The folder in short. Views of Services, endpoints and Nodes, pools and advertisements come in as events and are filed
/// in tables (`ServiceTable`, ``EndpointTable``, ``NodeTable``, ``PoolResolution``, ``L2AdvertisementResolution``). An event
/// touches the Services whose verdict it can change and no others; those are decided anew (`SpeakerState+Decision.swift`,
/// `SpeakerState+Election.swift`) and what came out is compared with what is announced. BGP goes its own way beside layer 2
/// (`SpeakerState+BGP.swift`, ``BGPSelection``, ``BGPRoute``).
///
///     awaiting ──every list synced, interfaces known (and members, where speakers gossip)──▶ deciding ──stopping──▶ stopped
///
/// Nothing is announced before all lists have been seen: with half the Nodes known a speaker would elect itself
/// (contract section 21.19).
package struct SpeakerState: StateMachine, Equatable {
  package enum Event: Timed, Equatable {
    case tick
    case services(ObjectChange<ExposedService>)
    case endpoints(ObjectChange<EndpointsView>)
    case nodes(ObjectChange<NodeView>)
    case pools(ObjectChange<IPAddressPool>)
    case l2Advertisements(ObjectChange<L2Advertisement>)
    case bgpPeers(ObjectChange<BGPPeer>)
    case bgpAdvertisements(ObjectChange<BGPAdvertisement>)
    case communities(ObjectChange<CommunityAliases>)
    case bfdProfiles(ObjectChange<BFDProfile>)
    case secrets(ObjectChange<PasswordSecret>)
    /// The names of the interfaces on which addresses of a family can be announced now, by family.
    case interfaces([IPFamily: Set<String>])
    /// This node's kernel answers for these addresses by itself, with the interfaces that they are on.
    case kernelAddresses([IPAddress: String])
    /// Nobody on the local network has an address that was asked for by `probe`.
    case addressFree(IPAddress)
    /// Somebody has it.
    case addressOccupied(IPAddress, by: AddressHolder)
    /// Somebody claims an address that is announced from here.
    case addressContested(IPAddress, by: AddressHolder)
    /// The nodes whose speakers are alive, this one among them.
    case members(LiveMembers)
    /// What nodes have written about who owns which Service.
    case ownership(ObjectChange<OwnershipClaim>)
    /// Another node says that it owns what is announced from here.
    case told(OwnershipNotice)
    /// Another node, which announces what is announced from here, says that this one may not.
    case objected(ObjectionNotice)
    /// The watch of one kind of objects has broken, or is there again.
    case following(Source, Bool)
    /// The process is about to end: others are told, and whoever claims an address of this node may have it.
    case handingOver
    /// The process ends: everything is withdrawn.
    case stopping
  }

  package enum Action: Sendable, Equatable {
    /// The Service is announced from here, newly or in another way than before.
    case announce(Announcement)
    /// The Service is no longer announced from here by this protocol.
    case withdraw(ObjectKey, [IPAddress], AnnouncingProtocol, Withheld)
    /// Answer for an address on the local network, and tell the neighbours.
    case claim(IPAddress, on: InterfaceSelection)
    /// Answer for an address no longer.
    case release(IPAddress)
    /// Find out whether anybody on the local network has an address: an event tells. If somebody has, ask again after a
    /// pause, until it is free.
    case probe(IPAddress, on: InterfaceSelection, again: Duration)
    case abandonProbe(IPAddress)
    /// Tell the neighbours once more, as somebody else has claimed the address.
    case defend(IPAddress)
    /// Claim a Service that another node announces: once the claim is seen to count, it is announced from here.
    case bid(ObjectKey, InterfaceSelection, term: Int)
    /// Take such a claim back.
    case abandonBid(ObjectKey)
    /// Tell another node what this one has claimed.
    case tell(String, OwnershipNotice)
    /// Tell another node that what it announces is this one's; `again` = it may have heard that already.
    case object(String, ObjectionNotice, again: Bool)
    /// Have sessions with exactly these BGP peers, by name. One that is different from before needs a new session, and
    /// keeps its routes.
    case configurePeers([String: BGPPeerConfiguration])
    /// Tell BGP peers of routes that are new or different; no peer is in two of them.
    case advertise([RouteChanges])
    case emit(EventNote)
    /// The owners of addresses that this node would replace are now these: their end should be noticed soon.
    case watch(Set<String>)
    /// The problems of the configuration are now these; none = all is well.
    case report([Problem])
  }

  package struct Settings: Sendable, Hashable {
    /// How a speaker learns that another one is gone.
    package enum FailureDetector: Sendable, Hashable {
      /// By the readiness of its Node.
      case nodeReadiness
      /// By `members` events.
      case gossip
    }

    /// The name of this node.
    package var node: String
    /// Nil = Services without a class; else those of exactly this class.
    package var loadBalancerClass: String?
    /// Whether nodes that are labelled so as to take no load-balancer traffic announce all the same.
    package var ignoresExclusion: Bool
    package var failureDetector: FailureDetector
    /// The families that layer 2 can announce.
    package var families: Set<IPFamily>
    /// Whether an address that nobody has announced yet is looked for on the local network first.
    package var probesAddresses: Bool
    /// For how long a node that has got its first endpoint of a Service whose traffic stays local leaves it to nodes that
    /// have had theirs for longer; zero = not at all, as upstream.
    package var settleTime: Duration

    package init(
      node: String, loadBalancerClass: String? = nil, ignoresExclusion: Bool = false,
      failureDetector: FailureDetector = .nodeReadiness, families: Set<IPFamily> = Set(IPFamily.allCases),
      probesAddresses: Bool = false, settleTime: Duration = .zero
    ) {
      self.node = node
      self.loadBalancerClass = loadBalancerClass
      self.ignoresExclusion = ignoresExclusion
      self.failureDetector = failureDetector
      self.families = families
      self.probesAddresses = probesAddresses
      self.settleTime = settleTime
    }
  }

  /// What must have been seen before the first decision.
  package enum Source: String, Sendable, Hashable, CaseIterable {
    case services, endpoints, nodes, pools, l2Advertisements, interfaces, members, ownership
  }

  private enum Phase: Sendable, Equatable {
    case awaiting(Set<Source>)
    case deciding
    case stopped
  }

  package let settings: Settings
  private var phase: Phase
  var services = ServiceTable()
  var endpoints: EndpointTable
  var nodes: NodeTable
  package internal(set) var pools = PoolResolution()
  package internal(set) var advertisements = L2AdvertisementResolution()
  var advertisementsByPool: [String: [L2AdvertisementConfiguration]] = [:]
  var interfaces: [IPFamily: Set<String>] = [:]
  /// What this node's kernel answers for by itself, with the interface of each.
  var kernelAddresses: [IPAddress: String] = [:]
  var claims = AddressClaims()
  var vetting = AddressVetting()
  var yields = AddressYields()
  /// The addresses that are asked for to see whether nodes that are yielded to are still there, by the node.
  var checkedYields: [String: IPAddress] = [:]
  /// The addresses that are asked for one by one, as they are left to nodes that live.
  var checkedAddresses: Set<IPAddress> = []
  var succession = SuccessionTable()
  var ownership = OwnershipTable()
  var changes = OwnerChanges()
  var loads = LoadTable()
  /// Since when this node could have taken addresses from others; nil = it could not.
  var ableSince: ContinuousClock.Instant?
  /// When to look whether loads have become uneven; nil = nothing has changed.
  var lookAt: ContinuousClock.Instant?
  var contests = OwnerContests()
  /// Who is told that it may not announce what this node does.
  var objections = Objections()
  var sight = Sight()
  /// How often others than nodes of the cluster were told of as claiming an address that is announced here, since the start.
  package internal(set) var strangersClaims: [IPAddress: UInt64] = [:]
  var isHandingOver = false
  /// When this node, which is to announce nothing any more, ceases to.
  var departsAt: ContinuousClock.Instant?
  private var watched: Set<String> = []
  var bgp = BGPTables()
  private var reported: [Problem] = []
  var chronicle = AnnouncementChronicle()
  package internal(set) var journal: DecisionJournal
  /// How many verdicts have been reached since the start; what an event has cost is the difference.
  package internal(set) var decisions = 0

  package init(settings: Settings) {
    self.settings = settings
    self.journal = DecisionJournal(of: "speaker \(settings.node)")
    self.endpoints = EndpointTable(settleTime: settings.settleTime)
    self.nodes = NodeTable(ignoresExclusion: settings.ignoresExclusion)
    var sources = Set(Source.allCases)
    if settings.failureDetector == .nodeReadiness { sources.remove(.members) }
    self.phase = .awaiting(sources)
  }

  /// Whether what is filed can change verdicts already.
  var isDeciding: Bool { self.phase == .deciding }

  package var nextDeadline: ContinuousClock.Instant? {
    [
      self.yields.nextDeadline, self.departsAt, self.changes.nextDeadline, self.contests.nextDeadline, self.nextLookAt,
      self.endpoints.nextDeadline, self.objections.nextDeadline, self.sight.nextDeadline,
    ].compactMap(\.self).min()
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    let gone: Set<String> =
      if case .members(let members) = event { (self.nodes.members ?? []).subtracting(members.names) } else { [] }
    let actions = self.respond(to: event, at: now)
    self.chronicle.note(actions, gone: gone, at: now)
    self.journal.note(event.cause, actions, \.decision, at: now)
    return actions
  }

  private mutating func respond(to event: Event, at now: ContinuousClock.Instant) -> [Action] {
    guard self.phase != .stopped else { return [] }
    if event == .stopping { return self.stop() }
    let (actions, touched) = self.file(event, at: now)
    let concern = self.fileForBGP(event, touched: touched)
    let seen = Self.source(seenBy: event)
    switch self.phase {
    case .awaiting(var sources):
      if let seen { sources.remove(seen) }
      // Claims are waited for where they decide; else nobody would be served where they cannot be had.
      guard sources.isEmpty || (sources == [.ownership] && !self.advertisements.claimsOwners) else {
        self.phase = .awaiting(sources)
        return actions
      }
      self.phase = .deciding
      if self.isDecidingOnBGP { self.selectAllForBGP() }
      let decided = self.decide(Set(self.services.records.keys), after: event, at: now)
      self.noteLoads(at: now)
      return actions + self.report() + decided + self.watch() + self.checkYields() + self.speak()
        + self.decideOnBGP(.everything, after: event)
    case .deciding:
      let reports = Self.isOfConfiguration(event) || concern == .everything ? self.report() : []
      let decided = self.decide(touched, after: event, at: now)
      self.noteLoads(at: now)
      return actions + reports + decided + self.watch() + self.checkYields() + self.speak()
        + self.decideOnBGP(concern, after: event)
    case .stopped:
      return []
    }
  }

  /// What has not been seen yet; empty once decisions are taken.
  package var awaited: Set<Source> {
    guard case .awaiting(let sources) = self.phase else { return [] }
    return sources
  }

  // MARK: What is announced

  /// What this node announces on the local network now, by Service.
  package var announcements: [ObjectKey: Layer2Announcement] {
    self.services.records.compactMapValues { $0.verdict?.announcement }
  }

  /// Whether this node announces a Service on the local network now.
  func isAnnouncing(_ key: ObjectKey) -> Bool { self.services[key]?.verdict?.announcement != nil }

  /// The addresses that this node answers for.
  package var claimed: [IPAddress: InterfaceSelection] { self.claims.interfaces }

  /// What was decided about a Service by layer 2; nil = it is not one of ours, or nothing has been decided yet.
  package func verdict(of service: ObjectKey) -> Verdict<Layer2Announcement>? { self.services[service]?.verdict }

  /// How many Services were taken over from nodes that were gone, since the start.
  package var takenOver: UInt64 { self.chronicle.takenOver }

  /// The latest time that this node took over from nodes that were gone.
  package var lastTakeover: Takeover? { self.chronicle.lastTakeover }

  /// Whether some object is wrong, or the controller has yet to move Services out of a pool that is gone.
  package var isStale: Bool { !self.problems.isEmpty || self.services.homeless.contains { self.isHeld($0) } }

  private func isHeld(_ key: ObjectKey) -> Bool { self.services[key]?.isHeld ?? false }

  /// Everything that is wrong with the configuration.
  package var problems: [Problem] {
    self.pools.problems + self.advertisements.problems { self.pools.exists($0) }
      + (self.isDecidingOnBGP ? self.bgp.problems(pools: self.pools) : [])
  }

  // MARK: Phases

  private static func source(seenBy event: Event) -> Source? {
    switch event {
    case .services(.synced): .services
    case .endpoints(.synced): .endpoints
    case .nodes(.synced): .nodes
    case .pools(.synced): .pools
    case .l2Advertisements(.synced): .l2Advertisements
    case .interfaces: .interfaces
    case .members: .members
    case .ownership(.synced): .ownership
    case .tick, .services, .endpoints, .nodes, .pools, .l2Advertisements, .bgpPeers, .bgpAdvertisements, .communities,
      .bfdProfiles, .secrets, .kernelAddresses, .addressFree, .addressOccupied, .addressContested, .ownership,
      .told, .objected, .following, .handingOver, .stopping:
      nil
    }
  }

  /// Whether an event can make other things wrong than before.
  private static func isOfConfiguration(_ event: Event) -> Bool {
    switch event {
    case .pools, .l2Advertisements, .bgpPeers, .bgpAdvertisements, .communities, .bfdProfiles, .secrets: true
    case .tick, .services, .endpoints, .nodes, .interfaces, .members, .kernelAddresses, .addressFree, .addressOccupied,
      .addressContested, .ownership, .told, .objected, .following, .handingOver, .stopping:
      false
    }
  }

  private mutating func report() -> [Action] {
    let problems = self.problems
    guard problems != self.reported else { return [] }
    self.reported = problems
    return [.report(problems)]
  }

  private mutating func watch() -> [Action] {
    let owners = self.succession.owners
    guard owners != self.watched else { return [] }
    self.watched = owners
    return [.watch(owners)]
  }

  private mutating func stop() -> [Action] {
    self.phase = .stopped
    let layer2 = self.services.records.keys.sorted().flatMap { key in
      self.conclude(key, .withhold(.speakerStopping), hold: .nothing)
    }
    return layer2 + self.stopBGP()
  }
}
