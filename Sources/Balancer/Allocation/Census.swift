import HashTreeCollections
import KubernetesModel

/// How many Services stand how, kept as it changes, so that nobody has to go through all of them to know.
///
/// It is a value of which a copy costs nothing, however many Services want something: whoever asks gets one.
struct Census: Sendable, Equatable {
  /// How many have an address.
  private(set) var servedCount = 0
  /// How many have none, and ask for one.
  private(set) var waitingCount = 0
  /// Those that do not have all that they ask for.
  private(set) var wanting: TreeDictionary<ObjectKey, Standing> = [:]

  /// A Service stands otherwise than before; nil = there is no such Service.
  mutating func note(_ key: ObjectKey, from old: Standing?, to new: Standing?) {
    guard old != new else { return }
    self.servedCount += (new?.isServed == true ? 1 : 0) - (old?.isServed == true ? 1 : 0)
    self.waitingCount += (new?.isWaiting == true ? 1 : 0) - (old?.isWaiting == true ? 1 : 0)
    if new?.want == nil {
      if old?.want != nil { self.wanting[key] = nil }
    } else {
      self.wanting[key] = new
    }
  }
}

extension Standing {
  /// Whether the Service has an address from here.
  var isServed: Bool {
    switch self {
    case .satisfied, .incomplete, .kept: true
    case .unread, .unmanaged, .notLoadBalancer, .waiting: false
    }
  }

  /// Whether the Service asks for an address and has none.
  var isWaiting: Bool {
    if case .waiting = self { true } else { false }
  }

  /// Why the Service does not have all that it asks for.
  var want: AllocationError? {
    switch self {
    case .incomplete(let error), .kept(let error), .waiting(let error): error
    case .unread, .unmanaged, .notLoadBalancer, .satisfied: nil
    }
  }
}
