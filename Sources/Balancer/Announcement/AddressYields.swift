import Primitives

/// The addresses that this node leaves to another one that was heard to announce them and comes first in the order,
/// although the failure detector does not know it (yet): what is on the wire is the newer truth.
///
/// A yield ends by itself: either the detector has seen the other node by then and the election agrees, or the node is
/// silent again and this one goes on.
struct AddressYields: Sendable, Equatable {
  private struct Yield: Sendable, Equatable {
    var node: String
    var until: ContinuousClock.Instant
  }

  /// Longer than a failure detector takes to see a node that is there.
  static let duration = Duration.seconds(10)

  private var yields: [IPAddress: Yield] = [:]

  /// Few at any time: a look at all is cheap.
  var nextDeadline: ContinuousClock.Instant? { self.yields.values.map(\.until).min() }

  /// Every address that is left to another node, with that node.
  var winners: [IPAddress: String] { self.yields.mapValues(\.node) }

  /// The node that has precedence on an address.
  subscript(address: IPAddress) -> String? { self.yields[address]?.node }

  mutating func yield(_ address: IPAddress, to node: String, at now: ContinuousClock.Instant) {
    self.yields[address] = Yield(node: node, until: now + Self.duration)
  }

  /// Ends those to a node that is gone, and returns their addresses.
  mutating func end(to node: String) -> [IPAddress] {
    let ended = self.yields.filter { $0.value.node == node }.keys.sorted()
    for address in ended { self.yields[address] = nil }
    return ended
  }

  /// Ends those that are over, and returns their addresses.
  mutating func expire(at now: ContinuousClock.Instant) -> [IPAddress] {
    let over = self.yields.filter { $0.value.until <= now }.keys.sorted()
    for address in over { self.yields[address] = nil }
    return over
  }
}
