import KubernetesModel
import Primitives
import Testing

@testable import Balancer

@Suite struct ConfigurationCheckTests {
  private func lines(_ objects: ConfigurationObjects) -> [String] {
    ConfigurationCheck.problems(in: objects).map { "\($0.kind)/\($0.key.name) \($0.severity.rawValue): \($0.message)" }
  }

  @Test func `a configuration that is in order has no problems`() {
    #expect(ConfigurationCheck.problems(in: ConfigurationObjects()).isEmpty)
    let objects = ConfigurationObjects(
      pools: [poolObject("a", ["192.0.2.0/24", "2001:db8::/64"])],
      l2Advertisements: [L2Advertisement(metadata: metadata("l2"), spec: .init(ipAddressPools: ["a"]))],
      bgpAdvertisements: [
        bgpAdvertisementObject {
          $0.ipAddressPools = ["a"]
          $0.peers = ["tor"]
          $0.communities = ["no-export"]
        }
      ],
      bgpPeers: [
        peerObject {
          $0.bfdProfile = "fast"
          $0.passwordSecret = .init(name: "s")
        }
      ],
      bfdProfiles: [profileObject()], communities: [communityObject(["no-export": "65535:65281"])],
      secrets: [Secret(metadata: metadata("s"), type: PasswordSecret.requiredType, stringData: ["password": "x"])],
      nodes: ["n1": [:]])
    #expect(self.lines(objects) == [])
  }

  @Test func `problems of all kinds come in one list, in one order`() {
    let objects = ConfigurationObjects(
      pools: [poolObject("b", ["x"]), poolObject("a", [])],
      l2Advertisements: [L2Advertisement(metadata: metadata("l2"), spec: .init(ipAddressPools: ["none"]))],
      bgpAdvertisements: [bgpAdvertisementObject { $0.communities = ["alias"] }],
      bgpPeers: [peerObject { $0.bfdProfile = "slow" }],
      bfdProfiles: [profileObject("fast", .init(receiveInterval: 1))],
      communities: [communityObject(["x": "y"])],
      malformed: [.init(kind: "IPAddressPool", key: key("metallb-system/c"), reason: "spec: not an object")])
    let expected = [
      "BFDProfile/fast invalid: parsing bfd profile #1: invalid value 1, must be in 10-60000 range\n"
        + "invalid receive interval value",
      "BGPAdvertisement/ad unresolved: invalid community format: alias\n"
        + #"invalid community "alias" in BGP advertisement"#,
      "BGPPeer/tor unresolved: peer tor referencing non existing bfd profile slow",
      #"Community/aliases invalid: parsing community "x": invalid community format: y"#,
      "IPAddressPool/a invalid: parsing address pool a: pool has no prefixes defined",
      #"IPAddressPool/b invalid: parsing address pool b: invalid CIDR "x" in pool "b": invalid CIDR "x""#,
      "IPAddressPool/c invalid: spec: not an object",
      #"L2Advertisement/l2 warning: L2Advertisement "l2" refers to pool "none", which does not exist"#,
    ]
    #expect(self.lines(objects) == expected)
    var turned = objects
    turned.pools?.reverse()
    #expect(self.lines(turned) == expected)
  }

  @Test func `what is not known is not looked up`() {
    let objects = ConfigurationObjects(
      l2Advertisements: [L2Advertisement(metadata: metadata("l2"), spec: .init(ipAddressPools: ["none"]))],
      bgpAdvertisements: [
        bgpAdvertisementObject {
          $0.communities = ["alias"]
          $0.ipAddressPools = ["none"]
          $0.peers = ["tor"]
        }
      ],
      bgpPeers: [
        peerObject {
          $0.bfdProfile = "slow"
          $0.passwordSecret = .init(name: "s")
        }
      ])
    #expect(self.lines(objects) == [])
    var known = objects
    known.pools = []
    known.communities = []
    known.bfdProfiles = []
    known.secrets = []
    #expect(self.lines(known).count == 4)
    // What looks like a community is read as one, aliases or not.
    var wrong = objects
    wrong.bgpAdvertisements = [bgpAdvertisementObject { $0.communities = ["1:2:3"] }]
    #expect(self.lines(wrong).count == 1)
  }

