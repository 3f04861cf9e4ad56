import CLinux
import Layer2
import Primitives
import Testing

@testable import HostNetwork

/// The messages are the kernel's, with the attributes left out that nobody reads here.
@Suite struct InterfaceTableTests {
  /// A bridge, a port of it, the port's other end with addresses, and a loopback interface.
  static let links = [
    "44000000 1000 0200 01000000 00000000 0000 0403 01000000 08000000 00000000 07000300 6c6f0000 05001000 02000000"
      + "08000400 00000100 0a000100 0000000000000000",
    "54000000 1000 0200 01000000 00000000 0000 0100 02000000 43100100 00000000 08000300 62723000 05001000 06000000"
      + "08000400 dc050000 0a000100 0200000000b00000 10001200 0b000100 6272696467650000",
    "60000000 1000 0200 01000000 00000000 0000 0100 03000000 43100100 00000000 0a000300 7065657230000000 05001000"
      + "06000000 08000400 dc050000 08000a00 02000000 0a000100 0200000000020000 10001200 09000100 7665746800000000",
    "58000000 1000 0200 01000000 00000000 0000 0100 04000000 43100100 00000000 09000300 6574683000000000 05001000"
      + "06000000 08000400 dc050000 0a000100 0200000000010000 10001200 09000100 7665746800000000",
  ]
  static let addresses = [
    "50000000 1400 0200 01000000 00000000 02188000 04000000 08000100 c000020a 08000200 c000020a 09000300"
      + "6574683000000000 08000800 80000000 14000600 ffffffffffffffffbb720500bb720500",
    "48000000 1400 0200 01000000 00000000 0a408200 04000000 14000100 20010db8000000000000000000000010 14000600"
      + "ffffffffffffffffbb720500bb720500 08000800 82000000",
  ]

  static let bridge = Interface(
    index: 2, name: "br0", hardwareAddress: MACAddress(bits: 0x0200_0000_00B0),
    flags: [.up, .broadcast, .multicast, .lowerUp, Interface.Flags(rawValue: 0x40)], kind: "bridge")
  static let port = Interface(
    index: 3, name: "peer0", hardwareAddress: MACAddress(bits: 0x0200_0000_0002), flags: bridge.flags, master: 2,
    kind: "veth")
  static let ethernet = Interface(
    index: 4, name: "eth0", hardwareAddress: MACAddress(bits: 0x0200_0000_0001), flags: bridge.flags,
    addresses: [
      Interface.Address(.v4(IPv4Address(192, 0, 2, 10)), prefixLength: 24),
      Interface.Address(.v6(IPv6Address(bits: 0x2001_0DB8 << 96 | 0x10)), prefixLength: 64),
    ], kind: "veth")
  static let loopback = Interface(
    index: 1, name: "lo", flags: [.loopback, Interface.Flags(rawValue: 0)], kind: nil)

  static func table(_ hex: [String]) throws -> InterfaceTable {
    var table = InterfaceTable()
    try apply(hex, to: &table)
    return table
  }

  static func apply(_ hex: [String], to table: inout InterfaceTable) throws {
    for message in try NetlinkMessage.messages(in: hex.flatMap { bytes($0) }) { try table.apply(message) }
  }

  @Test func `a list of links and addresses becomes the interfaces`() throws {
    #expect(
      try Self.table(Self.links + Self.addresses).interfaces
        == [Self.loopback, Self.bridge, Self.port, Self.ethernet])
  }

  @Test func `addresses may come before their link, and the same message twice`() throws {
    #expect(
      try Self.table(Self.addresses + Self.addresses + Self.links + Self.links)
        == Self.table(Self.links + Self.addresses))
  }

  @Test func `a port that leaves its bridge is still an interface`() throws {
    var table = try Self.table(Self.links + Self.addresses)
    // RTM_DELLINK of the family AF_BRIDGE, then RTM_NEWLINK without a master.
    try Self.apply(
      [
        "50000000 1100 0000 01000000 00000000 0700 0100 03000000 43100100 00000000 0a000300 7065657230000000"
          + "08000a00 02000000 08000400 dc050000 05001000 06000000 0a000100 0200000000020000"
      ], to: &table)
    #expect(table.interfaces.contains(Self.port))
    try Self.apply(
      [
        "58000000 1000 0000 01000000 00000000 0000 0100 03000000 43100100 00000000 0a000300 7065657230000000"
          + "05001000 06000000 08000400 dc050000 0a000100 0200000000020000 10001200 09000100 7665746800000000"
      ], to: &table)
    var free = Self.port
    free.master = nil
    #expect(table.interfaces == [Self.loopback, Self.bridge, free, Self.ethernet])
  }

  @Test func `addresses come and go`() throws {
    var table = try Self.table(Self.links + Self.addresses)
    let added =
      "50000000 1400 0000 01000000 00000000 02188100 04000000 08000100 c000020b 08000200 c000020b 09000300"
      + "6574683000000000 08000800 81000000 14000600 ffffffffffffffff1a7405001a740500"
    try Self.apply([added], to: &table)
    #expect(
      table.interfaces.last?.addresses
        == Self.ethernet.addresses + [Interface.Address(.v4(IPv4Address(192, 0, 2, 11)), prefixLength: 24)])
    let removed = added.replacing("50000000 1400", with: "50000000 1500")
    try Self.apply([removed], to: &table)
    #expect(try table == Self.table(Self.links + Self.addresses))
  }

  @Test func `an address counts once it has been found to be unique`() throws {
    let tentative = Self.addresses[1].replacing("08000800 82000000", with: "08000800 c0000000")
    var table = try Self.table(Self.links + [Self.addresses[0], tentative])
    #expect(table.interfaces.last?.addresses == Array(Self.ethernet.addresses.prefix(1)))
    try Self.apply([Self.addresses[1]], to: &table)
    #expect(table.interfaces.last == Self.ethernet)
  }

  @Test func `a deleted link takes its addresses along`() throws {
    var table = try Self.table(Self.links + Self.addresses)
    try Self.apply([Self.links[3].replacing("58000000 1000", with: "58000000 1100")], to: &table)
    #expect(table.interfaces == [Self.loopback, Self.bridge, Self.port])
    try Self.apply([Self.links[3]], to: &table)
    #expect(table.interfaces.last?.addresses == [])
  }

  @Test func `messages about other things change nothing`() throws {
    var table = try Self.table(Self.links)
    let before = table
    try table.apply(NetlinkMessage(type: UInt16(RTM_NEWROUTE), payload: [1, 2, 3]))
    try table.apply(NetlinkMessage(type: UInt16(RTM_NEWLINK), payload: [UInt8](repeating: 0, count: 16)[...]))
    #expect(table == before)
  }

  @Test func `damaged messages are refused or read, but never crash`() throws {
    var dice = SplitMix64(seed: 3549)
    let whole = (Self.links + Self.addresses).flatMap { bytes($0) }
    for _ in 0..<20_000 {
      var damaged = whole
      for _ in 0..<Int.random(in: 1...6, using: &dice) {
        damaged[Int.random(in: 0..<damaged.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      damaged.removeLast(Int.random(in: 0..<damaged.count, using: &dice))
      var table = InterfaceTable()
      for message in (try? NetlinkMessage.messages(in: damaged)) ?? [] { try? table.apply(message) }
      #expect(table.interfaces.count <= Self.links.count)
    }
  }
}
