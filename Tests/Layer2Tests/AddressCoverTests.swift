import Primitives
import Testing

@testable import Layer2

@Suite struct AddressCoverTests {
  @Test func `an address is covered with its block of sixteen`() {
    var cover = AddressCover()
    #expect(cover.include(IPv4Address(192, 0, 2, 250)) == true)
    #expect(cover.ranges == [IPv4Address(192, 0, 2, 240)...IPv4Address(192, 0, 2, 255)])
  }

  @Test func `what is covered changes nothing`() {
    var cover = AddressCover([IPv4Address(192, 0, 2, 250)])
    #expect(cover.include(IPv4Address(192, 0, 2, 241)) == false)
    #expect(cover == AddressCover([IPv4Address(192, 0, 2, 250)]))
  }

  @Test func `blocks that touch become one range, in either order`() {
    let expected = [IPv4Address(192, 0, 2, 0)...IPv4Address(192, 0, 2, 47)]
    #expect(
      AddressCover([IPv4Address(192, 0, 2, 1), IPv4Address(192, 0, 2, 16), IPv4Address(192, 0, 2, 47)]).ranges
        == expected)
    var cover = AddressCover()
    for last in [47, 1, 16] as [UInt8] { cover.include(IPv4Address(192, 0, 2, last)) }
    #expect(cover.ranges == expected)
  }

  @Test func `the first and the last address of all are covered`() {
    let cover = AddressCover([IPv4Address(bits: 0), IPv4Address(bits: .max)])
    #expect(
      cover.ranges == [
        IPv4Address(bits: 0)...IPv4Address(bits: 15), IPv4Address(bits: .max - 15)...IPv4Address(bits: .max),
      ])
  }

  @Test func `when there are too many ranges the closest two become one`() {
    // Each block is a /16 further; only the last two are closer.
    var addresses = (0..<UInt8(AddressCover.maximumRanges)).map { IPv4Address(10, $0, 0, 0) }
    addresses.append(IPv4Address(10, 47, 1, 0))
    let cover = AddressCover(addresses)
    #expect(cover.ranges.count == AddressCover.maximumRanges)
    #expect(cover.ranges.last == IPv4Address(10, 47, 0, 0)...IPv4Address(10, 47, 1, 15))
  }

  @Test func `whatever is included is covered, by sorted ranges that do not touch and are not too many`() {
    var dice = SplitMix64(seed: 48)
    for spread in [1 << 8, 1 << 14, 1 << 24, 1 << 32] as [UInt64] {
      var cover = AddressCover()
      var included: [IPv4Address] = []
      for _ in 0..<500 {
        let address = IPv4Address(bits: UInt32(UInt64.random(in: 0..<spread, using: &dice)))
        included.append(address)
        cover.include(address)
        #expect(cover.ranges.count <= AddressCover.maximumRanges)
      }
      #expect(included.allSatisfy { cover.contains($0) })
      #expect(zip(cover.ranges, cover.ranges.dropFirst()).allSatisfy { $0.upperBound.bits + 1 < $1.lowerBound.bits })
    }
  }
}
