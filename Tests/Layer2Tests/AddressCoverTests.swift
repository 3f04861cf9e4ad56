import Primitives
import Testing

@testable import Layer2

@Suite struct AddressCoverTests {
  static func v4(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> IPAddress { .v4(IPv4Address(a, b, c, d)) }

  @Test func `an address is covered with its block of sixteen`() {
    var cover = AddressCover()
    #expect(cover.include(Self.v4(192, 0, 2, 250)) == true)
    #expect(cover.ranges == [0xC000_02F0...0xC000_02FF])
  }

  @Test func `what is covered changes nothing`() {
    var cover = AddressCover([Self.v4(192, 0, 2, 250)])
    #expect(cover.include(Self.v4(192, 0, 2, 241)) == false)
    #expect(cover == AddressCover([Self.v4(192, 0, 2, 250)]))
  }

  @Test func `blocks that touch become one range, in either order`() {
    let expected: [ClosedRange<UInt32>] = [0xC000_0200...0xC000_022F]
    #expect(
      AddressCover([Self.v4(192, 0, 2, 1), Self.v4(192, 0, 2, 16), Self.v4(192, 0, 2, 47)]).ranges
        == expected)
    var cover = AddressCover()
    for last in [47, 1, 16] as [UInt8] { cover.include(Self.v4(192, 0, 2, last)) }
    #expect(cover.ranges == expected)
  }

  @Test func `the first and the last address of all are covered`() {
    let cover = AddressCover([.v4(IPv4Address(bits: 0)), .v4(IPv4Address(bits: .max))])
    #expect(
      cover.ranges == [
        0...15, UInt32.max - 15...UInt32.max,
      ])
  }

  @Test func `when there are too many ranges the closest two become one`() {
    // Each block is a /16 further; only the last two are closer.
    var addresses = (0..<UInt8(AddressCover.maximumRanges)).map { Self.v4(10, $0, 0, 0) }
    addresses.append(Self.v4(10, 47, 1, 0))
    let cover = AddressCover(addresses)
    #expect(cover.ranges.count == AddressCover.maximumRanges)
    #expect(cover.ranges.last == 0x0A2F_0000...0x0A2F_010F)
  }

  @Test func `whatever is included is covered, by sorted ranges that do not touch and are not too many`() {
    var dice = SplitMix64(seed: 48)
    for spread in [1 << 8, 1 << 14, 1 << 24, 1 << 32] as [UInt64] {
      var cover = AddressCover()
      var included: [IPAddress] = []
      for _ in 0..<500 {
        let address = IPAddress.v4(IPv4Address(bits: UInt32(UInt64.random(in: 0..<spread, using: &dice))))
        included.append(address)
        cover.include(address)
        #expect(cover.ranges.count <= AddressCover.maximumRanges)
      }
      #expect(included.allSatisfy { cover.contains($0) })
      #expect(zip(cover.ranges, cover.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
    }
  }

  @Test func `an IPv6 address counts by its last 32 bits`() throws {
    let address = try #require(IPv6Address("2001:db8::1:2:3"))
    let cover = AddressCover([.v6(address)])
    #expect(cover.ranges == [0x0002_0000...0x0002_000F])
    #expect(cover.contains(.v6(IPv6Address(bits: 0x2_000F))))
    #expect(!cover.contains(.v6(IPv6Address(bits: 0x2_0010))))
  }
}
