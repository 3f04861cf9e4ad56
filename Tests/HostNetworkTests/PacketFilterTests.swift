import Layer2
import Primitives
import Testing

@testable import HostNetwork

@Suite struct PacketFilterTests {
  static let link = Link(index: 4, name: "eth0", hardwareAddress: MACAddress(bits: 0x0200_0000_0001))
  static let asker = MACAddress(bits: 0x0200_0000_0009)
  static let announced = [IPv4Address(192, 0, 2, 1), IPv4Address(192, 0, 2, 200), IPv4Address(198, 51, 100, 7)]
  static let filter = PacketFilter(on: link, about: AddressCover(announced.map(IPAddress.v4)))

  static func request(for target: IPv4Address) -> ARPFrame {
    ARPFrame(
      destination: .broadcast, source: asker, operation: .request, senderHardware: asker,
      sender: IPv4Address(192, 0, 2, 99), targetHardware: MACAddress(bits: 0), target: target)
  }

  @Test func `questions for announced addresses pass, and keep all of the packet`() {
    for address in Self.announced {
      #expect(Kernel(frame: Self.request(for: address).bytes).run(Self.filter) >= ARPFrame.length)
    }
  }

  @Test func `a question sent to the link itself passes`() {
    #expect(Kernel(frame: Self.request(for: Self.announced[0]).bytes, packetType: 0).run(Self.filter) > 0)
  }

  @Test(arguments: [
    IPv4Address(192, 0, 2, 16), IPv4Address(192, 0, 1, 255), IPv4Address(192, 0, 2, 191), IPv4Address(192, 0, 2, 208),
    IPv4Address(198, 51, 99, 255), IPv4Address(198, 51, 100, 16), IPv4Address(bits: 0), IPv4Address(bits: .max),
  ])
  func `questions for other addresses wake nobody`(address: IPv4Address) {
    #expect(Kernel(frame: Self.request(for: address).bytes).run(Self.filter) == 0)
  }

  @Test func `nothing passes while nothing is announced`() {
    let filter = PacketFilter(on: Self.link, about: AddressCover())
    #expect(Kernel(frame: Self.request(for: Self.announced[0]).bytes).run(filter) == 0)
  }

  @Test func `frames of another interface, for another host and of a group are dropped`() {
    let frame = Self.request(for: Self.announced[0]).bytes
    #expect(Kernel(frame: frame, interface: 5).run(Self.filter) == 0)
    #expect(Kernel(frame: frame, packetType: 2).run(Self.filter) == 0)
    #expect(Kernel(frame: frame, packetType: 3).run(Self.filter) == 0)
  }

  @Test(arguments: [ARPFrame.Operation.request, .reply])
  func `a claim to an announced address passes, whatever it asks for`(operation: ARPFrame.Operation) {
    var claim = Self.request(for: IPv4Address(192, 0, 2, 99))
    claim.operation = operation
    claim.sender = Self.announced[1]
    #expect(Kernel(frame: claim.bytes).run(Self.filter) >= ARPFrame.length)
    claim.sender = IPv4Address(192, 0, 2, 98)
    #expect(Kernel(frame: claim.bytes).run(Self.filter) == 0)
  }

  @Test func `other protocols and short frames are dropped`() {
    let frame = Self.request(for: Self.announced[0]).bytes
    for offset in [12, 13, 14, 15, 16, 17, 18, 19, 20, 21] {
      var other = frame
      other[offset] ^= 4
      #expect(Kernel(frame: other).run(Self.filter) == 0)
    }
    for length in 0..<ARPFrame.length {
      #expect(Kernel(frame: Array(frame[..<length])).run(Self.filter) == 0)
    }
  }

  @Test func `the program for the largest cover is one the kernel takes`() {
    let addresses = (0..<UInt32(AddressCover.maximumRanges)).map { IPv4Address(bits: $0 << 20) }
    let filter = PacketFilter(on: Self.link, about: AddressCover(addresses.map(IPAddress.v4)))
    #expect(filter.program.count <= 4096)
    for (index, address) in addresses.enumerated() {
      #expect(Kernel(frame: Self.request(for: address).bytes).run(filter) > 0, "range \(index)")
      let beyond = IPv4Address(bits: address.bits + 16)
      #expect(Kernel(frame: Self.request(for: beyond).bytes).run(filter) == 0, "range \(index)")
    }
  }

  @Test func `whatever would be answered passes`() {
    var dice = SplitMix64(seed: 11)
    var responder = Responder()
    for address in Self.announced { responder.announce(.v4(address), on: .all) }
    for _ in 0..<5000 {
      var frame = Self.request(for: IPv4Address(bits: 0xC000_0200 | UInt32.random(in: 0...255, using: &dice))).bytes
      frame[Int.random(in: 0..<frame.count, using: &dice)] ^= UInt8.random(in: 0...3, using: &dice)
      guard let read = try? ARPFrame(decoding: frame), case .reply = responder.answer(.arp(read), on: Self.link) else {
        continue
      }
      let packetType: UInt32 = read.destination == .broadcast ? 1 : 0
      #expect(Kernel(frame: frame, packetType: packetType).run(Self.filter) > 0)
    }
  }
}

