import KubernetesModel
import Primitives

/// The load-balancer Services that the speaker follows, found by key, by pool, by address and by what their verdict
/// depends on.
struct ServiceTable: Sendable, Equatable {
  /// One Service, what was last decided about it, and what that decision hangs on.
  struct Record: Sendable, Equatable {
    var view: ExposedService
    /// The pool that holds all its addresses now, or did as long as it has had them (`isHeld`).
    var pool: PoolIdentity?
    /// The pool is gone, or holds the addresses no longer; the Service stays announced as it was until the controller
    /// moves it.
    var isHeld = false
    var doubt = Doubt.none
    /// How its owner was elected last.
    var policy = ElectionPolicy.stateless
    var verdict: Verdict<Layer2Announcement>?
    var hold: Hold = .nothing
  }

  /// Why somebody else might have the addresses of a Service that this node owns.
  enum Doubt: Sendable, Hashable {
    case none
    /// As far as is known here, nobody has announced them yet: a stranger.
    case new
    /// This node had no link for a while: the node that took over.
    case returning
  }

  /// What an advertisement sees of a pool.
  struct PoolIdentity: Sendable, Hashable {
    var name: String
    var labels: [String: String]
  }

  /// The other nodes on which a verdict hangs.
  enum Hold: Sendable, Hashable {
    /// None.
    case nothing
    /// This one comes first, and as long as it does, no other matters.
    case rival(String)
    /// This node is the owner: whoever comes to outrank it.
    case ownership
    /// Services with different candidates share an address: any change of any node.
    case everyone
  }

  private(set) var records: [ObjectKey: Record] = [:]
  private var byPool: [String: Set<ObjectKey>] = [:]
  private var byAddress: [IPAddress: Set<ObjectKey>] = [:]
  /// Those whose addresses are in no pool.
  private(set) var homeless: Set<ObjectKey> = []
  private var rivalled: [String: Set<ObjectKey>] = [:]
  private(set) var owned: Set<ObjectKey> = []
  private(set) var entangled: Set<ObjectKey> = []

  subscript(key: ObjectKey) -> Record? { self.records[key] }

  /// The Services of a pool, those that are held in it included.
  func services(ofPool name: String) -> Set<ObjectKey> { self.byPool[name] ?? [] }

  /// The Services that have an address.
  func services(withAddress address: IPAddress) -> Set<ObjectKey> { self.byAddress[address] ?? [] }

  /// The Services that another node keeps from being announced here.
  func services(rivalledBy node: String) -> Set<ObjectKey> { self.rivalled[node] ?? [] }

  /// The Service and all that must have the same owner, as they share addresses with it, directly or by way of others.
  func company(of key: ObjectKey) -> Set<ObjectKey> {
    var company: Set<ObjectKey> = [key]
    var frontier = [key]
    while let next = frontier.popLast() {
      for address in self.records[next]?.view.addresses ?? [] {
        for neighbour in self.byAddress[address] ?? [] where company.insert(neighbour).inserted {
          frontier.append(neighbour)
        }
      }
    }
    return company
  }

  // MARK: Changes

  /// `isNew`: what the Service has not been seen with before, it has got just now.
  mutating func put(_ view: ExposedService, pool: PoolIdentity?, isHeld: Bool, isNew: Bool) {
    let key = view.key
    self.unfile(key)
    var record = self.records[key] ?? Record(view: view)
    if self.records[key] == nil || record.view.addresses != view.addresses { record.doubt = isNew ? .new : .none }
    // Being withheld says nothing of other addresses: what is wrong with those is to be said again.
    if record.verdict?.announcement == nil, record.view.addresses != view.addresses { record.verdict = nil }
    record.view = view
    record.pool = pool
    record.isHeld = isHeld
    self.records[key] = record
    if let pool { self.byPool[pool.name, default: []].insert(key) }
    if pool == nil || isHeld { self.homeless.insert(key) }
    for address in view.addresses { self.byAddress[address, default: []].insert(key) }
  }

  mutating func elect(_ key: ObjectKey, by policy: ElectionPolicy) {
    self.records[key]?.policy = policy
  }

  /// The Service's addresses are announced from here.
  mutating func endDoubt(_ key: ObjectKey) {
    self.records[key]?.doubt = .none
  }

  mutating func remove(_ key: ObjectKey) {
    self.conclude(key, verdict: nil, hold: .nothing)
    self.unfile(key)
    self.records[key] = nil
  }

  /// Files what was decided.
  mutating func conclude(_ key: ObjectKey, verdict: Verdict<Layer2Announcement>?, hold: Hold) {
    guard var record = self.records[key] else { return }
    if record.hold != hold {
      switch record.hold {
      case .nothing: break
      case .rival(let node): self.rivalled.withdraw(key, from: node)
      case .ownership: self.owned.remove(key)
      case .everyone: self.entangled.remove(key)
      }
      switch hold {
      case .nothing: break
      case .rival(let node): self.rivalled[node, default: []].insert(key)
      case .ownership: self.owned.insert(key)
      case .everyone: self.entangled.insert(key)
      }
    }
    // The other node announces it.
    if case .rival = hold { record.doubt = .none }
    if verdict == .withhold(.noLink) { record.doubt = .returning }
    record.hold = hold
    record.verdict = verdict
    self.records[key] = record
  }

  private mutating func unfile(_ key: ObjectKey) {
    guard let record = self.records[key] else { return }
    if let pool = record.pool { self.byPool.withdraw(key, from: pool.name) }
    self.homeless.remove(key)
    for address in record.view.addresses { self.byAddress.withdraw(key, from: address) }
  }
}

extension Dictionary where Value == Set<ObjectKey> {
  /// Removes a member of the set under a key, and the set with its last member.
  fileprivate mutating func withdraw(_ member: ObjectKey, from key: Key) {
    self[key]?.remove(member)
    if self[key]?.isEmpty == true { self[key] = nil }
  }
}
