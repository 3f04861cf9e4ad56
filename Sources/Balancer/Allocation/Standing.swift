import Primitives

/// How a Service stands with the controller, with the reason where it does not have what it asks for.
package enum Standing: Sendable, Hashable {
  /// Not looked at yet.
  case unread
  /// Of another load-balancer class: left alone, but its addresses are given to nobody else.
  case unmanaged
  /// Of another type: has no addresses.
  case notLoadBalancer
  /// Has the addresses that it asks for.
  case satisfied
  /// Has an address that works, but not all that it asks for.
  case incomplete(AllocationError)
  /// Has no address.
  case waiting(AllocationError)
  /// Keeps what its status says, because nothing valid says otherwise.
  case kept(AllocationError)

  /// What the status of the Service should say.
  enum Target {
    case asItIs
    case nothing
    case allocation
  }

  var target: Target {
    switch self {
    case .unread, .unmanaged, .kept: .asItIs
    case .notLoadBalancer, .waiting: .nothing
    case .satisfied, .incomplete: .allocation
    }
  }
}

/// A Service as the controller knows it.
struct ServiceEntry: Sendable, Equatable {
  var view: ServiceView
  var standing = Standing.unread
  /// The addresses that its status shows, or will if the write that is under way succeeds.
  var shown: Set<IPAddress> = []
  /// Whether its addresses wait to leave the status of another Service.
  var isBlocked = false
  /// What the user was told last, by the reason of the Event, so as not to repeat it.
  var told: [String: String] = [:]

  /// All is well: whatever goes wrong from here on is news.
  mutating func forgetFailures() {
    guard !self.told.isEmpty else { return }
    self.told = self.told.filter { $0.key == Note.unknownPool || $0.key == Note.noMatchingAdvertisement }
  }
}
