import Primitives

/// Which speaker we are, where nobody says so (contract section 13.4).
package enum RouterID {
  /// The IPv4 address that a connection comes from, else that of its interface, else a number made of the node's name.
  package static func standard(local: IPAddress, interface: IPv4Address?, node: String) -> IPv4Address {
    if case .v4(let address) = local { return address }
    return interface ?? self.hashed(node)
  }

  /// The CRC-32 of the name, its octets from the lowest to the highest, as upstream writes them; never zero, which is no
  /// identifier.
  static func hashed(_ name: String) -> IPv4Address {
    var checksum = UInt32.max
    for octet in name.utf8 {
      checksum ^= UInt32(octet)
      for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xEDB8_8320 : checksum >> 1 }
    }
    let identifier = (~checksum).byteSwapped
    return IPv4Address(bits: identifier == 0 ? 1 : identifier)
  }
}
