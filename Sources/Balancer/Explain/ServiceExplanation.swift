import KubernetesModel
import Primitives

/// Why a Service has the address that it has, or none (`metallb explain service`): what it asks for, how it stands, and
/// what each pool has to say.
package struct ServiceExplanation: Sendable, Equatable {
  /// Why the addresses are these.
  package enum Reason: Sendable, Hashable {
    /// The Service asks for them.
    case requestedAddresses
    /// The Service asks for the pool.
    case requestedPool
    /// The pool is kept for Services like this one; 0 = without a priority.
    case pinned(priority: Int)
    /// The first pool by name that has some.
    case firstByName
    /// It has them already: were it new, it would get others.
    case kept(wouldBe: Allocation?)
  }

  package var service: ObjectKey
  /// What the Service asks for, as names and values.
  package var asks: [Ask]
  package var standing: Standing
  /// The addresses in its status, as they stand there.
  package var shown: [String]
  /// What it has, or would have as soon as a controller works on it.
  package var allocation: Allocation?
  package var reason: Reason?
  package var candidates: [AllocationExplanation.Candidate]
  /// The Services that share the first address with it.
  package var company: [ObjectKey]
  /// What the controller tells the user of it, oldest first.
  package var notes: [EventNote]

  package struct Ask: Sendable, Hashable {
    package var name: String
    package var value: String
  }

  /// Whether the status says what was decided; false = no controller has done its work yet.
  package var isPublished: Bool {
    let decided = self.allocation?.addresses.map(\.description) ?? []
    return self.shown == decided || self.standing == .unmanaged || self.standing == .notLoadBalancer
      || { if case .kept = self.standing { true } else { false } }()
  }

  /// Whether there is an address that speakers of this load balancer could announce.
  package var isAnnounceable: Bool {
    switch self.standing {
    case .unread, .unmanaged, .notLoadBalancer, .waiting: false
    case .satisfied, .incomplete, .kept: true
    }
  }

  package init(of view: ServiceView, in rehearsal: Rehearsal) {
    let state = rehearsal.state
    self.service = view.key
    self.shown = view.ingressTexts
    self.standing = rehearsal.standing(of: view.key) ?? (view.isLoadBalancer ? .unread : .notLoadBalancer)
    self.asks = Self.asks(of: view)
    self.allocation = rehearsal.allocation(of: view.key)
    self.company =
      (self.allocation?.addresses.first).map { state.allocator.users(of: $0) }?
      .filter { $0 != view.key } ?? []
    self.notes = rehearsal.notes.filter { $0.object.namespace == view.key.namespace && $0.object.name == view.key.name }
    self.candidates = []
    guard self.standing != .notLoadBalancer, self.standing != .unmanaged, !view.clusterIPs.isEmpty,
      let request = try? AllocationRequest(view), let wish = Self.wish(of: view, in: state)
    else { return }
    let explanation = state.allocator.explanation(of: request, asking: wish)
    self.candidates = explanation.candidates
    self.reason = self.allocation.map { Self.reason(for: $0, explanation, wish) }
  }

  /// What the allocator is asked for; nil = the request makes no sense. A pool that does not exist counts only if the
  /// settings say so.
  private static func wish(of view: ServiceView, in state: ControllerState) -> AllocationExplanation.Wish? {
    let pool = view.requestedPool.flatMap { name in
      state.configuration.pools[name] != nil || state.settings.unknownPool == .fail ? name : nil
    }
    switch view.requested {
    case .failure: return nil
    case .success(let addresses) where !addresses.isEmpty: return .addresses(addresses, pool: pool)
    case .success: return pool.map { .pool($0) } ?? .any
    }
  }

  private static func reason(
    for allocation: Allocation, _ explanation: AllocationExplanation, _ wish: AllocationExplanation.Wish
  ) -> Reason {
    var wouldBe: Allocation?
    if let chosen = explanation.chosen, case .chosen(let addresses) = chosen.verdict {
      wouldBe = Allocation(pool: chosen.pool, addresses: addresses)
    }
    guard wouldBe?.pool == allocation.pool, wouldBe?.addresses.count == allocation.addresses.count else {
      return .kept(wouldBe: wouldBe)
    }
    switch wish {
    case .addresses: return .requestedAddresses
    case .pool: return .requestedPool
    case .any: break
    }
    guard let chosen = explanation.chosen, chosen.isPinned else { return .firstByName }
    return .pinned(priority: chosen.priority)
  }

  private static func asks(of view: ServiceView) -> [Ask] {
    var asks: [Ask] = []
    switch view.requested {
    case .success(let addresses):
      if !addresses.isEmpty {
        asks.append(Ask(name: "addresses", value: addresses.map(\.description).joined(separator: ", ")))
      }
    case .failure(let failure): asks.append(Ask(name: "addresses", value: failure.description))
    }
    if let pool = view.requestedPool { asks.append(Ask(name: "pool", value: pool)) }
    if let sharing = view.sharing { asks.append(Ask(name: "sharing key", value: sharing.sharing)) }
    if let name = view.loadBalancerClass { asks.append(Ask(name: "class", value: name)) }
    let families = (try? ServiceFamilies(of: view.clusterIPs)).map(\.description) ?? "none"
    asks.append(Ask(name: "families", value: "\(families) (cluster IPs \(view.clusterIPs.joined(separator: ", ")))"))
    if view.policy != .singleStack { asks.append(Ask(name: "family policy", value: view.policy.rawValue)) }
    return asks
  }
}
