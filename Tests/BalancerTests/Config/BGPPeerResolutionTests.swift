import KubernetesModel
import Primitives
import Testing

@testable import Balancer

/// Contract section 6, peers with what they refer to, and BFD profiles.
@Suite struct BGPPeerResolutionTests {
  private func secret(_ name: String, type: String = PasswordSecret.requiredType, _ password: String?) -> PasswordSecret
  {
    PasswordSecret(key: key("metallb-system/\(name)"), type: type, password: password.map { Array($0.utf8) })
  }

  @Test func `a peer waits for its profile, and follows it`() {
    var peers = BGPPeerResolution()
    #expect(peers.apply(.applied(peerObject { $0.bfdProfile = "fast" })) == [])
    #expect(peers.problems().lines == ["spec.bfdProfile: peer tor referencing non existing bfd profile fast"])
    #expect(peers.problems().map(\.severity) == [.unresolved])
    #expect(peers.apply(.applied(profileObject("fast", .init(receiveInterval: 20)))) == ["tor"])
    #expect(peers.peers["tor"]?.bfd?.receiveInterval == .milliseconds(20))
    #expect(peers.problems().isEmpty)
    // A profile that becomes wrong, or goes, leaves the session as it was.
    #expect(peers.apply(.applied(profileObject("fast", .init(receiveInterval: 5)))) == [])
    #expect(
      peers.problems().lines == [
        "spec.receiveInterval: parsing bfd profile #1: invalid value 5, must be in 10-60000 range\n"
          + "invalid receive interval value"
      ])
    #expect(peers.apply(ObjectChange<BFDProfile>.deleted(key("metallb-system/fast"))) == [])
    #expect(peers.peers["tor"]?.bfd?.receiveInterval == .milliseconds(20))
    #expect(peers.problems().lines == ["spec.bfdProfile: peer tor referencing non existing bfd profile fast"])
  }

  @Test func `a peer waits for its password, and follows it`() {
    var peers = BGPPeerResolution()
    #expect(peers.apply(.applied(peerObject { $0.passwordSecret = .init(name: "s") })) == [])
    #expect(
      peers.problems().lines == [
        #"spec.passwordSecret: parsing peer tor secret ref not found for peer config "metallb-system"/"tor""#
          + "\nfailed to parse peer tor password secret"
      ])
    #expect(peers.problems().map(\.severity) == [.unresolved])
    #expect(peers.apply(.applied(self.secret("other", "x"))) == [])
    #expect(peers.apply(.applied(self.secret("s", "first"))) == ["tor"])
    #expect(peers.peers["tor"]?.authentication == Password("first".utf8).map { .password($0) })
    #expect(peers.apply(.applied(self.secret("s", "second"))) == ["tor"])
    #expect(peers.apply(.applied(self.secret("s", "second"))) == [])
    #expect(peers.peers["tor"]?.authentication == Password("second".utf8).map { .password($0) })
    #expect(peers.problems().isEmpty)
  }

  @Test func `a Secret must have the type and the key`() {
    func lines(_ secret: PasswordSecret) -> [String] {
      var peers = BGPPeerResolution()
      _ = peers.apply(.applied(peerObject { $0.passwordSecret = .init(name: "s") }))
      _ = peers.apply(.applied(secret))
      return peers.problems().lines
    }
    #expect(
      lines(self.secret("s", type: "Opaque", "x")) == [
        #"spec.passwordSecret: parsing peer tor secret type mismatch on "metallb-system"/"s", "#
          + #"type "kubernetes.io/basic-auth" is expected "# + "\nfailed to parse peer tor password secret"
      ])
    #expect(
      lines(self.secret("s", nil)) == [
        #"spec.passwordSecret: parsing peer tor password not specified in the secret "metallb-system"/"s""#
          + "\nfailed to parse peer tor password secret"
      ])
    #expect(lines(self.secret("s", String(repeating: "x", count: 81))).count == 1)
    #expect(lines(self.secret("s", "x")) == [])
  }

  @Test func `a Secret is read in the form of the API and of files, and does not show itself`() {
    func read(_ secret: Secret) -> [UInt8]? { PasswordSecret(secret).password }
    let type = PasswordSecret.requiredType
    #expect(
      read(Secret(metadata: metadata("s"), type: type, data: ["password": "c2VjcmV0"])) == Array("secret".utf8))
    #expect(read(Secret(metadata: metadata("s"), type: type, data: ["password": "c2Vj*"])) == nil)
    #expect(read(Secret(metadata: metadata("s"), type: type, stringData: ["password": "x"])) == [0x78])
    #expect(read(Secret(metadata: metadata("s"), type: nil, data: ["password": "c2VjcmV0"])) == nil)
    #expect(String(reflecting: self.secret("s", "secret")).contains("115") == false)
  }

  @Test func `a peer that becomes wrong keeps its last good form, and the others apply`() {
    var peers = BGPPeerResolution()
    _ = peers.apply(.applied(peerObject("a")))
    _ = peers.apply(.applied(peerObject("b") { $0.peerAddress = "192.0.2.2" }))
    let before = peers.peers
    #expect(peers.apply(.applied(peerObject("a") { $0.myASN = 0 })) == [])
    #expect(peers.apply(ObjectChange<BGPPeer>.malformed(key("metallb-system/b"), reason: "spec: not an object")) == [])
    #expect(peers.peers == before)
    #expect(
      peers.problems().lines == ["spec.myASN: parsing peer a missing local ASN", ": spec: not an object"])
    #expect(peers.apply(.applied(peerObject("a") { $0.peerPort = 1179 })) == ["a"])
    #expect(peers.apply(ObjectChange<BGPPeer>.deleted(key("metallb-system/a"))) == ["a"])
    #expect(peers.peers.keys.sorted() == ["b"])
  }

  @Test func `of two peers of one name the older one has it`() {
    var second = peerObject("tor", age: 2) { $0.peerAddress = "192.0.2.2" }
    second.metadata.namespace = "other"
    var peers = BGPPeerResolution()
    _ = peers.apply(.applied(second))
    #expect(peers.apply(.applied(peerObject("tor", age: 1))) == ["tor"])
    #expect(peers.peers["tor"]?.endpoint == .address(ip("192.0.2.1")))
    #expect(peers.problems().map(\.key) == [key("other/tor")])
    #expect(peers.problems().lines == ["metadata.name: peer tor already exists"])
    #expect(peers.apply(ObjectChange<BGPPeer>.deleted(key("metallb-system/tor"))) == ["tor"])
    #expect(peers.peers["tor"]?.endpoint == .address(ip("192.0.2.2")))
    #expect(peers.problems().isEmpty)
  }

  @Test func `two sessions of one node with one router are worth a warning`() {
    var peers = BGPPeerResolution()
    let (one, two) = (LabelSelector(matchLabels: ["rack": "1"]), LabelSelector(matchLabels: ["rack": "2"]))
    _ = peers.apply(.applied(peerObject("a", age: 1) { $0.nodeSelectors = [one] }))
    _ = peers.apply(.applied(peerObject("b", age: 2) { $0.nodeSelectors = [two] }))
    #expect(peers.problems().isEmpty)
    #expect(peers.problems(nodes: [["rack": "1"], ["rack": "2"]]).isEmpty)
    _ = peers.apply(.applied(peerObject("b", age: 2) { $0.myASN = 64520 }))
    let problems = peers.problems()
    #expect(problems.map(\.key.name) == ["b"] && problems.map(\.severity) == [.warning])
    #expect(peers.peers.count == 2)
    // Several AS numbers and router IDs on one node are all right, with different routers (Docs/differences.md).
    _ = peers.apply(
      .applied(
        peerObject("b", age: 2) {
          $0.myASN = 64520
          $0.routerID = "10.0.0.9"
          $0.peerAddress = "192.0.2.2"
        }))
    #expect(peers.problems().isEmpty)
  }

  @Test(arguments: [
    (
      BFDProfile.Spec(detectMultiplier: 1), "spec.detectMultiplier",
      "1, must be in 2-255 range\ninvalid detect multiplier value"
    ),
    (.init(receiveInterval: 9), "spec.receiveInterval", "9, must be in 10-60000 range\ninvalid receive interval value"),
    (
      .init(transmitInterval: 60_001), "spec.transmitInterval",
      "60001, must be in 10-60000 range\ninvalid transmit interval value"
    ),
    (.init(minimumTtl: 255), "spec.minimumTtl", "255, must be in 1-254 range\ninvalid minimum ttl value"),
    (.init(echoInterval: 0), "spec.echoInterval", "0, must be in 10-60000 range\ninvalid echo interval value"),
  ])
  func `figures of a profile have ranges`(spec: BFDProfile.Spec, field: String, sentence: String) {
    var peers = BGPPeerResolution()
    _ = peers.apply(.applied(profileObject("a")))
    _ = peers.apply(.applied(profileObject("b", spec)))
    #expect(peers.problems().lines == ["\(field): parsing bfd profile #2: invalid value \(sentence)"])
    #expect(peers.profile(named: "b") == nil)
  }

  @Test func `a profile has the defaults of FRR`() {
    #expect(
      BFDProfileConfiguration.read(profileObject()).reading
        == BFDProfileConfiguration(
          key: key("metallb-system/fast"), receiveInterval: .milliseconds(300), transmitInterval: .milliseconds(300),
          detectMultiplier: 3, echoInterval: .milliseconds(50), echoMode: false, passiveMode: false, minimumTTL: 254))
    let full = BFDProfile.Spec(
      receiveInterval: 10, transmitInterval: 60_000, detectMultiplier: 255, echoInterval: 11, echoMode: true,
      passiveMode: true, minimumTtl: 1)
    #expect(
      BFDProfileConfiguration.read(profileObject("fast", full)).reading
        == BFDProfileConfiguration(
          key: key("metallb-system/fast"), receiveInterval: .milliseconds(10), transmitInterval: .seconds(60),
          detectMultiplier: 255, echoInterval: .milliseconds(11), echoMode: true, passiveMode: true, minimumTTL: 1))
  }

  @Test func `profiles need names, each its own`() {
    #expect(BFDProfileConfiguration.read(profileObject("")).problems.map(\.message) == ["missing bfd profile name"])
    var other = profileObject("fast", .init(receiveInterval: 20))
    other.metadata.namespace = "other"
    var peers = BGPPeerResolution()
    _ = peers.apply(.applied(profileObject("fast")))
    _ = peers.apply(.applied(other))
    #expect(peers.problems().lines == ["metadata.name: found duplicate bfd profile name fast"])
    #expect(peers.problems().map(\.key) == [key("other/fast")])
    #expect(peers.profile(named: "fast")?.key == key("metallb-system/fast"))
  }
}
