import KubernetesModel
import Primitives
import Testing

@testable import Balancer

/// Contract section 6, BGPAdvertisements and communities.
@Suite struct BGPAdvertisementTests {
  private func lines(_ change: (inout BGPAdvertisement.Spec) -> Void) -> [String] {
    var advertisements = BGPAdvertisementResolution()
    _ = advertisements.apply(.applied(bgpAdvertisementObject { change(&$0) }))
    let problems = advertisements.problems(pools: nil, peers: nil)
    #expect(problems.allSatisfy { !$0.remedy.isEmpty && $0.key == key("metallb-system/ad") })
    #expect(advertisements.isEmpty == !problems.isEmpty)
    return problems.lines
  }

  private func pool(_ name: String = "p", _ addresses: String..., labels: [String: String] = [:]) -> PoolConfiguration {
    PoolConfiguration(
      key: key("metallb-system/\(name)"), labels: labels, blocks: addresses.compactMap { try? AddressBlock.parse($0) })
  }

  // MARK: Alone

  @Test func `an empty object announces every address by itself, to everybody, from everywhere`() {
    var advertisements = BGPAdvertisementResolution()
    let expected = BGPAdvertisementConfiguration(key: key("metallb-system/ad"))
    for spec in [nil, BGPAdvertisement.Spec()] {
      let object = BGPAdvertisement(metadata: metadata("ad"), spec: spec)
      _ = advertisements.apply(.applied(object))
      #expect(advertisements[key("metallb-system/ad")] == expected)
    }
    #expect(expected.selects(pool: "any", labels: [:]) && expected.selects(peer: "any") && expected.selects(node: [:]))
    #expect(expected.prefix(of: ip("192.0.2.7")) == IPPrefix("192.0.2.7/32"))
    #expect(expected.prefix(of: ip("2001:db8::7")) == IPPrefix("2001:db8::7/128"))
  }

