import Primitives
import Testing

@Suite struct IPPrefixTests {
  @Test(arguments: [
    ("192.0.2.77/24", "192.0.2.0/24"), ("10.1.2.3/8", "10.0.0.0/8"), ("10.1.2.3/32", "10.1.2.3/32"),
    ("1.2.3.4/0", "0.0.0.0/0"), ("2001:db8::1/32", "2001:db8::/32"), ("::1/128", "::1/128"), ("::1/0", "::/0"),
    ("10.0.0.0/024", "10.0.0.0/24"), ("::ffff:192.0.2.9/120", "192.0.2.0/24"), ("::ffff:1.2.3.4/95", "::fffe:0:0/95"),
  ])
  func `a CIDR is masked and prints canonically`(text: String, canonical: String) {
    #expect(IPPrefix(text)?.description == canonical)
  }

  @Test(arguments: [
    "", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0/8", "10.0.0.0/8/8",
    "x/8",
  ])
  func `what is not a CIDR is refused`(text: String) {
    #expect(IPPrefix(text) == nil)
  }

  @Test func `a prefix contains its own addresses and no others`() throws {
    let prefix = try #require(IPPrefix("192.0.2.64/26"))
    #expect(prefix.range.first.description == "192.0.2.64")
    #expect(prefix.range.last.description == "192.0.2.127")
    let inside = try #require(IPAddress("192.0.2.100"))
    let beyond = try #require(IPAddress("192.0.2.128"))
    let foreign = try #require(IPAddress("::c000:264"))
    #expect(prefix.contains(inside))
    #expect(!prefix.contains(beyond))
    #expect(!prefix.contains(foreign))
  }

  @Test func `two prefixes overlap when one contains the other`() throws {
    let wide = try #require(IPPrefix("10.0.0.0/8"))
    let narrow = try #require(IPPrefix("10.9.0.0/16"))
    let other = try #require(IPPrefix("11.0.0.0/16"))
    #expect(wide.overlaps(narrow) && narrow.overlaps(wide))
    #expect(!wide.overlaps(other) && !other.overlaps(narrow))
  }
}

@Suite struct IPRangeTests {
  @Test(arguments: [
    ("10.0.0.35", "10.0.0.39", ["10.0.0.35/32", "10.0.0.36/30"]),
    ("192.168.1.240", "192.168.1.250", ["192.168.1.240/29", "192.168.1.248/31", "192.168.1.250/32"]),
    ("10.0.0.0", "10.255.255.255", ["10.0.0.0/8"]),
    ("0.0.0.0", "255.255.255.255", ["0.0.0.0/0"]),
    ("1.2.3.4", "1.2.3.4", ["1.2.3.4/32"]),
    ("2001:db8::1", "2001:db8::4", ["2001:db8::1/128", "2001:db8::2/127", "2001:db8::4/128"]),
    ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ["::/0"]),
  ])
  func `a range splits into the fewest prefixes, in ascending order`(first: String, last: String, prefixes: [String])
    throws
  {
    let lower = try #require(IPAddress(first))
    let upper = try #require(IPAddress(last))
    let range = try #require(IPRange(from: lower, through: upper))
    #expect(range.prefixes.map(\.description) == prefixes)
  }

  @Test func `the prefixes of a random range cover exactly the range`() throws {
    var dice = SplitMix64(seed: 4632)
    for _ in 0..<500 {
      let bounds = [UInt32.random(in: 0...UInt32.max, using: &dice), UInt32.random(in: 0...UInt32.max, using: &dice)]
        .sorted()
      let range = try #require(
        IPRange(from: .v4(IPv4Address(bits: bounds[0])), through: .v4(IPv4Address(bits: bounds[1]))))
      var next = range.lower
      for prefix in range.prefixes {
        #expect(prefix.range.lower == next)
        next = prefix.range.upper + 1
      }
      #expect(next == range.upper + 1)
    }
  }

  @Test func `a range does not run backwards or across families`() throws {
    let low = try #require(IPAddress("10.0.0.1"))
    let high = try #require(IPAddress("10.0.0.2"))
    let six = try #require(IPAddress("2001:db8::1"))
    #expect(IPRange(from: high, through: low) == nil)
    #expect(IPRange(from: low, through: six) == nil)
    #expect(IPRange(from: six, through: low) == nil)
    #expect(IPRange(from: low, through: high)?.count == 2)
  }
}

