import KubernetesModel
import Primitives

/// The Services that wait for an address, by what could help them, so that room that comes up is offered to exactly
/// those who can use it, in the order in which they came.
struct Waiters: Sendable, Equatable {
  /// What a Service waits for.
  enum Want: Sendable, Hashable {
    /// Exactly these addresses.
    case addresses([IPAddress])
    /// Addresses of one of these pools: the one that it asks for, or all that may be chosen for it.
    case pools([String], need: FamilyNeed)
  }

  private struct Ticket: Sendable, Equatable {
    var number: UInt128
    var want: Want
    var sharing: SharingKey?
  }

  /// Those who wait for one pool.
  private struct Line: Sendable, Equatable {
    var byNeed: [FamilyNeed: RunSet] = [:]
    var byKey: [SharingKey: RunSet] = [:]

    var isEmpty: Bool { self.byNeed.isEmpty }

    mutating func insert(_ number: UInt128, need: FamilyNeed, sharing: SharingKey?) {
      self.byNeed[need, default: RunSet()].insert(number)
      if let sharing { self.byKey[sharing, default: RunSet()].insert(number) }
    }

    mutating func remove(_ number: UInt128, need: FamilyNeed, sharing: SharingKey?) {
      self.byNeed[need]?.remove(number)
      if self.byNeed[need]?.isEmpty == true { self.byNeed[need] = nil }
      guard let sharing else { return }
      self.byKey[sharing]?.remove(number)
      if self.byKey[sharing]?.isEmpty == true { self.byKey[sharing] = nil }
    }
  }

  private var tickets: [ObjectKey: Ticket] = [:]
  private var holders: [UInt128: ObjectKey] = [:]
  private var lines: [String: Line] = [:]
  private var byAddress: [IPAddress: Set<ObjectKey>] = [:]
  private var lastNumber: UInt128 = 0

  var isEmpty: Bool { self.tickets.isEmpty }

  /// The Services that wait for pools, in order.
  var forPools: [ObjectKey] {
    self.inOrder(
      self.tickets.lazy.compactMap { key, ticket in
        if case .pools = ticket.want { key } else { nil }
      })
  }

  /// Whether a Service waits for this pool.
  func isWaiting(_ service: ObjectKey, for pool: String) -> Bool {
    guard case .pools(let pools, _)? = self.tickets[service]?.want else { return false }
    return pools.contains(pool)
  }

  /// The Services that wait for an address which fulfils a condition, in order.
  func forAddresses(where isConcerned: (IPAddress) -> Bool) -> [ObjectKey] {
    self.inOrder(Set(self.byAddress.filter { isConcerned($0.key) }.flatMap(\.value)))
  }

  /// Lets a Service wait; if it does so already, it keeps its place.
  mutating func add(_ service: ObjectKey, for want: Want, sharing: SharingKey?) {
    let old = self.tickets[service]
    if let old, old.want == want, old.sharing == sharing { return }
    self.remove(service)
    if old == nil { self.lastNumber += 1 }
    let ticket = Ticket(number: old?.number ?? self.lastNumber, want: want, sharing: sharing)
    self.tickets[service] = ticket
    self.holders[ticket.number] = service
    switch want {
    case .addresses(let addresses):
      for address in addresses { self.byAddress[address, default: []].insert(service) }
    case .pools(let pools, let need):
      for pool in pools {
        self.lines[pool, default: Line()].insert(ticket.number, need: need, sharing: sharing)
      }
    }
  }

  mutating func remove(_ service: ObjectKey) {
    guard let ticket = self.tickets.removeValue(forKey: service) else { return }
    self.holders[ticket.number] = nil
    switch ticket.want {
    case .addresses(let addresses):
      for address in addresses {
        self.byAddress[address]?.remove(service)
        if self.byAddress[address]?.isEmpty == true { self.byAddress[address] = nil }
      }
    case .pools(let pools, let need):
      for pool in pools {
        self.lines[pool]?.remove(ticket.number, need: need, sharing: ticket.sharing)
        if self.lines[pool]?.isEmpty == true { self.lines[pool] = nil }
      }
    }
  }

  /// The first Service from place `start` on that waits for a pool and needs one of these; and the place behind it.
  func first(in pool: String, from start: UInt128, needs: [FamilyNeed]) -> (service: ObjectKey, next: UInt128)? {
    guard let number = needs.compactMap({ self.lines[pool]?.byNeed[$0]?.first(from: start) }).min(),
      let service = self.holders[number]
    else { return nil }
    return (service, number + 1)
  }

  /// Those who wait for a pool and could share with this key, in order.
  func sharing(_ key: SharingKey, in pool: String) -> [ObjectKey] {
    guard let numbers = self.lines[pool]?.byKey[key] else { return [] }
    return numbers.runs.flatMap { $0.compactMap { self.holders[$0] } }
  }

  /// Those who wait for exactly this address, in order.
  func waiting(for address: IPAddress) -> [ObjectKey] {
    self.inOrder(self.byAddress[address] ?? [])
  }

  private func inOrder(_ services: some Sequence<ObjectKey>) -> [ObjectKey] {
    services.sorted { (self.tickets[$0]?.number ?? 0) < (self.tickets[$1]?.number ?? 0) }
  }
}
