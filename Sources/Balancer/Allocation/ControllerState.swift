import KubernetesModel
import Primitives

/// The deciding half of the controller: which Service has which addresses, what is written about it, and what the user is
/// told.
///
///     awaitingLists ──every list is complete──▶ adopting ──a valid pool exists──▶ running
///           ▲                                                                        │
///           └──────────────── deposed: another controller acts from here on ─────────┘
///
/// Until all that exists is known, nothing is decided. Until a valid pool has been seen, no status is touched (contract
/// section 21.9). Then the addresses that Services have are taken over, and only after all of them new ones are given.
/// From there on each event touches only the Services that it concerns.
///
/// The files: `ControllerState+Reconcile` decides on one Service, `+Pools` follows pools and namespaces and offers room
/// that comes up to those who wait, `+Writes` brings what was decided to the API server,
/// `+Advertisements` looks whether anything announces the addresses.
package struct ControllerState: StateMachine, Equatable {
  package enum Event: Timed, Equatable {
    case tick
    case services(ObjectChange<ServiceView>)
    /// The newest form of a Service, asked for after a conflict and not told by the watch: no proof that it still exists.
    case refreshed(ServiceView)
    /// All Services are read once more from here on, beside the watch, until `elected` or `deposed`.
    case rollCallBegan
    /// A Service as it was when the roll call began; the watch may have told of newer things already.
    case rollCalled(ServiceView)
    /// The API server was put back to an earlier state: what the watch of Services tells next is older than what is known,
    /// and true.
    case rewound
    case pools(ObjectChange<IPAddressPool>)
    case namespaces(ObjectChange<Namespace>)
    case l2Advertisements(ObjectChange<L2Advertisement>)
    case bgpAdvertisements(ObjectChange<BGPAdvertisement>)
    /// This controller is the one that acts; it has been told the newest form of every Service by watch and roll call.
    case elected
    /// Another controller may act: what was decided here counts no more.
    case deposed
    /// The write of a Service ended; exactly one for each `writeService`.
    case written(ObjectKey, WriteOutcome)
    /// The write of a pool's status ended; exactly one for each `writePoolStatus`.
    case poolStatusWritten(ObjectKey, WriteOutcome)
  }

  package enum Action: Sendable, Equatable {
    case writeService(ServiceWrite)
    case writePoolStatus(PoolStatusWrite)
    case emit(EventNote)
    /// The problems of the configuration are now these; none = all is well.
    case report([Problem])
  }

  package struct Settings: Sendable, Hashable {
    /// What becomes of a Service that asks for a pool that does not exist.
    package enum UnknownPool: String, Sendable, Hashable, CaseIterable {
      /// It gets an address from the auto-assigned pools, and a Warning.
      case allocate
      /// It stays pending, as with upstream 0.16.
      case fail
    }

    /// Nil = Services without a class; else those of exactly this class.
    package var loadBalancerClass: String?
    package var unknownPool: UnknownPool
    /// How many writes of Services may be under way at once.
    package var writesInFlight: Int
    /// For how long changes of a pool's figures are gathered before its status is written.
    package var poolStatusDelay: Duration
    /// Whether there may be other controllers, so that nothing is decided before `elected`.
    package var awaitsElection: Bool
    /// The seed of the jitter of retries.
    package var seed: UInt64

    package init(
      loadBalancerClass: String? = nil, unknownPool: UnknownPool = .allocate, writesInFlight: Int = 32,
      poolStatusDelay: Duration = .milliseconds(250), awaitsElection: Bool = false, seed: UInt64
    ) {
      self.loadBalancerClass = loadBalancerClass
      self.unknownPool = unknownPool
      self.writesInFlight = writesInFlight
      self.poolStatusDelay = poolStatusDelay
      self.awaitsElection = awaitsElection
      self.seed = seed
    }
  }

  /// What must be complete before anything is decided.
  private enum List: String, Sendable, Hashable, CaseIterable {
    case services
    case pools
    case namespaces
    /// The vote for this controller.
    case election
  }

  private enum State: Sendable, Equatable {
    case awaitingLists(Set<List>)
    case adopting
    case running
  }

  package let settings: Settings
  /// The pools as the API server has them, and everything that is wrong with them.
  package internal(set) var configuration = PoolResolution()
  package internal(set) var allocator = Allocator()
  var entries: [ObjectKey: ServiceEntry] = [:]
  private(set) var census = Census()
  var namespaces: [String: [String: String]] = [:]
  var waiters = Waiters()
  /// The Services that ask for a pool, by its name.
  var requesters: [String: Set<ObjectKey>] = [:]
  /// Services whose addresses are left alone, and must be looked at again when pools change.
  var bystanders: Set<ObjectKey> = []
  /// What the advertisements say of pools and Services, and what is wrong with them.
  var l2Advertisements = L2AdvertisementResolution()
  var advertisedPools = AdvertisedPools()
  var advertisementProblems: [Problem] = []
  /// The UIDs of advertisements, for Events about them.
  var advertisementIdentities: [ObjectKey: String] = [:]
  /// Services that nothing announces, and when their users are told.
  var doubts: [ObjectKey: ContinuousClock.Instant] = [:]
  var doubtAlarms = Alarms<ObjectKey>()
  /// Services to look at once all advertisements are known.
  var unchecked: Set<ObjectKey> = []
  /// The problems that were told last; nil = nothing yet.
  var reported: [Problem]?
  /// What the watch has told of Services that are not here, during a roll call; nil = there is none.
  var absentees: Absentees?
  /// Services of which the next form counts, however old it is.
  var rewound: Set<ObjectKey> = []
  /// The Services whose status shows an address, or may soon.
  var shown: [IPAddress: Set<ObjectKey>] = [:]
  var writes: WriteQueue<ServiceWrite>
  var poolWrites: WriteQueue<PoolStatusWrite>
  /// How many Services have been decided on since the start; what an event has cost is the difference.
  package internal(set) var decisions = 0
  package internal(set) var journal = DecisionJournal(of: "controller")
  /// What this event leads to; empty between events.
  var actions: [Action] = []
  private var state = State.awaitingLists(Set(List.allCases))

  package init(settings: Settings) {
    self.settings = settings
    var dice = SplitMix64(seed: settings.seed)
    self.writes = WriteQueue(limit: settings.writesInFlight, seed: dice.next())
    self.poolWrites = WriteQueue(limit: 4, seed: dice.next())
    if !settings.awaitsElection { self.complete(.election) }
  }

  /// Whether everything that exists is known, so that the configuration counts as loaded.
  package var isLoaded: Bool {
    if case .awaitingLists = self.state { false } else { true }
  }

  var isRunning: Bool { self.state == .running }

  /// The kinds of objects that are not all known yet; a controller that is not elected is ready to be without them only.
  package var awaitedLists: [String] {
    guard case .awaitingLists(let missing) = self.state else { return [] }
    return missing.subtracting([.election]).map(\.rawValue).sorted()
  }

  /// How a Service stands, and why; nil if there is none of this name that matters here.
  package func standing(of service: ObjectKey) -> Standing? { self.entries[service]?.standing }

  package var nextDeadline: ContinuousClock.Instant? {
    [self.writes.nextDeadline, self.poolWrites.nextDeadline, self.doubtAlarms.first].compactMap { $0 }.min()
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .tick: break
    case .services(let change):
      self.take(change)
      if case .applied(let view) = change { self.checkAdvertised(view.key, at: now) }
    case .refreshed(let view): self.takeRefreshed(view)
    case .rollCallBegan: self.absentees = Absentees()
    case .rollCalled(let view): self.takeRollCalled(view)
    case .rewound: self.rewound = Set(self.entries.keys)
    case .pools(let change): self.take(change, at: now)
    case .namespaces(let change): self.take(change)
    case .l2Advertisements(let change): self.take(change, at: now)
    case .bgpAdvertisements(let change): self.take(change, at: now)
    case .elected:
      self.absentees = nil
      self.complete(.election)
    case .deposed: self.standBy()
    case .written(let key, let outcome): self.take(outcome, of: key, at: now)
    case .poolStatusWritten(let key, let outcome): self.take(outcome, ofPool: key, at: now)
    }
    self.tellDoubts(at: now)
    self.flush(at: now)
    self.journal.note(event.cause, self.actions, \.decision, at: now)
    defer { self.actions = [] }
    return self.actions
  }

  private mutating func take(_ change: ObjectChange<ServiceView>) {
    switch change {
    case .applied(let view):
      let isRewound = self.rewound.remove(view.key) != nil
      if !isRewound, let old = self.entries[view.key]?.view, view.isOlder(than: old) { return }
      self.accept(view)
      if self.entries[view.key] == nil { self.absentees?.note(view) }
    case .deleted(let key):
      self.absentees?.note(goneOf: key, uid: self.entries[key]?.view.metadata.uid)
      self.rewound.remove(key)
      self.remove(key)
      if self.isRunning { self.offerOpenings() }
    case .malformed:
      break  // what is known of it stays as it is
    case .synced:
      self.complete(.services)
    }
  }

  /// Takes a form of a Service as the newest that there is.
  private mutating func accept(_ view: ServiceView) {
    if let old = self.entries[view.key]?.view, view.metadata.uid != old.metadata.uid { self.remove(view.key) }
    self.store(view)
    switch self.state {
    case .awaitingLists: self.dropIfIrrelevant(view.key)
    case .adopting: self.announceDelay(of: view.key)
    case .running:
      self.reconcile(view.key)
      self.offerOpenings()
    }
  }

  /// Takes a form that was asked for after a conflict, unless the watch has told of a newer one, or of another Service of
  /// that name, in the meantime. One that is older than what the write that lost was made of is the newest all the same:
  /// the API server was put back to an earlier state.
  private mutating func takeRefreshed(_ view: ServiceView) {
    guard let old = self.entries[view.key]?.view else { return }
    if ResourceVersion.isEarlier(view.version, than: old.version) {
      guard let write = self.writes.underWay(view.key), write.object.metadata.resourceVersion == old.version else {
        return
      }
    }
    self.accept(view)
  }

  /// Takes what a roll call says of a Service, unless the watch has told more: a page of the list is as old as its first.
  private mutating func takeRollCalled(_ view: ServiceView) {
    if self.absentees?.includes(view) == true { return }
    if let old = self.entries[view.key]?.view, ResourceVersion.isEarlier(view.version, than: old.version) { return }
    self.accept(view)
  }

  private mutating func take(_ change: ObjectChange<IPAddressPool>, at now: ContinuousClock.Instant) {
    if change == .synced { return self.complete(.pools) }
    guard self.isLoaded else { return self.configuration.take(change) }
    let unusable = self.configuration.unusable
    let difference = self.configuration.apply(change)
    if case .applied(let object) = change { self.poolWrites.news(of: object.key) }
    if difference.hasOtherNames || self.configuration.unusable != unusable { self.checkAdvertisements() }
    self.report()
    if !difference.former.isEmpty || self.configuration.unusable != unusable {
      self.configurationChanged(from: difference.former, at: now)
    }
  }

  private mutating func take(_ change: ObjectChange<Namespace>) {
    let name: String
    switch change {
    case .applied(let namespace):
      name = namespace.key.name
      let labels = namespace.metadata.labels ?? [:]
      guard self.namespaces.updateValue(labels, forKey: name) != labels else { return }
    case .deleted(let key):
      name = key.name
      self.namespaces[name] = nil
    case .malformed:
      return
    case .synced:
      return self.complete(.namespaces)
    }
    guard self.isRunning else { return }
    self.settle(self.allocator.update(namespace: name, labels: self.namespaces[name]), changed: [])
  }

  private mutating func complete(_ list: List) {
    guard case .awaitingLists(var missing) = self.state else { return }
    missing.remove(list)
    self.state = .awaitingLists(missing)
    guard missing.isEmpty else { return }
    self.state = .adopting
    self.configuration.resolve()
    self.checkAdvertisements()
    self.report()
    self.adoptIfPossible()
  }

  /// Forgets every decision, but nothing of what is known, until this controller is elected again.
  private mutating func standBy() {
    var missing: Set<List> = [.election]
    if case .awaitingLists(let lists) = self.state { missing.formUnion(lists) }
    var fresh = ControllerState(settings: self.settings)
    fresh.state = .awaitingLists(missing)
    fresh.journal = self.journal
    fresh.configuration = self.configuration
    fresh.namespaces = self.namespaces
    fresh.l2Advertisements = self.l2Advertisements
    fresh.advertisedPools = self.advertisedPools
    fresh.advertisementIdentities = self.advertisementIdentities
    fresh.rewound = self.rewound
    for entry in self.entries.values { fresh.store(entry.view) }
    self = fresh
  }

  /// Goes on to `running` once a valid pool exists; until then only says what is missing.
  mutating func adoptIfPossible() {
    guard self.state == .adopting else { return }
    guard !self.configuration.pools.isEmpty else {
      for key in self.entries.keys.sorted() { self.announceDelay(of: key) }
      return
    }
    self.state = .running
    _ = self.allocator.use(self.configuration.pools, namespaces: self.namespaces)
    self.pass(over: Array(self.entries.keys))
    self.offerOpenings()
  }

  /// Notes how a Service stands from now on.
  mutating func settle(_ key: ObjectKey, _ standing: Standing) {
    guard let old = self.entries[key]?.standing else { return }
    self.entries[key]?.standing = standing
    self.census.note(key, from: old, to: standing)
  }

  private mutating func store(_ view: ServiceView) {
    let old = self.entries[view.key]
    if old?.view.requestedPool != view.requestedPool {
      if let pool = old?.view.requestedPool { self.withdrawRequest(of: view.key, for: pool) }
      if let pool = view.requestedPool { self.requesters[pool, default: []].insert(view.key) }
    }
    var entry = old ?? ServiceEntry(view: view)
    if !entry.view.asksForTheSame(as: view) { entry.told = [:] }
    if entry.view.metadata.resourceVersion != view.metadata.resourceVersion { self.writes.news(of: view.key) }
    entry.view = view
    self.entries[view.key] = entry
    self.updateShown(of: view.key)
  }

  private mutating func withdrawRequest(of key: ObjectKey, for pool: String) {
    self.requesters[pool]?.remove(key)
    if self.requesters[pool]?.isEmpty == true { self.requesters[pool] = nil }
  }

  /// Forgets a Service that is gone and frees its addresses.
  mutating func remove(_ key: ObjectKey) {
    guard let entry = self.entries.removeValue(forKey: key) else { return }
    self.census.note(key, from: entry.standing, to: nil)
    if let pool = entry.view.requestedPool { self.withdrawRequest(of: key, for: pool) }
    self.bystanders.remove(key)
    self.waiters.remove(key)
    self.doubts[key] = nil
    self.unchecked.remove(key)
    self.writes.forget(key)
    self.allocator.release(key)
    self.withdrawShown(entry.shown, of: key)
  }

  /// Forgets a Service that has and wants nothing from here, such as the many that are of another type.
  mutating func dropIfIrrelevant(_ key: ObjectKey) {
    guard let view = self.entries[key]?.view, !view.isLoadBalancer, !view.bearsAddresses,
      self.allocator.allocation(of: key) == nil, !self.writes.isPending(key)
    else { return }
    self.remove(key)
  }
}