  @Test func `every field finds its place`() {
    var advertisements = BGPAdvertisementResolution()
    _ = advertisements.apply(.applied(communityObject(["no-export": "65535:65281"])))
    let node = LabelSelector(matchLabels: ["rack": "1"])
    _ = advertisements.apply(
      .applied(
        bgpAdvertisementObject {
          $0 = BGPAdvertisement.Spec(
            aggregationLength: 24, aggregationLengthV6: 64, localPref: 4_294_967_295,
            communities: ["64512:100", "large:64512:1:2", "no-export"], ipAddressPools: ["a"],
            ipAddressPoolSelectors: [node], nodeSelectors: [node], peers: ["tor"], asPathPrepend: 3, med: 50,
            linkBandwidth: true)
        }))
    #expect(
      advertisements[key("metallb-system/ad")]
        == BGPAdvertisementConfiguration(
          key: key("metallb-system/ad"), pools: ["a"], poolSelectors: [node], nodeSelectors: [node], peers: ["tor"],
          aggregationLength: 24, aggregationLengthV6: 64, localPreference: 4_294_967_295,
          communities: [Community(64512, 100), .noExport], largeCommunities: [LargeCommunity(64512, 1, 2)],
          asPathPrepend: 3, med: 50, linkBandwidth: true))
  }

  @Test func `every duplicate is a problem of its own`() {
    let a = LabelSelector(matchLabels: ["a": "b"])
    #expect(
      self.lines {
        $0.ipAddressPools = ["p", "p"]
        $0.communities = ["1:1", "1:1"]
        $0.peers = ["x", "y", "x"]
        $0.ipAddressPoolSelectors = [a, a]
        $0.nodeSelectors = [a, a]
        $0.serviceSelectors = [a, a]
      } == [
        #"spec.communities[1]: duplicate definition of community "1:1""#,
        #"spec.ipAddressPoolSelectors[1]: duplicate definition of ipAddressPoolSelectors {map["a":"b"] []}"#,
        #"spec.ipAddressPools[1]: duplicate definition of ipAddressPools "p""#,
        #"spec.nodeSelectors[1]: duplicate definition of nodeSelectors {map["a":"b"] []}"#,
        #"spec.peers[2]: duplicate definition of peers "x""#,
        #"spec.serviceSelectors[1]: duplicate definition of serviceSelectors {map["a":"b"] []}"#,
      ])
  }

  @Test func `conditions of a selector are unique and can be evaluated`() {
    let twice = LabelSelector(matchExpressions: [
      .init(key: "k", operator: "Exists"), .init(key: "k", operator: "Exists"),
    ])
    #expect(
      self.lines { $0.nodeSelectors = [twice] } == [
        #"spec.nodeSelectors[0].matchExpressions[1]: duplicate definition of match expressions {"k" "Exists" []}"#
      ])
    let near = #""Near" is not a valid label selector operator"#
    #expect(
      self.lines {
        $0.ipAddressPoolSelectors = [nonsense]
        $0.nodeSelectors = [nonsense]
        $0.serviceSelectors = [nonsense]
      } == [
        "spec.ipAddressPoolSelectors[0].matchExpressions[0].operator: \(near)\ninvalid label selector {map[] [{k Near []}]}",
        "spec.nodeSelectors[0].matchExpressions[0].operator: \(near)\ninvalid label selector {map[] [{k Near []}]}\n"
          + "failed to parse node selector for ad",
        "spec.serviceSelectors[0].matchExpressions[0].operator: invalid service selector {map[] [{k Near []}]}: \(near)\n"
          + "failed to parse service selector for ad",
      ])
  }

  @Test func `figures have ranges, and are printed as figures`() {
    #expect(
      self.lines { $0.aggregationLength = 33 } == ["spec.aggregationLength: invalid aggregation length 33 for IPv4"])
    #expect(
      self.lines { $0.aggregationLength = 0 } == ["spec.aggregationLength: invalid aggregation length 0 for IPv4"])
    #expect(
      self.lines { $0.aggregationLengthV6 = 129 } == [
        "spec.aggregationLengthV6: invalid aggregation length 129 for IPv6"
      ])
    #expect(self.lines { $0.localPref = -1 } == ["spec.localPref: invalid local preference -1"])
    #expect(self.lines { $0.med = 4_294_967_296 } == ["spec.med: invalid MED 4294967296"])
    #expect(self.lines { $0.asPathPrepend = 11 } == ["spec.asPathPrepend: invalid AS path prepend 11"])
  }

  @Test func `who selects Services does not aggregate`() {
    #expect(
      self.lines {
        $0.serviceSelectors = [LabelSelector()]
        $0.aggregationLength = 24
        $0.aggregationLengthV6 = 64
      } == [
        "spec.aggregationLength: serviceSelectors and aggregationLength are mutually exclusive, "
          + "both cannot be set in ad",
        "spec.aggregationLengthV6: serviceSelectors and aggregationLengthV6 are mutually exclusive, "
          + "both cannot be set in ad",
      ])
    #expect(
      self.lines {
        $0.serviceSelectors = [LabelSelector()]
        $0.aggregationLength = 32
        $0.aggregationLengthV6 = 128
      } == [])
  }

  // MARK: Communities

  @Test(arguments: [
    (
      "70000:1",
      #"invalid community value: invalid section "70000" of community "70000:1", err: "strconv.ParseUint: parsing \"70000\": value out of range""#
    ),
    (
      "1:x",
      #"invalid community value: invalid section "x" of community "1:x", err: "strconv.ParseUint: parsing \"x\": invalid syntax""#
    ),
    (
      "large:1:2:",
      #"invalid community value: invalid section "" of community "large:1:2:", err: "strconv.ParseUint: parsing \"\": invalid syntax""#
    ),
    (
      "big:1:2:3",
      #"invalid community value: invalid marker for large community, expected community to be of format large:<uint32>:<uint32>:<uint32> but got "big:1:2:3" instead"#
    ),
    ("1:2:3", "invalid community format: 1:2:3"),
  ])
  func `what is no community is refused with its sentence`(text: String, sentence: String) {
    let quoted = GoText.quoted(text)
    #expect(
      self.lines { $0.communities = [text] } == [
        "spec.communities[0]: \(sentence)\ninvalid community \(quoted) in BGP advertisement"
      ])
    #expect(
      CommunityDirectory([communityObject(["a": text])]).problems.lines == [
        #"spec.communities[0].value: parsing community "a": \#(sentence)"#
      ])
  }

  @Test func `an alias that is not there keeps the routes back until it is`() {
    var advertisements = BGPAdvertisementResolution()
    #expect(advertisements.apply(.applied(bgpAdvertisementObject { $0.communities = ["blackhole"] })) == [])
    let problems = advertisements.problems(pools: nil, peers: nil)
    #expect(
      problems.lines == [
        "spec.communities[0]: invalid community format: blackhole\n"
          + #"invalid community "blackhole" in BGP advertisement"#
      ])
    #expect(problems.map(\.severity) == [.unresolved])
    let after = BGPAdvertisementConfiguration(key: key("metallb-system/ad"), communities: [Community(65535, 666)])
    #expect(
      advertisements.apply(.applied(communityObject(["blackhole": "65535:666"]))) == [.init(before: nil, after: after)])
    #expect(advertisements.problems(pools: nil, peers: nil).isEmpty)
    // An alias that goes is remembered; one that changes is followed.
    #expect(advertisements.apply(ObjectChange<CommunityAliases>.deleted(key("metallb-system/aliases"))) == [])
    #expect(advertisements[key("metallb-system/ad")] == after)
    #expect(advertisements.apply(.applied(communityObject(["blackhole": "1:1"]))).count == 1)
    #expect(advertisements[key("metallb-system/ad")]?.communities == [Community(1, 1)])
  }

  @Test func `an alias may look like a community, and wins`() {
    var advertisements = BGPAdvertisementResolution()
    _ = advertisements.apply(.applied(communityObject(["1:1": "2:2"])))
    _ = advertisements.apply(.applied(bgpAdvertisementObject { $0.communities = ["1:1"] }))
    #expect(advertisements[key("metallb-system/ad")]?.communities == [Community(2, 2)])
  }

  @Test func `an alias belongs to the oldest object that has it, and an object counts as a whole`() {
    var directory = CommunityDirectory([communityObject(["a": "2:2", "b": "2:3"], named: "young", age: 2)])
    #expect(directory.apply(.applied(communityObject(["a": "1:1"], named: "old", age: 1))) == true)
    #expect(directory.values == ["a": .standard(Community(1, 1))])
    #expect(directory.problems.lines == [#"spec.communities[0].name: duplicate definition of community "a""#])
    #expect(directory.problems.map(\.key.name) == ["young"])
    #expect(directory.apply(.deleted(key("metallb-system/old"))) == true)
    #expect(directory.values.count == 2 && directory.problems.isEmpty)
    #expect(
      CommunityDirectory([communityObject(["a": "1:1", "a": "1:2"])]).problems.lines == [
        #"spec.communities[1].name: duplicate definition of community "a""#
      ])
  }

  @Test func `a Community object that becomes wrong keeps its last good form`() {
    var directory = CommunityDirectory([communityObject(["a": "1:1"])])
    #expect(directory.apply(.applied(communityObject(["a": "x"]))) == false)
    #expect(directory.values == ["a": .standard(Community(1, 1))])
    #expect(directory.apply(.malformed(key("metallb-system/aliases"), reason: "spec: not an object")) == false)
    #expect(directory.values == ["a": .standard(Community(1, 1))])
    #expect(directory.apply(.deleted(key("metallb-system/aliases"))) == true)
    #expect(directory.values.isEmpty && directory.problems.isEmpty)
  }

  // MARK: With pools

  @Test func `a pool must fill the prefixes that are announced for it`() {
    var advertisements = BGPAdvertisementResolution()
    _ = advertisements.apply(
      .applied(
        bgpAdvertisementObject {
          $0.aggregationLength = 24
          $0.aggregationLengthV6 = 64
        }))
    func lines(_ pool: PoolConfiguration) -> [String] {
      let (fitting, problems) = advertisements.advertisements(for: pool, nodes: nil)
      #expect(fitting.isEmpty == !problems.isEmpty)
      return problems.lines
    }
    #expect(lines(self.pool("p", "192.0.2.0/24", "2001:db8::/64")) == [])
    let sentence = "in this pool is more specific than the aggregation length for addresses"
    #expect(
      lines(self.pool("p", "192.0.2.0/26")) == [
        "spec.aggregationLength: invalid aggregation length 24: prefix 26 \(sentence) 192.0.2.0/26"
      ])
    #expect(
      lines(self.pool("p", "2001:db8::/80")) == [
        "spec.aggregationLengthV6: invalid aggregation length 64: prefix 80 \(sentence) 2001:db8::/80"
      ])
    // Of a range the largest block counts.
    #expect(lines(self.pool("p", "192.0.1.0-192.0.2.9")) == [])
    #expect(
      lines(self.pool("p", "192.0.2.1-192.0.2.9")) == [
        "spec.aggregationLength: invalid aggregation length 24: prefix 30 \(sentence) 192.0.2.1-192.0.2.9"
      ])
  }

  @Test func `a pool that does not fit costs other pools nothing`() {
    var advertisements = BGPAdvertisementResolution()
    _ = advertisements.apply(.applied(bgpAdvertisementObject { $0.aggregationLength = 24 }))
    #expect(advertisements.advertisements(for: self.pool("a", "192.0.2.0/25"), nodes: nil).fitting.isEmpty)
    #expect(advertisements.advertisements(for: self.pool("b", "10.0.0.0/16"), nodes: nil).fitting.count == 1)
  }

  private func preferences(
    _ pool: PoolConfiguration, nodes: [[String: String]]? = nil, _ first: (inout BGPAdvertisement.Spec) -> Void,
    _ second: (inout BGPAdvertisement.Spec) -> Void
  ) -> [String] {
    var advertisements = BGPAdvertisementResolution()
    // The names are against the ages, so that it shows that age decides.
    _ = advertisements.apply(.applied(bgpAdvertisementObject("a", age: 2) { second(&$0) }))
    _ = advertisements.apply(.applied(bgpAdvertisementObject("b", age: 1) { first(&$0) }))
    let (fitting, problems) = advertisements.advertisements(for: pool, nodes: nodes)
    #expect(fitting.map(\.key.name) == (problems.isEmpty ? ["a", "b"] : ["b"]))
    #expect(problems.allSatisfy { $0.key.name == "a" })
    return problems.lines
  }

  @Test func `of two values of LOCAL_PREF for one route the older one stays`() {
    let sentence =
      "spec.localPref: invalid local preference 200: local preferernce 100 was already set for the same type of BGP "
      + "update. Check existing BGP advertisements with common pools and aggregation lengths"
    let v4 = self.pool("p", "192.0.2.0/24")
    let v6 = self.pool("p", "2001:db8::/64")
    let both = self.pool("p", "192.0.2.0/24", "2001:db8::/64")
    #expect(self.preferences(v4, { $0.localPref = 100 }, { $0.localPref = 200 }) == [sentence])
    #expect(self.preferences(v4, { $0.localPref = 100 }, { $0.localPref = 100 }) == [])
    func shorter(_ spec: inout BGPAdvertisement.Spec) {
      spec.localPref = 200
      spec.aggregationLength = 24
    }
    func shorterV6(_ spec: inout BGPAdvertisement.Spec) {
      spec.localPref = 200
      spec.aggregationLengthV6 = 64
    }
    func shorterBoth(_ spec: inout BGPAdvertisement.Spec) {
      shorter(&spec)
      shorterV6(&spec)
    }
    #expect(self.preferences(v4, { $0.localPref = 100 }, shorter) == [])
    #expect(self.preferences(v4, { $0.localPref = 100 }, shorterV6) == [sentence])
    #expect(self.preferences(v6, { $0.localPref = 100 }, shorter) == [sentence])
    #expect(self.preferences(v6, { $0.localPref = 100 }, shorterV6) == [])
    #expect(self.preferences(both, { $0.localPref = 100 }, shorter) == [sentence])
    #expect(self.preferences(both, { $0.localPref = 100 }, shorterBoth) == [])
  }

  @Test func `other peers, other nodes and selected Services do not conflict`() {
    let pool = self.pool("p", "192.0.2.0/24")
    func ad(
      _ preference: Int64, peers: [String]? = nil, rack: String? = nil, services: Bool = false
    ) -> (inout BGPAdvertisement.Spec) -> Void {
      { spec in
        spec.localPref = preference
        spec.peers = peers
        spec.nodeSelectors = rack.map { [LabelSelector(matchLabels: ["rack": $0])] }
        spec.serviceSelectors = services ? [LabelSelector()] : nil
      }
    }
    #expect(self.preferences(pool, ad(1, peers: ["x"]), ad(2, peers: ["y"])) == [])
    #expect(self.preferences(pool, ad(1, peers: ["x"]), ad(2, peers: ["x", "y"])).count == 1)
    #expect(self.preferences(pool, ad(1, peers: ["x"]), ad(2)).count == 1)
    let nodes = [["rack": "1"], ["rack": "2"]]
    #expect(self.preferences(pool, nodes: nodes, ad(1, rack: "1"), ad(2, rack: "2")) == [])
    #expect(self.preferences(pool, nodes: nodes, ad(1, rack: "1"), ad(2)).count == 1)
    #expect(self.preferences(pool, nodes: [["rack": "2"]], ad(1, rack: "1"), ad(2)) == [])
    // Without the nodes only what is certain is said.
    #expect(self.preferences(pool, ad(1, rack: "1"), ad(2, rack: "2")) == [])
    #expect(self.preferences(pool, ad(1, rack: "1"), ad(2, rack: "1")).count == 1)
    #expect(self.preferences(pool, ad(1, services: true), ad(2)) == [])
  }

  @Test func `pools and peers that do not exist are worth a warning each`() {
    var advertisements = BGPAdvertisementResolution()
    _ = advertisements.apply(
      .applied(
        bgpAdvertisementObject {
          $0.ipAddressPools = ["a", "b"]
          $0.peers = ["x", "y"]
        }))
    let problems = advertisements.problems(pools: { $0 == "a" }, peers: { $0 == "x" })
    #expect(
      problems.lines == [
        #"spec.ipAddressPools: BGPAdvertisement "ad" refers to pool "b", which does not exist"#,
        #"spec.peers: BGPAdvertisement "ad" refers to peer "y", which does not exist"#,
      ])
    #expect(problems.allSatisfy { $0.severity == .warning })
    #expect(advertisements.advertisements(for: self.pool("a", "192.0.2.0/24"), nodes: nil).fitting.count == 1)
  }
}