@Suite struct NeighborDiscoveryFilterTests {
  static let link = Link(
    index: 4, name: "eth0", family: .ipv6, hardwareAddress: MACAddress(bits: 0x0200_0000_0001))
  static let asker = MACAddress(bits: 0x0200_0000_0009)
  static let announced = [IPv6Address(bits: 0x2001_0DB8 << 96 | 1), IPv6Address(bits: 0x2001_0DB8 << 96 | 0xFFFF_FFFF)]
  static let filter = PacketFilter(on: link, about: AddressCover(announced.map(IPAddress.v6)))

  static func question(for target: IPv6Address) -> NeighborFrame {
    NeighborFrame(
      destination: target.solicitedNodeGroup.groupHardware, source: asker, sender: IPv6Address(bits: 0xFE80 << 112 | 9),
      receiver: target.solicitedNodeGroup, target: target, message: .solicitation(senderHardware: asker))
  }

  @Test func `questions for announced addresses pass whole, to the group and to the link itself`() {
    for address in Self.announced {
      let frame = Self.question(for: address).bytes
      #expect(Kernel(frame: frame, packetType: 2).run(Self.filter) >= frame.count)
      #expect(Kernel(frame: frame, packetType: 0).run(Self.filter) >= frame.count)
    }
  }

  @Test func `advertisements of announced addresses pass`() {
    var frame = Self.question(for: Self.announced[0])
    frame.message = .advertisement(.init(isSolicited: false, overrides: true, targetHardware: Self.asker))
    #expect(Kernel(frame: frame.bytes, packetType: 2).run(Self.filter) > 0)
    frame.target = IPv6Address(bits: 0x2001_0DB8 << 96 | 0x10)
    #expect(Kernel(frame: frame.bytes, packetType: 2).run(Self.filter) == 0)
  }

  @Test func `what is about other addresses, another interface or another host wakes nobody`() {
    let frame = Self.question(for: Self.announced[0]).bytes
    #expect(Kernel(frame: frame, interface: 5, packetType: 2).run(Self.filter) == 0)
    #expect(Kernel(frame: frame, packetType: 3).run(Self.filter) == 0)
    for last in [0x10, 0xFFFF_FFEF] as [UInt128] {
      let other = Self.question(for: IPv6Address(bits: 0x2001_0DB8 << 96 | last)).bytes
      #expect(Kernel(frame: other, packetType: 2).run(Self.filter) == 0)
    }
  }

  @Test(arguments: [12, 20, 21, 54]) func `other protocols, other messages and forwarded packets are dropped`(
    offset: Int
  ) {
    for bit in [2, 8, 64] as [UInt8] {
      var frame = Self.question(for: Self.announced[0]).bytes
      frame[offset] ^= bit
      #expect(Kernel(frame: frame, packetType: 2).run(Self.filter) == 0)
    }
  }

  @Test func `a short frame is dropped`() {
    let frame = Self.question(for: Self.announced[0]).bytes
    for length in 0..<78 { #expect(Kernel(frame: Array(frame[..<length]), packetType: 2).run(Self.filter) == 0) }
  }
}

/// Runs a filter as the kernel does, in the instructions that our filters use.
private struct Kernel {
  let frame: [UInt8]
  var interface: UInt32 = 4
  /// `PACKET_BROADCAST`
  var packetType: UInt32 = 1

  /// How many bytes of the frame are delivered; 0 = it is dropped.
  func run(_ filter: PacketFilter) -> Int {
    var accumulator: UInt32 = 0
    var counter = 0
    while filter.program.indices.contains(counter) {
      let step = filter.program[counter]
      counter += 1
      func jump(_ condition: Bool) { counter += Int(condition ? step.ifTrue : step.ifFalse) }
      switch step.code {
      case 0x20, 0x28, 0x30:
        guard let value = self.load(step.operand, bytes: step.code == 0x20 ? 4 : step.code == 0x28 ? 2 : 1) else {
          return 0
        }
        accumulator = value
      case 0x15: jump(accumulator == step.operand)
      case 0x25: jump(accumulator > step.operand)
      case 0x35: jump(accumulator >= step.operand)
      case 0x06: return Int(step.operand)
      default: return 0
      }
    }
    return 0
  }

  private func load(_ offset: UInt32, bytes: Int) -> UInt32? {
    switch offset {
    case 0xFFFF_F004: return self.packetType
    case 0xFFFF_F008: return self.interface
    default:
      guard Int(offset) + bytes <= self.frame.count else { return nil }
      return self.frame[Int(offset)..<Int(offset) + bytes].reduce(0) { $0 << 8 | UInt32($1) }
    }
  }
}
