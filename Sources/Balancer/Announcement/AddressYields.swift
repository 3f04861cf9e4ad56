import Primitives

/// The addresses that this node leaves to another one that was heard to announce them and comes first in the order,
/// although the failure detector does not know it (yet): what is on the wire is the newer truth.
///
/// A yield ends by itself: either the detector has seen the other node by then and the election agrees, or the node is
/// silent again and this one goes on. As long as the detector does not know the node, one of its addresses is asked for on
/// the wire all the while, as nobody else would notice its end.
struct AddressYields: Sendable, Equatable {
  private struct Yield: Sendable, Equatable {
    var node: String
    var until: ContinuousClock.Instant
  }

  /// Longer than a failure detector takes to see a node that is there.
  static let duration = Duration.seconds(10)

  private var yields: [IPAddress: Yield] = [:]
  private var addresses: [String: Set<IPAddress>] = [:]
  /// The nodes that are yielded to, each with one of its addresses: it stands for all of them.
  private(set) var samples: [String: IPAddress] = [:]

  /// Few at any time: a look at all is cheap.
  var nextDeadline: ContinuousClock.Instant? { self.yields.values.map(\.until).min() }

  /// Every address that is left to another node, with that node.
  var winners: [IPAddress: String] { self.yields.mapValues(\.node) }

  /// The node that has precedence on an address.
  subscript(address: IPAddress) -> String? { self.yields[address]?.node }

  mutating func yield(_ address: IPAddress, to node: String, at now: ContinuousClock.Instant) {
    if let former = self.yields[address]?.node, former != node { self.remove(address, from: former) }
    self.yields[address] = Yield(node: node, until: now + Self.duration)
    self.addresses[node, default: []].insert(address)
    if self.samples[node] == nil { self.samples[node] = address }
  }

  /// Ends those to a node that is gone, and returns their addresses.
  mutating func end(to node: String) -> [IPAddress] {
    let ended = (self.addresses[node] ?? []).sorted()
    for address in ended { self.remove(address, from: node) }
    return ended
  }

  /// Ends the one of an address, which is this node's now.
  mutating func end(_ address: IPAddress) {
    guard let node = self.yields[address]?.node else { return }
    self.remove(address, from: node)
  }

  /// Ends all, as this node is another one than the one that yielded.
  mutating func endAll() {
    self = AddressYields()
  }

  /// Ends those that are over, and returns their addresses.
  mutating func expire(at now: ContinuousClock.Instant) -> [IPAddress] {
    let over = self.yields.filter { $0.value.until <= now }
    for (address, yield) in over { self.remove(address, from: yield.node) }
    return over.keys.sorted()
  }

  private mutating func remove(_ address: IPAddress, from node: String) {
    self.yields[address] = nil
    self.addresses[node]?.remove(address)
    if self.addresses[node]?.isEmpty == true { self.addresses[node] = nil }
    if self.samples[node] == address { self.samples[node] = self.addresses[node]?.min() }
  }
}
