import Layer2
import Primitives

/// A classic BPF program that the kernel runs on each frame before it wakes anybody.
///
/// A busy network carries many questions that are not for us; those must cost this process nothing.
package struct PacketFilter: Sendable, Hashable {
  /// One instruction, with the fields of `struct sock_filter`.
  package struct Instruction: Sendable, Hashable {
    package let code: UInt16
    package let ifTrue: UInt8
    package let ifFalse: UInt8
    package let operand: UInt32
  }

  package let program: [Instruction]

  /// Passes the ARP requests for IPv4 that arrive on a link, are for everybody or for it, and ask for an address inside a
  /// cover; everything else is dropped.
  ///
  /// A socket that is bound to an interface also sees what arrives for the VLANs on top of it, with the tag removed
  /// already. Such a frame belongs to another interface (`skb->dev`), or to none, and then counts as another host's.
  package static func questions(on link: Link, about targets: AddressCover) -> PacketFilter {
    var assembler = Assembler()
    assembler.dropUnless(.interface, equals: UInt32(link.index))
    assembler.dropIf(.packetType, exceeds: PacketType.broadcast)
    assembler.dropUnless(.half(12), equals: 0x0806)
    assembler.dropUnless(.word(14), equals: 0x0001_0800)  // Ethernet, IPv4
    assembler.dropUnless(.word(18), equals: 0x0604_0001)  // their lengths, request
    assembler.load(.word(38))
    for range in targets.ranges {
      assembler.pass(ifBetween: range.lowerBound.bits, and: range.upperBound.bits)
    }
    return PacketFilter(program: assembler.finish())
  }

  private enum PacketType {
    /// `PACKET_HOST` is 0, `PACKET_BROADCAST` 1; multicast, other hosts' and our own frames follow.
    static let broadcast: UInt32 = 1
  }
}

/// Builds a program that ends in a drop; every check that fails jumps there.
private struct Assembler {
  enum Field {
    case half(UInt32)
    case word(UInt32)
    case interface
    case packetType
  }

  private enum Jump { case toDrop, toPass }
  private enum Condition: UInt16 {
    case equals = 0x15
    case exceeds = 0x25
    case atLeast = 0x35
  }

  /// What a passed frame is cut to: an ARP packet with its header, and what is read of it.
  private static let snapLength: UInt32 = 64
  private static let ancillary: UInt32 = 0xFFFF_F000  // SKF_AD_OFF

  private enum Line {
    case load(code: UInt16, operand: UInt32)
    case jump(Condition, UInt32, ifTrue: Jump?, ifFalse: Jump?)
    /// Skips the next line if the condition does not hold.
    case skipUnless(Condition, UInt32)
  }
  private var lines: [Line] = []

  mutating func load(_ field: Field) {
    switch field {
    case .half(let offset): self.lines.append(.load(code: 0x28, operand: offset))
    case .word(let offset): self.lines.append(.load(code: 0x20, operand: offset))
    case .packetType: self.lines.append(.load(code: 0x20, operand: Self.ancillary + 4))
    case .interface: self.lines.append(.load(code: 0x20, operand: Self.ancillary + 8))
    }
  }

  mutating func dropUnless(_ field: Field, equals value: UInt32) {
    self.load(field)
    self.lines.append(.jump(.equals, value, ifTrue: nil, ifFalse: .toDrop))
  }

  mutating func dropIf(_ field: Field, exceeds value: UInt32) {
    self.load(field)
    self.lines.append(.jump(.exceeds, value, ifTrue: .toDrop, ifFalse: nil))
  }

  mutating func pass(ifBetween lower: UInt32, and upper: UInt32) {
    self.lines.append(.skipUnless(.atLeast, lower))
    self.lines.append(.jump(.exceeds, upper, ifTrue: nil, ifFalse: .toPass))
  }

  consuming func finish() -> [PacketFilter.Instruction] {
    let drop = self.lines.count
    let pass = drop + 1
    var program: [PacketFilter.Instruction] = []
    for (index, line) in self.lines.enumerated() {
      func distance(_ jump: Jump?) -> UInt8 {
        switch jump {
        case .toDrop: UInt8(drop - index - 1)
        case .toPass: UInt8(pass - index - 1)
        case nil: 0
        }
      }
      switch line {
      case .load(let code, let operand):
        program.append(.init(code: code, ifTrue: 0, ifFalse: 0, operand: operand))
      case .jump(let condition, let operand, let ifTrue, let ifFalse):
        program.append(
          .init(
            code: condition.rawValue, ifTrue: distance(ifTrue), ifFalse: distance(ifFalse), operand: operand))
      case .skipUnless(let condition, let operand):
        program.append(.init(code: condition.rawValue, ifTrue: 0, ifFalse: 1, operand: operand))
      }
    }
    program.append(.init(code: 0x06, ifTrue: 0, ifFalse: 0, operand: 0))
    program.append(.init(code: 0x06, ifTrue: 0, ifFalse: 0, operand: Self.snapLength))
    return program
  }
}
