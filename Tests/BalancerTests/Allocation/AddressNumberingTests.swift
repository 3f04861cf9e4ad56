import Primitives
import Testing

@testable import Balancer

@Suite struct AddressNumberingTests {
  private func numbering(
    _ blocks: [String], _ family: IPFamily, avoidBuggyIPs: Bool = false
  ) throws -> AddressNumbering {
    AddressNumbering(try blocks.map(AddressBlock.parse), family: family, avoidBuggyIPs: avoidBuggyIPs)
  }

  @Test func `blocks are numbered in the order of the spec, not of the addresses`() throws {
    let numbering = try self.numbering(["10.0.9.0/31", "2001:db8::/64", "10.0.1.7-10.0.1.9"], .ipv4)
    let addresses = (0..<6).map { numbering.address(at: $0)?.description }
    #expect(addresses == ["10.0.9.0", "10.0.9.1", "10.0.1.7", "10.0.1.8", "10.0.1.9", nil])
    #expect(numbering.count == 5)
  }

  @Test func `addresses that confuse old routers have no number`() throws {
    let numbering = try self.numbering(["10.0.0.254-10.0.1.1", "10.0.3.255/32"], .ipv4, avoidBuggyIPs: true)
    #expect(numbering.count == 2)
    #expect((0..<3).map { numbering.address(at: $0)?.description } == ["10.0.0.254", "10.0.1.1", nil])
    #expect(IPAddress("10.0.0.255").flatMap { numbering.number(of: $0) } == nil)
  }

  @Test func `avoiding them means nothing for IPv6`() throws {
    let numbering = try self.numbering(["2001:db8::/120"], .ipv6, avoidBuggyIPs: true)
    #expect(numbering.count == 256)
  }

  @Test func `the whole of IPv6 can be numbered`() throws {
    let numbering = try self.numbering(["::/0"], .ipv6)
    #expect(numbering.count == .max)
    #expect(numbering.address(at: UInt128.max - 1)?.bits == UInt128.max - 1)
  }

  @Test(arguments: [false, true])
  func `each number leads to its address and back`(avoidBuggyIPs: Bool) throws {
    let texts = ["10.0.4.0/23", "10.0.2.255-10.0.3.2", "10.0.0.0/30", "10.0.1.0/32"]
    let numbering = try self.numbering(texts, .ipv4, avoidBuggyIPs: avoidBuggyIPs)
    var expected: [IPAddress] = []
    for block in try texts.map(AddressBlock.parse) {
      for bits in block.lower...block.upper {
        guard let address = IPAddress(.ipv4, bits: bits), !avoidBuggyIPs || !address.isBuggy else { continue }
        expected.append(address)
      }
    }
    #expect(numbering.count == UInt128(expected.count))
    #expect((0..<numbering.count).map { numbering.address(at: $0) } == expected)
    #expect(expected.map { numbering.number(of: $0) } == (0..<numbering.count).map { $0 })
    #expect(IPAddress("10.0.1.1").flatMap { numbering.number(of: $0) } == nil)
  }
}
