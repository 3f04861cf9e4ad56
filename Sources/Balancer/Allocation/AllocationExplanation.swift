import KubernetesModel
import Primitives

/// What every pool has to say to what a Service asks for, by the allocator's own checks, in the order in which the pools
/// are tried.
package struct AllocationExplanation: Sendable, Equatable {
  /// What a Service asks for.
  package enum Wish: Sendable, Hashable {
    /// Exactly these, and if a pool is named, from there.
    case addresses([IPAddress], pool: String?)
    case pool(String)
    case any
  }

  /// What one pool has to say.
  package enum Verdict: Sendable, Hashable {
    /// The Service gets these from here.
    case chosen([IPAddress])
    /// It could, but another comes first.
    case notReached
    /// The Service asks for another pool.
    case notRequested
    /// The addresses that the Service asks for are not in the pool.
    case lacksAddresses
    /// `autoAssign` is false: only for Services that ask for it.
    case manual
    /// `serviceAllocation` keeps the pool for other Services.
    case restricted
    /// `serviceAllocation` has nothing but selectors that match no namespace at present.
    case dormant
    /// The pool has no address of this family at all, free or not.
    case lacksFamily(IPFamily)
    /// No address of these families is free, or can be shared by the Service.
    case exhausted([IPFamily])
    /// The addresses are in the pool, but the Service may not have them.
    case refused(AllocationError)
  }

  package struct Candidate: Sendable, Hashable {
    package var pool: String
    package var verdict: Verdict
    /// Whether the pool is kept for some Services, and so tried before those that are for all.
    package var isPinned: Bool
    /// Of a pool that is kept for some Services; 0 = last.
    package var priority: Int
    /// With everything that is in use, what the Service has itself included.
    package var counters: PoolCounters
  }

  package var candidates: [Candidate]
  /// Why there is nothing to be had; nil = there is.
  package var failure: AllocationError?

  /// The pool that the addresses come from.
  package var chosen: Candidate? {
    self.candidates.first { if case .chosen = $0.verdict { true } else { false } }
  }
}

extension Allocator {
  /// Explains what a Service would get, were it to come now for the first time.
  package func explanation(
    of request: AllocationRequest, asking wish: AllocationExplanation.Wish
  ) -> AllocationExplanation {
    var rehearsal = self
    rehearsal.release(request.service)
    let outcome = Result { () throws(AllocationError) in try rehearsal.granted(request, wish) }
    let tried = Array(self.directory.pinned) + self.directory.open
    let rest = self.ledgers.keys.filter { !tried.contains($0) }.sorted()
    // What the Service has itself is free for it.
    var without = self
    without.release(request.service)
    let candidates = (tried + rest).compactMap { name -> AllocationExplanation.Candidate? in
      guard let ledger = without.ledgers[name] else { return nil }
      let verdict: AllocationExplanation.Verdict
      if case .success(let allocation) = outcome, allocation.pool == name {
        verdict = .chosen(allocation.addresses)
      } else {
        verdict = without.verdict(of: ledger, on: request, wish)
      }
      return AllocationExplanation.Candidate(
        pool: name, verdict: verdict, isPinned: ledger.scope.isPinned,
        priority: ledger.configuration.restriction?.priority ?? 0,
        counters: self.ledgers[name]?.counters ?? ledger.counters)
    }
    guard case .failure(let failure) = outcome else { return AllocationExplanation(candidates: candidates) }
    return AllocationExplanation(candidates: candidates, failure: failure)
  }

  /// The allocation itself, by the very functions that the controller uses.
  private mutating func granted(
    _ request: AllocationRequest, _ wish: AllocationExplanation.Wish
  ) throws(AllocationError) -> Allocation {
    switch wish {
    case .addresses(let addresses, let pool):
      guard (try? ServiceFamilies(of: addresses)) == request.families else { throw .otherFamily(addresses) }
      let owner = try self.check(addresses, for: request)
      if let pool, pool != owner { throw .otherPool(addresses, requested: pool) }
      return try self.assign(addresses, to: request)
    case .pool(let pool): return try self.allocate(request, from: pool)
    case .any: return try self.allocate(request)
    }
  }

  private func verdict(
    of ledger: PoolLedger, on request: AllocationRequest, _ wish: AllocationExplanation.Wish
  ) -> AllocationExplanation.Verdict {
    let name = ledger.configuration.name
    switch wish {
    case .addresses(let addresses, let pool):
      guard addresses.contains(where: { self.pool(owning: $0) == name }) else { return .lacksAddresses }
      do throws(AllocationError) {
        _ = try self.check(addresses, for: request)
        guard let pool, pool != name else { return .refused(.otherFamily(addresses)) }
        return .refused(.otherPool(addresses, requested: pool))
      } catch {
        return .refused(error)
      }
    case .pool(let pool):
      guard pool == name else { return .notRequested }
      guard ledger.scope.isCompatible(with: request) else { return .restricted }
    case .any:
      guard ledger.configuration.autoAssign else { return .manual }
      guard ledger.scope.isCompatible(with: request) else { return .restricted }
      guard ledger.scope.isSelectable(for: request) else { return .dormant }
    }
    return Self.shortage(in: ledger, for: request) ?? .notReached
  }

  /// What a pool lacks for a request; nil = nothing.
  private static func shortage(
    in ledger: PoolLedger, for request: AllocationRequest
  ) -> AllocationExplanation.Verdict? {
    let families = IPFamily.allCases.filter { request.families.contains($0) }
    let missing = families.filter { ledger[$0].first(for: request) == nil }
    guard !missing.isEmpty else { return nil }
    if request.policy == .preferDualStack, missing.count < families.count { return nil }
    if let absent = missing.first(where: { ledger[$0].capacity == 0 }) { return .lacksFamily(absent) }
    return .exhausted(missing)
  }
}
