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

  /// Passes what the answering of neighbours on a link has to see, and drops everything else: questions for an address
  /// inside a cover, and claims to have one.
  ///
  /// A socket that is bound to an interface also sees what arrives for the VLANs on top of it, with the tag removed
  /// already. Such a frame belongs to another interface (`skb->dev`), or to none, and then counts as another host's.
  package init(on link: Link, about cover: AddressCover) {
    switch link.family {
    case .ipv4: self = .arp(on: link, about: cover)
    case .ipv6: self = .neighborDiscovery(on: link, about: cover)
    }
  }

  init(program: [Instruction]) {
    self.program = program
  }

  /// The ARP packets for IPv4 that are for everybody or for the link, and have an address inside the cover as the target
  /// of a request or as the sender.
  private static func arp(on link: Link, about cover: AddressCover) -> PacketFilter {
    var assembler = Assembler(snapLength: 64)
    assembler.dropUnless(.interface, equals: UInt32(link.index))
    assembler.dropIf(.packetType, exceeds: PacketType.broadcast)
    assembler.dropUnless(.half(12), equals: 0x0806)
    assembler.dropUnless(.word(14), equals: 0x0001_0800)  // Ethernet, IPv4
    assembler.dropUnless(.half(18), equals: 0x0604)  // their lengths
    assembler.dropIf(.half(20), exceeds: 2)  // neither request nor reply
    assembler.load(.word(38))  // the target: a packet that ends before it is dropped here
    for range in cover.ranges {
      assembler.pass(ifBetween: range.lowerBound, and: range.upperBound)
    }
    assembler.load(.word(28))  // the sender
    for range in cover.ranges {
      assembler.pass(ifBetween: range.lowerBound, and: range.upperBound)
    }
    return PacketFilter(program: assembler.finish())
  }

  /// The Neighbor Solicitations and Advertisements that come from this very link and whose target agrees, in its last
  /// 32 bits, with an address inside the cover.
  ///
  /// The socket sees all IPv6 that arrives; what is no ICMPv6, nearly all of it, is dropped after two instructions.
  private static func neighborDiscovery(on link: Link, about cover: AddressCover) -> PacketFilter {
    var assembler = Assembler(snapLength: UInt32(PacketSocket.longestFrame))
    assembler.dropUnless(.byte(20), equals: 58)
    assembler.dropIf(.byte(54), exceeds: 136)
    assembler.dropIf(.byte(54), isBelow: 135)
    assembler.dropUnless(.byte(21), equals: 255)
    assembler.dropUnless(.half(12), equals: 0x86DD)
    assembler.dropUnless(.interface, equals: UInt32(link.index))
    assembler.dropIf(.packetType, exceeds: PacketType.multicast)
    assembler.load(.word(74))
    for range in cover.ranges {
      assembler.pass(ifBetween: range.lowerBound, and: range.upperBound)
    }
    return PacketFilter(program: assembler.finish())
  }

  private enum PacketType {
    /// `PACKET_HOST` is 0; other hosts' and our own frames follow after multicast.
    static let broadcast: UInt32 = 1
    static let multicast: UInt32 = 2
  }
}

/// Builds a program that ends in a drop; every check that fails jumps there.
private struct Assembler {
  enum Field {
    case byte(UInt32)
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

  /// What a passed frame is cut to.
  private let snapLength: UInt32
  private static let ancillary: UInt32 = 0xFFFF_F000  // SKF_AD_OFF

  private enum Line {
    case load(code: UInt16, operand: UInt32)
    case jump(Condition, UInt32, ifTrue: Jump?, ifFalse: Jump?)
    /// Skips the next line if the condition does not hold.
    case skipUnless(Condition, UInt32)
  }
  private var lines: [Line] = []

  init(snapLength: UInt32) {
    self.snapLength = snapLength
  }

  mutating func load(_ field: Field) {
    switch field {
    case .byte(let offset): self.lines.append(.load(code: 0x30, operand: offset))
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

  mutating func dropIf(_ field: Field, isBelow value: UInt32) {
    self.load(field)
    self.lines.append(.jump(.atLeast, value, ifTrue: nil, ifFalse: .toDrop))
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
    program.append(.init(code: 0x06, ifTrue: 0, ifFalse: 0, operand: self.snapLength))
    return program
  }
}
