import KubernetesModel
import Primitives

/// Decides from heartbeats which nodes live, and when the pods of a dead one are given up.
///
///     unknown ──heartbeat──▶ ready ──silent for `grace`──▶ unreachable ──silent for `evictAfter`──▶ evicted
///                              ▲                               │                                       │
///                              └────────────heartbeat──────────┴───────────────────────────────────────┘
package struct NodeLifecycle: StateMachine, Equatable {
  package enum Event: Timed, Sendable, Hashable {
    case tick
    /// A node exists, as far as its object says.
    case appeared(String)
    case disappeared(String)
    /// The node's agent has reached the control plane over the node's own network.
    case heartbeat(String)
  }

  package enum Action: Sendable, Hashable {
    case markReady(String)
    case markUnreachable(String)
    case evictPods(String)
  }

  private enum State: Hashable {
    case ready(silentAt: ContinuousClock.Instant)
    case unreachable(evictAt: ContinuousClock.Instant)
    case evicted
  }

  private let grace: Duration
  private let evictAfter: Duration
  private var nodes: [String: State] = [:]

  package init(grace: Duration, evictAfter: Duration) {
    self.grace = grace
    self.evictAfter = evictAfter
  }

  package var nextDeadline: ContinuousClock.Instant? {
    self.nodes.values.compactMap {
      switch $0 {
      case .ready(let silentAt): silentAt
      case .unreachable(let evictAt): evictAt
      case .evicted: nil
      }
    }.min()
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .tick:
      break
    case .appeared(let name):
      if self.nodes[name] == nil { self.nodes[name] = .ready(silentAt: now + self.grace) }
    case .disappeared(let name):
      self.nodes[name] = nil
    case .heartbeat(let name):
      switch self.nodes[name] {
      case .ready: break
      case nil, .unreachable, .evicted: actions.append(.markReady(name))
      }
      self.nodes[name] = .ready(silentAt: now + self.grace)
    }
    for (name, state) in self.nodes.sorted(by: { $0.key < $1.key }) {
      switch state {
      case .ready(let silentAt) where silentAt <= now:
        self.nodes[name] = .unreachable(evictAt: now + self.evictAfter)
        actions.append(.markUnreachable(name))
      case .unreachable(let evictAt) where evictAt <= now:
        self.nodes[name] = .evicted
        actions.append(.evictPods(name))
      case .ready, .unreachable, .evicted:
        break
      }
    }
    return actions
  }
}
