/// Decides from heartbeats which nodes live, and when the pods of a dead one are given up.
///
///     unknown ──heartbeat──▶ ready ──silent for `grace`──▶ unreachable ──silent for `evictAfter`──▶ evicted
///                              ▲                               │                                       │
///                              └────────────heartbeat──────────┴───────────────────────────────────────┘
///
/// It is judged by when heartbeats arrived, and only after all that did were told of: that these were looked at late makes
/// no node look dead.
package struct NodeLifecycle: Sendable, Equatable {
  package enum Action: Sendable, Hashable {
    case markReady(String)
    case markUnreachable(String)
    case evictPods(String)
  }

  private enum State: Hashable {
    /// Heard since it was judged last, having counted as gone until then or not.
    case heard(silentAt: ContinuousClock.Instant, isBack: Bool)
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

  /// When something may have to be done without anything being heard.
  package var nextDeadline: ContinuousClock.Instant? {
    self.nodes.values.compactMap {
      switch $0 {
      case .heard(let silentAt, _): silentAt
      case .unreachable(let evictAt): evictAt
      case .evicted: nil
      }
    }.min()
  }

  /// A node exists, as far as its object says.
  package mutating func appeared(_ name: String, at now: ContinuousClock.Instant) {
    if self.nodes[name] == nil { self.nodes[name] = .heard(silentAt: now + self.grace, isBack: false) }
  }

  package mutating func disappeared(_ name: String) {
    self.nodes[name] = nil
  }

  /// The node's agent reached the control plane over the node's own network.
  package mutating func heard(_ name: String, at arrival: ContinuousClock.Instant) {
    let isBack =
      switch self.nodes[name] {
      case .heard(_, let isBack): isBack
      case nil, .unreachable, .evicted: true
      }
    self.nodes[name] = .heard(silentAt: arrival + self.grace, isBack: isBack)
  }

  /// What to do about the nodes, as they are now.
  package mutating func judge(at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    for (name, state) in self.nodes.sorted(by: { $0.key < $1.key }) {
      switch state {
      case .heard(let silentAt, _) where silentAt <= now:
        self.nodes[name] = .unreachable(evictAt: now + self.evictAfter)
        actions.append(.markUnreachable(name))
      case .heard(let silentAt, isBack: true):
        self.nodes[name] = .heard(silentAt: silentAt, isBack: false)
        actions.append(.markReady(name))
      case .unreachable(let evictAt) where evictAt <= now:
        self.nodes[name] = .evicted
        actions.append(.evictPods(name))
      case .heard, .unreachable, .evicted:
        break
      }
    }
    return actions
  }
}