@Suite struct IPRangeSetTests {
  private func set(_ texts: String...) -> IPRangeSet {
    IPRangeSet(
      texts.compactMap { text in
        let ends = text.split(separator: "-").compactMap { IPAddress($0) }
        return ends.first.flatMap { first in ends.last.flatMap { IPRange(from: first, through: $0) } }
      })
  }

  @Test func `ranges that touch or overlap become one`() {
    #expect(
      set("10.0.0.5-10.0.0.9", "10.0.0.1-10.0.0.4", "10.0.0.8-10.0.0.12").ranges.map(\.description) == [
        "10.0.0.1-10.0.0.12"
      ])
    #expect(set("255.255.255.255-255.255.255.255", "::-::1").ranges.count == 2)
  }

  @Test func `the set of all IPv6 addresses costs one range`() {
    let all = set("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::5-::9")
    #expect(all.ranges.count == 1)
    #expect(all.count(of: .ipv6) == .max)
    #expect(all.count(of: .ipv4) == 0)
  }

  @Test func `union, intersection and difference agree with sets of single addresses`() {
    var dice = SplitMix64(seed: 7)
    func random() -> (IPRangeSet, Set<UInt32>) {
      var plain: Set<UInt32> = []
      var ranges: [IPRange] = []
      for _ in 0..<Int.random(in: 0...6, using: &dice) {
        let lower = UInt32.random(in: 0...60, using: &dice)
        let upper = lower + UInt32.random(in: 0...9, using: &dice)
        plain.formUnion(lower...upper)
        if let range = IPRange(from: .v4(IPv4Address(bits: lower)), through: .v4(IPv4Address(bits: upper))) {
          ranges.append(range)
        }
      }
      return (IPRangeSet(ranges), plain)
    }
    func members(_ set: IPRangeSet) -> Set<UInt32> {
      Set((0...80).filter { set.contains(.v4(IPv4Address(bits: $0))) })
    }
    for _ in 0..<1_000 {
      let (left, plainLeft) = random()
      let (right, plainRight) = random()
      #expect(members(left) == plainLeft)
      #expect(members(left.union(right)) == plainLeft.union(plainRight))
      #expect(members(left.intersection(right)) == plainLeft.intersection(plainRight))
      #expect(members(left.subtracting(right)) == plainLeft.subtracting(plainRight))
      #expect(left.subtracting(right) == IPRangeSet(left.subtracting(right).ranges))
      #expect(left.count(of: .ipv4) == UInt128(plainLeft.count))
    }
  }
}

@Suite struct MACAddressTests {
  @Test func `a hardware address prints in lower case and reads back`() {
    #expect(MACAddress("02:AB:00:00:0c:ff")?.description == "02:ab:00:00:0c:ff")
    #expect(MACAddress(octets: [2, 0xAB, 0, 0, 0xC, 0xFF]) == MACAddress("02:ab:00:00:0c:ff"))
    #expect(MACAddress.broadcast.description == "ff:ff:ff:ff:ff:ff")
    #expect(MACAddress.broadcast.isMulticast)
  }

  @Test(arguments: [
    "", "02:ab", "02:ab:00:00:0c", "02:ab:00:00:0c:ff:00", "2:ab:0:0:c:ff", "02-ab-00-00-0c-ff", "+2:ab:00:00:0c:ff",
  ])
  func `what is not six pairs of hexadecimal digits is refused`(text: String) {
    #expect(MACAddress(text) == nil)
  }
}
