import KubernetesModel
import Primitives
import Testing

@testable import Balancer

/// Contract section 6, peers.
@Suite struct BGPPeerParserTests {
  private func lines(_ change: (inout BGPPeer.Spec) -> Void) -> [String] {
    let (reading, problems) = BGPPeerReading.read(peerObject { change(&$0) })
    #expect((reading == nil) == problems.contains { $0.severity != .warning })
    #expect(problems.allSatisfy { !$0.remedy.isEmpty && $0.key == key("metallb-system/tor") && $0.kind == "BGPPeer" })
    return problems.lines
  }

  @Test func `what is absent has its defaults`() throws {
    let peer = try #require(BGPPeerReading.read(peerObject()).reading)
    #expect(
      peer
        == BGPPeerReading(
          configuration: BGPPeerConfiguration(
            key: key("metallb-system/tor"), myASN: ASN(64512), remote: .asn(ASN(64513)),
            endpoint: .address(ip("192.0.2.1")), port: 179)))
    #expect(peer.configuration.selects(node: [:]))
  }

  @Test func `every field finds its place`() throws {
    let spec = BGPPeer.Spec(
      myASN: 4_200_000_000, dynamicASN: "external", localASN: 64600, interface: "eth0", peerPort: 1179,
      holdTime: "12s", keepaliveTime: "2s", connectTime: "30s", routerID: "10.1.1.1",
      nodeSelectors: [LabelSelector(matchLabels: ["rack": "1"])], passwordSecret: .init(name: "secret"),
      bfdProfile: "fast", enableGracefulRestart: true, ebgpMultiHop: true, vrf: "red", dualStackAddressFamily: true,
      passiveMode: true)
    let peer = try #require(BGPPeerReading.read(peerObject { $0 = spec }).reading)
    #expect(
      peer
        == BGPPeerReading(
          configuration: BGPPeerConfiguration(
            key: key("metallb-system/tor"), myASN: ASN(4_200_000_000), remote: .external, localASN: ASN(64600),
            endpoint: .interface("eth0"), port: 1179,
            timers: .init(holdTime: .seconds(12), keepaliveTime: .seconds(2)), connectTime: .seconds(30),
            routerID: IPv4Address("10.1.1.1"), nodeSelectors: [LabelSelector(matchLabels: ["rack": "1"])],
            gracefulRestart: true, ebgpMultiHop: true, vrf: "red", dualStack: true, isPassive: true),
          bfdProfile: "fast", passwordSecret: "secret"))
    #expect(peer.configuration.selects(node: ["rack": "1"]) && !peer.configuration.selects(node: ["rack": "2"]))
  }

  @Test func `AS numbers`() {
    #expect(self.lines { $0.myASN = nil } == ["spec.myASN: parsing peer tor missing local ASN"])
    #expect(self.lines { $0.myASN = 0 } == ["spec.myASN: parsing peer tor missing local ASN"])
    #expect(self.lines { $0.myASN = -1 } == ["spec.myASN: parsing peer tor invalid local ASN -1"])
    #expect(self.lines { $0.peerASN = nil } == ["spec.peerASN: parsing peer tor missing peer ASN and dynamicASN"])
    #expect(
      self.lines { $0.dynamicASN = "internal" } == [
        "spec.dynamicASN: parsing peer tor both peer ASN and dynamicASN specified"
      ])
    #expect(
      self.lines {
        $0.peerASN = nil
        $0.dynamicASN = "any"
      } == ["spec.dynamicASN: parsing peer tor invalid dynamicASN any"])
    #expect(
      self.lines { $0.peerASN = 4_294_967_296 } == ["spec.peerASN: parsing peer tor invalid peer ASN 4294967296"])
    // The number that the router sees may be our own (contract section 21.16).
    #expect(self.lines { $0.localASN = 64512 } == [])
  }

  @Test func `the distance of a router is a number of hops, and is said once`() throws {
    let peer = try #require(BGPPeerReading.read(peerObject { $0.ttlSecurityHops = 254 }).reading)
    #expect(peer.configuration.ttlSecurityHops == 254)
    #expect(self.lines { $0.ttlSecurityHops = 0 } == [])
    for number: Int64 in [-1, 255, 65_536] {
      #expect(
        self.lines { $0.ttlSecurityHops = number } == [
          "spec.ttlSecurityHops: parsing peer tor invalid number of hops \(number)"
        ])
    }
    #expect(
      self.lines {
        $0.ttlSecurityHops = 2
        $0.ebgpMultiHop = true
      } == ["spec.ttlSecurityHops: parsing peer tor both ttlSecurityHops and ebgpMultiHop specified"])
  }

  @Test func `several hops are for routers of other AS`() {
    let sentence = "spec.ebgpMultiHop: parsing peer tor invalid ebgp-multihop parameter set for an ibgp peer"
    #expect(
      self.lines {
        $0.peerASN = 64512
        $0.ebgpMultiHop = true
      } == [sentence])
    #expect(
      self.lines {
        $0.peerASN = nil
        $0.dynamicASN = "internal"
        $0.ebgpMultiHop = true
      } == [sentence])
    #expect(self.lines { $0.ebgpMultiHop = true } == [])
  }

  @Test func `addresses`() {
    #expect(
      self.lines { $0.peerAddress = "" } == [
        "spec.peerAddress: parsing peer tor peer has no Address or Interface specified"
      ])
    #expect(
      self.lines { $0.interface = "eth0" } == [
        "spec.interface: parsing peer tor peer has both Address and Interface specified"
      ])
    #expect(
      self.lines { $0.peerAddress = "router" } == [
        #"spec.peerAddress: parsing peer tor invalid BGPPeer address "router""#
      ])
    #expect(self.lines { $0.peerAddress = "2001:db8::1" } == [])
    #expect(self.lines { $0.routerID = "x" } == [#"spec.routerID: parsing peer tor invalid router ID "x""#])
    #expect(self.lines { $0.routerID = "::1" } == [#"spec.routerID: parsing peer tor invalid router ID "::1""#])
    #expect(
      self.lines { $0.sourceAddress = "x" } == [#"spec.sourceAddress: parsing peer tor invalid source IP "x""#])
    #expect(
      self.lines { $0.sourceAddress = "2001:db8::2" } == [
        #"spec.sourceAddress: parsing peer tor invalid source IP "2001:db8::2": it is not of the family of the peer's address"#
      ])
    #expect(self.lines { $0.peerPort = 65_536 } == ["spec.peerPort: parsing peer tor invalid port 65536"])
  }

  @Test(arguments: [
    ("2s", nil, #"spec.holdTime: parsing peer tor invalid BGPPeer timers: invalid hold time "2s": must be 0 or >=3s"#),
    (
      "-5s", nil, #"spec.holdTime: parsing peer tor invalid BGPPeer timers: invalid hold time "-5s": must be 0 or >=3s"#
    ),
    (
      "9s", "10s",
      #"spec.keepaliveTime: parsing peer tor invalid BGPPeer timers: invalid keepaliveTime "10s", must be lower than holdTime "9s""#
    ),
    (
      "0s", "1s",
      #"spec.keepaliveTime: parsing peer tor invalid BGPPeer timers: invalid keepaliveTime "1s", must be lower than holdTime "0s""#
    ),
    (
      "90", nil,
      #"spec.holdTime: parsing peer tor invalid BGPPeer timers: invalid hold time "90": time: invalid duration "90""#
    ),
    (
      "20h", nil,
      #"spec.holdTime: parsing peer tor invalid BGPPeer timers: invalid hold time "20h0m0s": must be at most 65535s"#
    ),
  ])
  func `times that cannot be are refused, and printed as times`(hold: String, keepalive: String?, sentence: String) {
    #expect(
      self.lines {
        $0.holdTime = hold
        $0.keepaliveTime = keepalive
      } == [sentence])
  }

  @Test(
    arguments: [
      ("90s", nil, 90, 30), (nil, "1s", 3, 1), ("9s", "2s", 9, 2), ("0s", nil, 0, 0), ("10.9s", nil, 10, 3),
      ("3s", "3s", 3, 3),
    ] as [(String?, String?, Int, Int)])
  func `of hold and keepalive time one follows from the other`(
    hold: String?, keepalive: String?, seconds: Int, interval: Int
  ) {
    let reading = BGPPeerReading.read(
      peerObject {
        $0.holdTime = hold
        $0.keepaliveTime = keepalive
      }
    ).reading
    #expect(
      reading?.configuration.timers == .init(holdTime: .seconds(seconds), keepaliveTime: .seconds(interval)))
  }

  @Test func `the wait between connections keeps the rules of the CRD`() {
    let range = "spec.connectTime: parsing peer tor connect time should be between 1 seconds to 65535"
    #expect(self.lines { $0.connectTime = "0s" } == [range])
    #expect(self.lines { $0.connectTime = "65536s" } == [range])
    #expect(
      self.lines { $0.connectTime = "1500ms" } == [
        "spec.connectTime: parsing peer tor connect time should contain a whole number of seconds"
      ])
    #expect(self.lines { $0.connectTime = "65535s" } == [])
  }

  @Test func `selectors`() {
    let rack = LabelSelector(matchLabels: ["rack": "1"])
    #expect(
      self.lines { $0.nodeSelectors = [rack, rack] } == [
        #"spec.nodeSelectors[1]: parsing peer tor duplicate definition of nodeSelectors {map["rack":"1"] []}"#
      ])
    #expect(
      self.lines { $0.nodeSelectors = [nonsense] } == [
        "spec.nodeSelectors[0].matchExpressions[0].operator: parsing peer tor "
          + #""Near" is not a valid label selector operator"# + "\nfailed to convert peer tor node selector"
      ])
  }

  @Test func `passwords`() {
    #expect(
      self.lines {
        $0.password = "secret"
        $0.passwordSecret = .init(name: "s")
      } == [
        "spec.passwordSecret: parsing peer tor "
          + #"can not have both password and secret ref set in peer config "metallb-system"/"tor""#
      ])
    // A reference without a name, as conversions leave behind, is none.
    #expect(self.lines { $0.passwordSecret = .init() } == [])
    #expect(
      self.lines { $0.password = String(repeating: "x", count: 81) } == [
        "spec.password: parsing peer tor the password is longer than 80 bytes"
      ])
    let peer = BGPPeerReading.read(peerObject { $0.password = "secret" }).reading?.configuration
    #expect(peer?.authentication == Password("secret".utf8).map { .password($0) })
    #expect(!String(reflecting: peer).contains("115") && !"\(String(describing: peer))".contains("secret"))
  }

  @Test func `a field without effect is a warning and does no harm`() throws {
    let (reading, problems) = BGPPeerReading.read(peerObject { $0.disableMP = true })
    #expect(reading == BGPPeerReading.read(peerObject()).reading)
    #expect(problems.map(\.severity) == [.warning])
    #expect(
      problems.lines == [
        "spec.disableMP: disable mp is deprecated and has no effect since it's the default behavior now"
      ])
  }

  @Test func `a link-local address alone leads nowhere, and that is said`() throws {
    let (reading, problems) = BGPPeerReading.read(peerObject { $0.peerAddress = "fe80::1" })
    #expect(reading != nil)
    #expect(problems.map(\.severity) == [.warning])
    #expect(
      problems.lines == [
        "spec.peerAddress: the link-local address fe80::1 does not say on which link the router is"
      ])
  }

  @Test func `an empty object gives all its problems at once`() {
    let object = BGPPeer(metadata: metadata("tor"))
    #expect(
      BGPPeerReading.read(object).problems.lines == [
        "spec.myASN: parsing peer tor missing local ASN",
        "spec.peerASN: parsing peer tor missing peer ASN and dynamicASN",
        "spec.peerAddress: parsing peer tor peer has no Address or Interface specified",
      ])
  }

  @Test func `the deprecated form means the same, and times that it leaves out stay out`() {
    let legacy = LegacyBGPPeer.Spec(
      myASN: 64512, peerASN: 64513, peerAddress: "192.0.2.1", peerPort: 0,
      nodeSelectors: [LabelSelector(matchLabels: ["rack": "1"])], password: "secret", bfdProfile: "fast",
      ebgpMultiHop: true)
    let spec = BGPPeer.Spec(legacy)
    #expect(
      spec
        == BGPPeer.Spec(
          myASN: 64512, peerASN: 64513, peerAddress: "192.0.2.1",
          nodeSelectors: [LabelSelector(matchLabels: ["rack": "1"])], password: "secret", bfdProfile: "fast",
          ebgpMultiHop: true))
    var back = legacy
    back.peerPort = nil
    #expect(LegacyBGPPeer.Spec(spec) == back)
  }
}
