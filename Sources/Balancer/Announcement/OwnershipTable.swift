import KubernetesModel
import Primitives

/// Which node owns the addresses of each Service at present: what the announcers have written in the cluster, and newer
/// than that, what was heard on the network; besides, what this node is taking over on purpose.
struct OwnershipTable: Sendable, Equatable {
  /// Whether everything that is written has been seen.
  private(set) var isListed = false
  private var claims: [ObjectKey: [OwnershipClaim]] = [:]
  /// The Service that each claim is filed under, as a deletion names the claim alone.
  private var filed: [ObjectKey: ObjectKey] = [:]
  private var heard: [ObjectKey: String] = [:]
  private(set) var owners: [ObjectKey: String] = [:]
  /// How many Services each node owns.
  private(set) var counts: [String: Int] = [:]
  /// What this node is taking over, and until when it waits for that to be known.
  private(set) var takes: [ObjectKey: ContinuousClock.Instant] = [:]

  /// The node that owns the addresses of a Service; nil = nobody is known to.
  func owner(of service: ObjectKey) -> String? { self.owners[service] }

  /// Takes one change into account, and returns the Services that have another owner than before.
  mutating func apply(_ change: ObjectChange<OwnershipClaim>, own: String) -> Set<ObjectKey> {
    switch change {
    case .synced:
      self.isListed = true
      return []
    case .malformed: return []
    case .deleted(let key): return self.drop(key)
    case .applied(let claim):
      var changed = self.filed[claim.key] == claim.service ? [] : self.drop(claim.key)
      guard let service = claim.service, claim.node != nil else { return changed }
      let isNews = !(self.claims[service] ?? []).contains { $0.key == claim.key }
      self.claims[service, default: []].removeAll { $0.key == claim.key }
      self.claims[service, default: []].append(claim)
      self.filed[claim.key] = service
      // What another one writes now is newer than what was heard before; what this node wrote it knows already.
      if isNews, claim.node != own { self.heard[service] = nil }
      if claim.node == own { self.takes[service] = nil }
      if self.settle(service) { changed.insert(service) }
      return changed
    }
  }

  private mutating func drop(_ key: ObjectKey) -> Set<ObjectKey> {
    guard let service = self.filed.removeValue(forKey: key) else { return [] }
    self.claims[service]?.removeAll { $0.key == key }
    if self.claims[service]?.isEmpty == true { self.claims[service] = nil }
    return self.settle(service) ? [service] : []
  }

  /// This node announces the addresses of a Service from now on, or does not, which is yet to be written.
  mutating func note(_ service: ObjectKey, isAnnounced: Bool, by own: String) {
    if isAnnounced {
      self.heard[service] = own
    } else if self.heard[service] == own {
      self.heard[service] = nil
    } else {
      return
    }
    _ = self.settle(service)
  }

  /// Somebody was heard to announce the addresses of a Service, and has them from now on.
  mutating func hear(_ node: String, of service: ObjectKey) {
    self.heard[service] = node
    self.takes[service] = nil
    _ = self.settle(service)
  }

  /// The Service is gone; what is written about it will be deleted.
  mutating func forget(_ service: ObjectKey) {
    self.heard[service] = nil
    self.takes[service] = nil
    _ = self.settle(service)
  }

  /// Says whether the owner is another one now.
  private mutating func settle(_ service: ObjectKey) -> Bool {
    let youngest = self.claims[service]?.max { $1.isYounger(than: $0) }
    let (before, after) = (self.owners[service], self.heard[service] ?? youngest?.node)
    guard before != after else { return false }
    self.owners[service] = after
    if let before {
      let count = self.counts[before, default: 1] - 1
      self.counts[before] = count > 0 ? count : nil
    }
    if let after { self.counts[after, default: 0] += 1 }
    return true
  }

  // MARK: Taking over

  var nextDeadline: ContinuousClock.Instant? { self.takes.values.min() }

  mutating func take(_ service: ObjectKey, until end: ContinuousClock.Instant) {
    self.takes[service] = end
  }

  /// What nobody has come to know of in time is no longer taken, but owned like anything else; returns it.
  mutating func expireTakes(at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    guard let nextDeadline, nextDeadline <= now else { return [] }
    let expired = Set(self.takes.filter { $0.value <= now }.keys)
    for service in expired { self.takes[service] = nil }
    return expired
  }
}
