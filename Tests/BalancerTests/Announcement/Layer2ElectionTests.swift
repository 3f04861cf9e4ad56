import Primitives
import Testing

@testable import Balancer

@Suite struct Layer2ElectionTests {
  /// Made with `sha256sum` over `node#address`, sorted as text of the digests.
  static let orders: [(address: String, short: [String], long: [String])] = [
    ("192.0.2.1", ["w3", "w1", "w2"], ["c", "a", "b"]),
    ("192.0.2.2", ["w3", "w1", "w2"], ["a", "b", "c"]),
    ("192.0.2.4", ["w3", "w1", "w2"], ["c", "b", "a"]),
    ("192.0.2.5", ["w3", "w2", "w1"], ["c", "a", "b"]),
    ("192.0.2.8", ["w2", "w1", "w3"], ["a", "c", "b"]),
    ("192.168.1.240", ["w3", "w1", "w2"], ["b", "a", "c"]),
    ("10.0.0.35", ["w2", "w3", "w1"], ["a", "b", "c"]),
    ("2001:db8::1", ["w2", "w1", "w3"], ["c", "b", "a"]),
    ("fc00:f853:ccd:e799::", ["w3", "w1", "w2"], ["a", "c", "b"]),
  ]

  @Test(arguments: Self.orders)
  func `nodes are in the order of the digests that sha256sum prints`(
    address: String, short: [String], long: [String]
  ) throws {
    let ip = try #require(IPAddress(address))
    func ordered(_ nodes: [String]) -> [String] {
      nodes.sorted { Layer2Election.Rank(of: $0, for: ip) < Layer2Election.Rank(of: $1, for: ip) }
    }
    #expect(ordered(["w1", "w2", "w3"]) == short)
    #expect(ordered(["a", "b", "c"].map { "node-\($0).example.com" }) == long.map { "node-\($0).example.com" })
  }

  @Test func `the first of the order is the owner, whatever the order of the candidates`() throws {
    let ip = try #require(IPAddress("10.0.0.35"))
    #expect(Layer2Election.owner(of: ip, among: ["w1", "w2", "w3"]) == "w2")
    #expect(Layer2Election.owner(of: ip, among: ["w3", "w2", "w1"]) == "w2")
    #expect(Layer2Election.owner(of: ip, among: ["w3", "w1"]) == "w3")
    #expect(Layer2Election.owner(of: ip, among: []) == nil)
  }

  @Test func `an IPv6 address is hashed in its shortest form`() throws {
    let short = try #require(IPAddress("2001:db8::1"))
    let long = try #require(IPAddress("2001:0DB8:0:0:0:0:0:1"))
    #expect(Layer2Election.Rank(of: "w1", for: short) == Layer2Election.Rank(of: "w1", for: long))
  }

  @Test func `the search for a rival says what the whole order says`() throws {
    let names = (0..<60).map { "node-\($0)" }
    var table = NodeTable()
    for name in names { _ = table.apply(.applied(NodeView(name: name))) }
    for number in 0..<200 {
      let ip = IPAddress.v4(IPv4Address(bits: 0xC000_0200 + UInt32(number)))
      let owner = try #require(Layer2Election.owner(of: ip, among: names))
      for name in names {
        let entry = try #require(table[name])
        let rival = table.rival(of: entry, for: ip, in: NodeTable.Candidacy())
        #expect((rival == nil) == (name == owner))
        if let rival { #expect(Layer2Election.owner(of: ip, among: [name, rival]) == rival) }
      }
    }
  }
}
