/// One of the two versions of the Internet Protocol.
package enum IPFamily: String, Sendable, Hashable, CaseIterable, Comparable, CustomStringConvertible {
  case ipv4
  case ipv6

  /// The width of an address in bits.
  package var addressBits: Int {
    switch self {
    case .ipv4: 32
    case .ipv6: 128
    }
  }

  /// The family that this one is not.
  package var other: IPFamily {
    switch self {
    case .ipv4: .ipv6
    case .ipv6: .ipv4
    }
  }

  /// `ipv4` or `ipv6`, as events and errors print it (contract section 8.6).
  package var description: String { self.rawValue }

  package static func < (left: IPFamily, right: IPFamily) -> Bool { left.addressBits < right.addressBits }
}
