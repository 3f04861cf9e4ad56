import Primitives

/// Filters for what is carried over IP.
extension PacketFilter {
  /// Passes what has not gone through any router: the hop limit has its highest value, 255 (RFC 5082).
  package static func fullHopLimit(of family: IPFamily) -> PacketFilter {
    // The TTL of IPv4 is in the ninth octet of the header, the hop limit of IPv6 in the eighth.
    let field: UInt32 = family == .ipv4 ? 8 : 7
    return PacketFilter(program: [
      Instruction(code: 0x30, ifTrue: 0, ifFalse: 0, operand: networkHeader + field),
      Instruction(code: 0x15, ifTrue: 0, ifFalse: 1, operand: 255),
      Instruction(code: 0x06, ifTrue: 0, ifFalse: 0, operand: UInt32(UInt16.max)),
      Instruction(code: 0x06, ifTrue: 0, ifFalse: 0, operand: 0),
    ])
  }

  /// Passes the frames of Ethernet that carry a UDP datagram to a port, whole and not in fragments.
  package static func datagrams(to port: UInt16, of family: IPFamily) -> PacketFilter {
    typealias Step = Instruction
    let drop = Step(code: 0x06, ifTrue: 0, ifFalse: 0, operand: 0)
    let pass = Step(code: 0x06, ifTrue: 0, ifFalse: 0, operand: UInt32(UInt16.max))
    let (half, octet, equals) = (0x28 as UInt16, 0x30 as UInt16, 0x15 as UInt16)
    switch family {
    case .ipv4:
      return PacketFilter(program: [
        Step(code: half, ifTrue: 0, ifFalse: 0, operand: 12),
        Step(code: equals, ifTrue: 0, ifFalse: 7, operand: 0x0800),
        Step(code: octet, ifTrue: 0, ifFalse: 0, operand: 23), Step(code: equals, ifTrue: 0, ifFalse: 5, operand: 17),
        Step(code: half, ifTrue: 0, ifFalse: 0, operand: 20),
        // Any bit of the fragment's offset, or that more follow.
        Step(code: 0x45, ifTrue: 3, ifFalse: 0, operand: 0x3FFF),
        // The length of the IP header goes to the index register.
        Step(code: 0xB1, ifTrue: 0, ifFalse: 0, operand: 14), Step(code: 0x48, ifTrue: 0, ifFalse: 0, operand: 16),
        Step(code: equals, ifTrue: 1, ifFalse: 0, operand: UInt32(port)), drop, pass,
      ])
    case .ipv6:
      return PacketFilter(program: [
        Step(code: half, ifTrue: 0, ifFalse: 0, operand: 12),
        Step(code: equals, ifTrue: 0, ifFalse: 4, operand: 0x86DD),
        Step(code: octet, ifTrue: 0, ifFalse: 0, operand: 20), Step(code: equals, ifTrue: 0, ifFalse: 2, operand: 17),
        Step(code: half, ifTrue: 0, ifFalse: 0, operand: 56),
        Step(code: equals, ifTrue: 1, ifFalse: 0, operand: UInt32(port)), drop, pass,
      ])
    }
  }

  /// Where offsets into the network header start, whatever the socket shows of a packet (SKF_NET_OFF).
  private static let networkHeader: UInt32 = 0xFFF0_0000
}