  @Test func `an object that is written down twice is one too many`() {
    let l2 = L2Advertisement(metadata: metadata("l2"))
    let objects = ConfigurationObjects(
      pools: [poolObject("a", ["192.0.2.0/24"]), poolObject("a", ["192.0.2.0/24"])], l2Advertisements: [l2, l2],
      bgpAdvertisements: [bgpAdvertisementObject("other"), bgpAdvertisementObject(), bgpAdvertisementObject()],
      bgpPeers: [peerObject(), peerObject()], bfdProfiles: [profileObject(), profileObject()],
      communities: [communityObject([:]), communityObject([:])])
    #expect(
      self.lines(objects) == [
        "BFDProfile/fast invalid: found duplicate bfd profile name fast",
        "BGPAdvertisement/ad invalid: duplicate definition of bgpadvertisements. advertisement 2 and 3 are equal",
        "BGPPeer/tor invalid: peer tor already exists",
        #"Community/aliases invalid: duplicate definition of community object "aliases""#,
        #"IPAddressPool/a invalid: duplicate definition of pool "a""#,
        #"L2Advertisement/l2 invalid: duplicate definition of l2advertisement "l2""#,
      ])
    // Under another name a copy is all right (contract section 21.15).
    #expect(
      self.lines(.init(bgpAdvertisements: [bgpAdvertisementObject("a"), bgpAdvertisementObject("b")])) == [])
  }

  @Test func `advertisements are judged with the pools that they announce`() {
    let objects = ConfigurationObjects(
      pools: [poolObject("v6", ["2001:db8::/80"]), poolObject("v4", ["192.0.2.0/24"])],
      bgpAdvertisements: [
        bgpAdvertisementObject("long") { $0.aggregationLengthV6 = 64 },
        bgpAdvertisementObject("loud") { $0.localPref = 7 },
      ],
      bgpPeers: [peerObject { $0.bfdProfile = "fast" }],
      bfdProfiles: [profileObject("fast", .init(echoMode: true))], nodes: ["n1": [:]])
    #expect(
      self.lines(objects) == [
        "BGPAdvertisement/long invalid: invalid aggregation length 64: prefix 80 in this pool is more specific than "
          + "the aggregation length for addresses 2001:db8::/80",
        "BGPAdvertisement/loud invalid: invalid local preference 7: local preferernce 0 was already set for the same "
          + "type of BGP update. Check existing BGP advertisements with common pools and aggregation lengths",
        "BGPAdvertisement/loud warning: pool v6 has bgpadvertisement loud which references peer tor which has bfd echo "
          + "enabled, which is not possible",
      ])
  }

  @Test func `a change is refused for what it makes wrong, be it of another object, and for nothing else`() {
    func old(_ name: String, _ addresses: [String], age: Int64) -> IPAddressPool {
      var pool = poolObject(name, addresses)
      pool.metadata.creationTimestamp = Timestamp(seconds: age)
      return pool
    }
    let current = ConfigurationObjects(pools: [
      old("a", ["10.0.0.0/24"], age: 1), old("b", ["10.0.1.0/24"], age: 2), old("broken", ["x"], age: 3),
    ])
    var grown = current
    grown.pools?[0] = old("a", ["10.0.0.0/23"], age: 1)
    #expect(
      ConfigurationCheck.problems(introducedBy: grown, to: current).map(\.message) == [
        #"CIDR "10.0.1.0/24" in pool "b" overlaps with already defined CIDR "10.0.0.0/23""#
      ])
    var harmless = current
    harmless.pools?.append(old("c", ["10.0.2.0/24"], age: 4))
    #expect(ConfigurationCheck.problems(introducedBy: harmless, to: current) == [])
  }

  @Test func `a problem is one line on a terminal`() {
    let problem = Problem(
      kind: "BFDProfile", key: key("m/fast"), field: "spec.x", message: "inner\nouter", remedy: "Do it.")
    #expect(problem.description == "BFDProfile m/fast, spec.x: inner; outer. Do it.")
  }
}
