import KubernetesModel
import Primitives

/// The addresses that this node leaves to another one that was heard to announce them and comes first in the order,
/// although the failure detector does not know it (yet), or that has said that it has claimed them: what is on the wire is
/// the newer truth. To one that has objected, while this node does not see the cluster, they are left bindingly, whatever this
/// node believes of the other's candidacy.
///
/// A yield ends by itself, unless it is binding: either the detector has seen the other node by then and the election
/// agrees, or the node is silent again and this one goes on. As long as the detector does not know the node, one of its
/// addresses is asked for on the wire all the while, as nobody else would notice its end.
struct AddressYields: Sendable, Equatable {
  private struct Yield: Sendable, Equatable {
    var node: String
    /// What the node has said of its claim; nil = it has said nothing.
    var term: Int?
    /// Nil = it is binding.
    var until: ContinuousClock.Instant?
  }

  /// Longer than a failure detector takes to see a node that is there.
  static let duration = Duration.seconds(10)
  /// As long as what is written may be unknown to a node that was cut off.
  static let toldDuration = Duration.seconds(30)

  private var yields: [IPAddress: Yield] = [:]
  private var addresses: [String: Set<IPAddress>] = [:]
  /// The nodes that are yielded to, each with one of its addresses: it stands for all of them.
  private(set) var samples: [String: IPAddress] = [:]
  private var alarms = Alarms<IPAddress>()
  /// Those of which it may be another matter than before whether they are to be asked for.
  private var doubted: Set<IPAddress> = []

  var isEmpty: Bool { self.yields.isEmpty }

  var nextDeadline: ContinuousClock.Instant? { self.alarms.first }

  /// Every address that is left to another node, with that node.
  var winners: [IPAddress: String] { self.yields.mapValues(\.node) }

  /// The node that has precedence on an address.
  subscript(address: IPAddress) -> String? { self.yields[address]?.node }

  /// The term under which that node has said to have claimed it.
  func term(of address: IPAddress) -> Int? { self.yields[address]?.term }

  /// Whether the address is left to that node whatever else is known of it.
  func isBinding(_ address: IPAddress) -> Bool { self.yields[address].map { $0.until == nil } ?? false }

  mutating func yield(_ address: IPAddress, to node: String, under term: Int? = nil, at now: ContinuousClock.Instant) {
    let until = now + (term == nil ? Self.duration : Self.toldDuration)
    self.put(address, Yield(node: node, term: term, until: until))
    self.alarms.set(until, for: address)
  }

  /// Leaves an address to a node until ``endBinding()``, or until it is found not to be there.
  mutating func bind(_ address: IPAddress, to node: String) {
    self.put(address, Yield(node: node, term: nil, until: nil))
  }

  private mutating func put(_ address: IPAddress, _ yield: Yield) {
    let node = yield.node
    if let former = self.yields[address]?.node, former != node { self.remove(address, from: former) }
    self.yields[address] = yield
    self.addresses[node, default: []].insert(address)
    if self.samples[node] == nil { self.samples[node] = address }
    self.doubted.insert(address)
  }

  /// Ends those to a node that is gone, and returns their addresses.
  mutating func end(to node: String) -> [IPAddress] {
    let ended = (self.addresses[node] ?? []).sorted()
    for address in ended { self.remove(address, from: node) }
    return ended
  }

  /// Ends the binding ones, and returns their addresses.
  mutating func endBinding() -> [IPAddress] {
    let ended = self.yields.filter { $0.value.until == nil }.keys.sorted()
    for address in ended { self.end(address) }
    return ended
  }

  /// Ends the one of an address, which is this node's now.
  mutating func end(_ address: IPAddress) {
    guard let node = self.yields[address]?.node else { return }
    self.remove(address, from: node)
  }

  /// Ends all, as this node is another one than the one that yielded.
  mutating func endAll() {
    for (address, yield) in self.yields { self.remove(address, from: yield.node) }
  }

  /// Ends those that are over, and returns their addresses.
  mutating func expire(at now: ContinuousClock.Instant) -> [IPAddress] {
    var over: [IPAddress] = []
    while let address = self.alarms.next(at: now) {
      guard let yield = self.yields[address], let until = yield.until, until <= now else { continue }
      self.remove(address, from: yield.node)
      over.append(address)
    }
    return over
  }

  private mutating func remove(_ address: IPAddress, from node: String) {
    self.yields[address] = nil
    self.doubted.insert(address)
    self.addresses[node]?.remove(address)
    if self.addresses[node]?.isEmpty == true { self.addresses[node] = nil }
    // Most end in their order, so that the last one is replaced least often.
    if self.samples[node] == address { self.samples[node] = self.addresses[node]?.max() }
  }

  // MARK: What to ask for

  /// Something that decides whether these are asked for may have changed.
  mutating func doubt(_ addresses: [IPAddress]) {
    guard !self.isEmpty else { return }
    for address in addresses where self.yields[address] != nil { self.doubted.insert(address) }
  }

  /// The same of all that are left to a node.
  mutating func doubt(to node: String) {
    if let addresses = self.addresses[node] { self.doubted.formUnion(addresses) }
  }

  /// The same of all.
  mutating func doubtAll() {
    self.doubted.formUnion(self.yields.keys)
  }

  /// Those to look at, once.
  mutating func takeDoubted() -> Set<IPAddress> {
    defer { if !self.doubted.isEmpty { self.doubted = [] } }
    return self.doubted
  }
}
