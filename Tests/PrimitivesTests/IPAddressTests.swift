import Primitives
import Testing

@Suite struct IPAddressTests {
  @Test(arguments: [
    ("0.0.0.0", "0.0.0.0"), ("192.0.2.1", "192.0.2.1"), ("255.255.255.255", "255.255.255.255"),
    ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::0001", "2001:db8::1"),
    ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
    ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ("fe80::a:b:c:d", "fe80::a:b:c:d"),
  ])
  func `an address prints in the canonical form of RFC 5952`(text: String, canonical: String) {
    #expect(IPAddress(text)?.description == canonical)
  }

  @Test(arguments: ["::ffff:192.0.2.1", "::ffff:c000:201", "0:0:0:0:0:ffff:192.0.2.1"])
  func `an IPv4-mapped address is the IPv4 address, as for Go`(text: String) {
    #expect(IPAddress(text) == .v4(IPv4Address(192, 0, 2, 1)))
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4 ",
    " 1.2.3.4",
    "+1.2.3.4", "1.2.3.-4", "0x1.2.3.4", "1.2.3.4/32", ":", ":::", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    "1::2::3", "12345::", "g::", "fe80::1%eth0", "::1.2.3", "::1.2.3.4.5", "1.2.3.4::", "::1.2.3.4:5", "::01.2.3.4",
    "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4", "[::1]", "١.٢.٣.٤",
  ])
  func `what Go's parser refuses is refused`(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func `addresses order by family, then by number`() {
    let texts = ["0.0.0.1", "10.0.0.9", "10.0.0.10", "::", "::1", "2001:db8::"]
    let addresses = texts.compactMap { IPAddress($0) }
    #expect(addresses.shuffled().sorted().map(\.description) == texts)
  }

  @Test func `octets are in network order and read back`() {
    #expect(IPAddress("192.0.2.1")?.octets == [192, 0, 2, 1])
    #expect(IPv4Address(octets: [192, 0, 2, 1])?.description == "192.0.2.1")
    let octets: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [5]
    #expect(IPAddress("2001:db8::5")?.octets == octets)
    #expect(IPv6Address(octets: octets)?.description == "2001:db8::5")
    #expect(IPv4Address(octets: [1, 2, 3]) == nil)
    #expect(IPv6Address(octets: [1, 2, 3]) == nil)
  }

  @Test func `every IPv6 address survives printing and parsing`() {
    var dice = SplitMix64(seed: 5952)
    for _ in 0..<2_000 {
      // Zero out random groups, so that `::` is exercised everywhere.
      var bits = UInt128.random(in: 0...UInt128.max, using: &dice)
      for group in 0..<8 where Bool.random(using: &dice) { bits &= ~(0xFFFF << UInt128(16 * group)) }
      let address = IPv6Address(bits: bits)
      #expect(IPv6Address(address.description) == address)
    }
  }

  @Test(arguments: [
    ("10.0.0.0", true), ("10.0.0.255", true), ("10.0.0.1", false), ("10.0.255.7", false), ("::", false),
  ])
  func `an IPv4 address that ends in 0 or 255 is buggy`(text: String, buggy: Bool) {
    #expect(IPAddress(text)?.isBuggy == buggy)
  }

  @Test func `link-local addresses are fe80::/10`() {
    #expect(IPv6Address("fe80::1")?.isLinkLocal == true)
    #expect(IPv6Address("febf::1")?.isLinkLocal == true)
    #expect(IPv6Address("fec0::1")?.isLinkLocal == false)
  }
}
