import Primitives

/// The end of a local network on which neighbours are answered: an interface, in the fields that a packet of one family
/// needs.
package struct Link: Sendable, Hashable {
  /// The index of the interface.
  package let index: Int
  package let name: String
  package let family: IPFamily
  package let hardwareAddress: MACAddress

  package init(index: Int, name: String, family: IPFamily = .ipv4, hardwareAddress: MACAddress) {
    self.index = index
    self.name = name
    self.family = family
    self.hardwareAddress = hardwareAddress
  }

  /// Nil if the interface cannot announce addresses of the family.
  package init?(_ interface: Interface, for family: IPFamily) {
    guard interface.unsuitability(for: family) == nil, let hardwareAddress = interface.hardwareAddress else {
      return nil
    }
    self.init(index: interface.index, name: interface.name, family: family, hardwareAddress: hardwareAddress)
  }
}
