import Gossip
import Primitives
import TestKit

/// The bytes of hexadecimal text; spaces do not count.
func bytes(_ hex: String) -> [UInt8] {
  let digits = hex.filter { !$0.isWhitespace }.map { $0.hexDigitValue.map(UInt8.init) ?? 0 }
  return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

extension MemberAddress {
  /// The place of the node with a number, on the port of memberlist.
  static func node(_ number: UInt8) -> MemberAddress { MemberAddress(.v4(IPv4Address(10, 77, 0, number)), 7946) }
}

let alpha = MemberAddress.node(1)
let beta = MemberAddress.node(2)
let gamma = MemberAddress.node(3)

extension ProtocolVersions {
  /// What serf agents say of themselves.
  static let serf = ProtocolVersions(
    minimum: 1, maximum: 5, current: 2, applicationMinimum: 2, applicationMaximum: 5, applicationCurrent: 5)
}

extension Nonce {
  static func of(_ seed: UInt64) -> Nonce {
    var dice = SplitMix64(seed: seed)
    return Nonce(using: &dice)
  }
}
