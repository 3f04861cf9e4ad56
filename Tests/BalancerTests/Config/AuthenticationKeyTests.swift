import KubernetesModel
import Primitives
import Testing

@testable import Balancer

/// `tcpAO` of a BGPPeer: what is read, what is refused, and which changes a connection survives.
@Suite struct AuthenticationKeyTests {
  typealias Key = BGPPeer.AuthenticationOption.Key

  private static func peer(_ keys: Key..., change: (inout BGPPeer.Spec) -> Void = { _ in }) -> BGPPeer {
    peerObject { spec in
      spec.tcpAO = .init(keys: keys)
      change(&spec)
    }
  }

  private static func lines(_ keys: Key..., change: (inout BGPPeer.Spec) -> Void = { _ in }) -> [String] {
    BGPPeerReading.read(
      peerObject { spec in
        spec.tcpAO = .init(keys: keys)
        change(&spec)
      }
    ).problems.map { "\($0.field): \($0.message)" }
  }

  private static func secret(
    _ name: String, _ password: String?, type: String = PasswordSecret.requiredType
  ) -> PasswordSecret {
    PasswordSecret(key: key("metallb-system/\(name)"), type: type, password: password.map { Array($0.utf8) })
  }

  private static func numbered(_ id: UInt8, _ secret: String = "x", receiveID: UInt8? = nil) -> AuthenticationKey {
    guard let password = Password(secret.utf8) else { preconditionFailure("no password") }
    return AuthenticationKey(sendID: id, receiveID: receiveID ?? id, secret: password)
  }

  @Test func `what is absent is the number of the other direction, and the algorithm that all have`() {
    let reading = BGPPeerReading.read(
      Self.peer(
        Key(sendID: 0, secret: .init(name: "a")),
        Key(sendID: 255, recvID: 7, algorithm: "aes-128-cmac-96", secret: .init(name: "b")))
    ).reading
    #expect(
      reading?.authenticationKeys == [
        AuthenticationKeyReading(sendID: 0, receiveID: 0, algorithm: .hmacSHA1, secret: "a"),
        AuthenticationKeyReading(sendID: 255, receiveID: 7, algorithm: .aes128CMAC, secret: "b"),
      ])
    #expect(BGPPeerReading.read(peerObject()).reading?.authenticationKeys == [])
  }

  @Test func `everything that is wrong with keys is told, with its place`() {
    let whole = Key(sendID: 1, secret: .init(name: "a"))
    #expect(Self.lines(whole) == [])
    #expect(Self.lines() == ["spec.tcpAO.keys: parsing peer tor tcpAO without a key"])
    #expect(
      Self.lines(whole, Key(sendID: 256, recvID: -1, algorithm: "md5")) == [
        "spec.tcpAO.keys[1].sendID: parsing peer tor invalid sendID 256",
        "spec.tcpAO.keys[1].recvID: parsing peer tor invalid recvID -1",
        #"spec.tcpAO.keys[1].algorithm: parsing peer tor invalid algorithm "md5""#,
        "spec.tcpAO.keys[1].secret.name: parsing peer tor a key without a Secret",
      ])
    #expect(
      Self.lines(Key(secret: .init(name: "a"))) == [
        "spec.tcpAO.keys[0].sendID: parsing peer tor a key without sendID"
      ])
    #expect(
      Self.lines(whole, Key(sendID: 2, recvID: 1, secret: .init(name: "b")))
        == ["spec.tcpAO.keys: parsing peer tor two keys have the recvID 1"])
    #expect(
      Self.lines(whole, change: { $0.password = "p" })
        == ["spec.tcpAO: parsing peer tor both tcpAO and a password specified"])
    #expect(
      Self.lines(whole, change: { $0.passwordSecret = .init(name: "p") })
        == ["spec.tcpAO: parsing peer tor both tcpAO and a password specified"])
  }

  @Test func `a peer waits for the Secrets of all its keys, and follows them`() {
    var peers = BGPPeerResolution()
    let object = Self.peer(Key(sendID: 1, secret: .init(name: "a")), Key(sendID: 2, secret: .init(name: "b")))
    #expect(peers.apply(.applied(object)) == [])
    #expect(peers.apply(.applied(Self.secret("a", "first"))) == [])
    #expect(
      peers.problems().lines == [
        #"spec.tcpAO.keys[1].secret: parsing peer tor there is no Secret "b" for the TCP-AO key with sendID 2"#
      ])
    #expect(peers.problems().map(\.severity) == [.unresolved])
    #expect(peers.apply(.applied(Self.secret("b", "second"))) == ["tor"])
    let expected = AuthenticationKeys([Self.numbered(1, "first"), Self.numbered(2, "second")])
    #expect(peers.peers["tor"]?.authentication == expected.map { .keys($0) })
    #expect(peers.apply(.applied(Self.secret("b", "third"))) == ["tor"])
    #expect(peers.problems().isEmpty)
    #expect(!"\(String(reflecting: peers.peers["tor"]))".contains("third"))
  }

  @Test func `a Secret of another form is told, and the session is not begun without it`() {
    func line(_ secret: PasswordSecret) -> [String] {
      var peers = BGPPeerResolution()
      _ = peers.apply(.applied(Self.peer(Key(sendID: 1, secret: .init(name: "a")))))
      _ = peers.apply(.applied(secret))
      #expect(peers.peers["tor"] == nil)
      return peers.problems().lines
    }
    let start = "spec.tcpAO.keys[0].secret: parsing peer tor "
    #expect(
      line(Self.secret("a", "x", type: "Opaque"))
        == [start + #"the Secret "a" is of another type than kubernetes.io/basic-auth"#])
    #expect(line(Self.secret("a", nil)) == [start + #"the Secret "a" has no password"#])
    #expect(line(Self.secret("a", "")) == [start + #"the Secret "a" has no password"#])
    #expect(
      line(Self.secret("a", String(repeating: "x", count: 81)))
        == [start + #"the key in the Secret "a" is longer than 80 bytes"#])
  }

  @Test func `a connection survives keys that come, go and change places, but not one that changes`() throws {
    let one = try #require(AuthenticationKeys([Self.numbered(1)]))
    func survives(_ keys: AuthenticationKey...) -> Bool {
      AuthenticationKeys(keys)?.allowsConnection(of: one) == true
    }
    #expect(survives(Self.numbered(1), Self.numbered(2)))
    #expect(survives(Self.numbered(2), Self.numbered(1)))
    #expect(!survives(Self.numbered(1, "other")))
    #expect(!survives(Self.numbered(2)), "no key is known to both sides of the change")
    #expect(!survives(Self.numbered(2), Self.numbered(3, receiveID: 1)))
    let two = try #require(AuthenticationKeys([Self.numbered(1), Self.numbered(2)]))
    #expect(one.allowsConnection(of: two))
    #expect(AuthenticationKeys([Self.numbered(2)])?.allowsConnection(of: two) == true)
    #expect(AuthenticationKeys([Self.numbered(1), Self.numbered(2, "other")])?.allowsConnection(of: two) == false)
    #expect(AuthenticationKeys([]) == nil)
  }
}
