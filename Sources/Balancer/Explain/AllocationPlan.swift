import KubernetesModel
import Primitives

/// What another configuration would do to the addresses of the Services that exist (`metallb plan`).
package struct AllocationPlan: Sendable, Equatable {
  /// What becomes of the addresses of one Service.
  package enum Fate: String, Sendable, Hashable, CaseIterable {
    case keeps
    case changes
    case loses
    case gains
    /// It has none, and gets none.
    case waits
  }

  package struct Entry: Sendable, Hashable {
    package var service: ObjectKey
    package var before: Allocation?
    package var after: Allocation?
    /// Why it has no addresses then, or not those that it asks for.
    package var reason: AllocationError?

    package var fate: Fate {
      switch (self.before, self.after) {
      case (nil, nil): .waits
      case (nil, .some): .gains
      case (.some, nil): .loses
      case (let before?, let after?): before.addresses == after.addresses ? .keeps : .changes
      }
    }

    /// Whether anything changes that an operator would see; another pool of the same addresses is not an outage, but is.
    package var isChange: Bool {
      switch self.fate {
      case .changes, .loses, .gains: true
      case .waits: false
      case .keeps: self.before?.pool != self.after?.pool
      }
    }
  }

  /// By the names of the Services.
  package var entries: [Entry]
  /// What is wrong with the configuration as it would be.
  package var problems: [Problem]

  package var isChange: Bool { self.entries.contains(where: \.isChange) }

  package func count(of fate: Fate) -> Int { self.entries.count { $0.fate == fate } }

  package init(entries: [Entry], problems: [Problem]) {
    self.entries = entries
    self.problems = problems
  }

  /// The plan for a cluster whose configuration turns from one into another: what is new or different is applied first, in
  /// the order in which it stands, and what is no longer there is deleted after that.
  package init(
    services: [ServiceView], namespaces: [Namespace], from current: ConfigurationObjects,
    to proposed: ConfigurationObjects, settings: ControllerState.Settings, at start: ContinuousClock.Instant
  ) {
    var rehearsal = Rehearsal(
      of: services, namespaces: namespaces, configuration: current, settings: settings, at: start)
    let keys = services.filter { $0.isLoadBalancer && $0.loadBalancerClass == settings.loadBalancerClass }
      .map(\.key).sorted()
    let before = keys.map { rehearsal.allocation(of: $0) }
    rehearsal.change(Self.changes(from: current.pools ?? [], to: proposed.pools ?? []))
    self.entries = zip(keys, before).map { key, before in
      Entry(
        service: key, before: before, after: rehearsal.allocation(of: key),
        reason: rehearsal.standing(of: key)?.reason)
    }
    self.problems = ConfigurationCheck.problems(in: proposed)
  }

  private static func changes(
    from current: [IPAddressPool], to proposed: [IPAddressPool]
  ) -> [ObjectChange<IPAddressPool>] {
    let old = Dictionary(current.map { ($0.key, $0) }) { _, last in last }
    let applied = proposed.filter { old[$0.key]?.spec != $0.spec || old[$0.key]?.metadata != $0.metadata }
    let kept = Set(proposed.map(\.key))
    return applied.map { .applied($0) } + old.keys.filter { !kept.contains($0) }.sorted().map { .deleted($0) }
  }
}

extension Standing {
  /// Why a Service does not have what it asks for; nil = it does, or asks for nothing.
  package var reason: AllocationError? {
    switch self {
    case .incomplete(let error), .waiting(let error), .kept(let error): error
    case .unread, .unmanaged, .notLoadBalancer, .satisfied: nil
    }
  }
}
