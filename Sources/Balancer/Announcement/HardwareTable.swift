import Primitives

/// Which node announces from which hardware addresses.
struct HardwareTable: Sendable, Equatable {
  private var addresses: [String: Set<MACAddress>] = [:]
  private var nodes: [MACAddress: Set<String>] = [:]

  /// The one node that has an address; nil = none, or several, as container networks give one address to many interfaces.
  func node(with address: MACAddress) -> String? {
    guard let nodes = self.nodes[address], nodes.count == 1 else { return nil }
    return nodes.first
  }

  /// A node has these and no others.
  mutating func put(_ new: Set<MACAddress>, of node: String) {
    let old = self.addresses[node] ?? []
    guard new != old else { return }
    self.addresses[node] = new.isEmpty ? nil : new
    for address in old.subtracting(new) {
      self.nodes[address]?.remove(node)
      if self.nodes[address]?.isEmpty == true { self.nodes[address] = nil }
    }
    for address in new.subtracting(old) { self.nodes[address, default: []].insert(node) }
  }
}
