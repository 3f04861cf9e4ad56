import KubernetesModel
import Primitives

/// Services whose addresses nobody announces, which upstream is silent about (contract section 5).
///
/// A doubt becomes a word to the user when it lasts: objects that belong together are often applied one after the other.
/// What was so already when the controller started is not told again, so that a restart writes nothing.
extension ControllerState {
  /// How long a Service may be without an advertisement before its user is told.
  static let advertisementLeeway = Duration.seconds(5)

  mutating func take(_ change: ObjectChange<L2Advertisement>, at now: ContinuousClock.Instant) {
    if change == .synced { return self.complete(.l2, at: now) }
    let (before, after) = self.l2Advertisements.apply(change)
    switch change {
    case .applied(let object): self.advertisementIdentities[object.key] = object.metadata.uid
    case .deleted(let key): self.advertisementIdentities[key] = nil
    case .malformed, .synced: break
    }
    if self.isLoaded { self.checkAdvertisements() }
    self.report()
    guard let key = after?.key ?? before?.key else { return }
    self.set(after.map(AdvertisedPools.Scope.init), for: AdvertisedPools.Name(kind: .l2, key: key), at: now)
  }

  mutating func take(_ change: ObjectChange<BGPAdvertisement>, at now: ContinuousClock.Instant) {
    switch change {
    case .applied(let object):
      self.set(AdvertisedPools.Scope(object), for: AdvertisedPools.Name(kind: .bgp, key: object.key), at: now)
    case .deleted(let key): self.set(nil, for: AdvertisedPools.Name(kind: .bgp, key: key), at: now)
    case .malformed: break
    case .synced: self.complete(.bgp, at: now)
    }
  }

  private mutating func set(
    _ scope: AdvertisedPools.Scope?, for name: AdvertisedPools.Name, at now: ContinuousClock.Instant
  ) {
    let concerned = self.advertisedPools.set(scope, for: name)
    guard self.isRunning, self.advertisedPools.isComplete, !concerned.isEmpty else { return }
    for pool in self.configuration.pools.values {
      guard concerned.contains(where: { $0.selects(pool: pool.name, labels: pool.labels) }) else { continue }
      self.checkAdvertised(self.allocator.services(ofPool: pool.name), at: now)
    }
  }

  private mutating func complete(_ kind: AdvertisedPools.Kind, at now: ContinuousClock.Instant) {
    self.advertisedPools.complete(kind)
    guard self.advertisedPools.isComplete else { return }
    let unchecked = self.unchecked
    self.unchecked = []
    self.checkAdvertised(unchecked, at: now)
  }

  /// Looks anew for what is wrong with the advertisements, which depends on which pools there are.
  mutating func checkAdvertisements() {
    let pools = self.configuration
    self.advertisementProblems = self.l2Advertisements.problems { pools.exists($0) }
  }

  mutating func checkAdvertised(_ services: Set<ObjectKey>, at now: ContinuousClock.Instant) {
    for service in services.sorted() { self.checkAdvertised(service, at: now) }
  }

  /// Looks whether a Service that has addresses is announced by anything.
  mutating func checkAdvertised(_ key: ObjectKey, at now: ContinuousClock.Instant) {
    guard self.isRunning else { return }
    guard self.advertisedPools.isComplete else {
      self.unchecked.insert(key)
      return
    }
    guard let complaint = self.complaint(about: key) else {
      self.doubts[key] = nil
      self.entries[key]?.told[Note.noMatchingAdvertisement] = nil
      return
    }
    guard self.doubts[key] == nil, self.entries[key]?.told[Note.noMatchingAdvertisement] != complaint else { return }
    let due = now + Self.advertisementLeeway
    self.doubts[key] = due
    self.doubtAlarms.set(due, for: key)
  }

  /// Tells the users of those Services whose doubt has lasted.
  mutating func tellDoubts(at now: ContinuousClock.Instant) {
    while let key = self.doubtAlarms.next(at: now) {
      guard let due = self.doubts[key], due <= now else { continue }
      self.doubts[key] = nil
      guard let view = self.entries[key]?.view, let complaint = self.complaint(about: key) else { continue }
      self.tell(view, .warning, Note.noMatchingAdvertisement, complaint)
    }
  }

  /// What to tell the user of a Service that has addresses which nothing announces; nil = all is well.
  private func complaint(about key: ObjectKey) -> String? {
    guard let entry = self.entries[key], entry.standing.target == .allocation,
      let allocation = self.allocator.allocation(of: key), let pool = self.configuration.pools[allocation.pool]
    else { return nil }
    let addresses = GoText.quoted(list: allocation.addresses)
    let name = GoText.quoted(pool.name)
    return switch self.advertisedPools.coverage(ofPool: pool.name, labels: pool.labels, service: entry.view.labels) {
    case .covered: nil
    case .otherServices:
      "nobody announces \(addresses): the advertisements of pool \(name) do not select this Service; change their "
        + "serviceSelectors or the labels of the Service"
    case .none:
      "nobody announces \(addresses): no L2Advertisement or BGPAdvertisement selects pool \(name); create one, or add "
        + "the pool to one that exists"
    }
  }
}
