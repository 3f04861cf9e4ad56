import BFD
import Balancer
import KubernetesModel
import Primitives
import Speaker
import Testing

/// Which session a BGP peer with a profile asks for.
@Suite struct BFDPeersTests {
  private static let router = IPAddress.v4(IPv4Address(198, 18, 1, 2))
  private static let profile = BFDProfileConfiguration(key: ObjectKey(namespace: "metallb-system", name: "fast"))

  private func peer(_ remote: BGPPeerConfiguration.RemoteASN, local: ASN? = nil, multihop: Bool = false)
    -> BGPPeerConfiguration
  {
    BGPPeerConfiguration(
      key: ObjectKey(namespace: "metallb-system", name: "rack"), myASN: ASN(64500), remote: remote, localASN: local,
      endpoint: .address(Self.router), bfd: Self.profile, ebgpMultiHop: multihop)
  }

  @Test func `a profile that says nothing means what FRR means by it`() {
    #expect(Settings(Self.profile) == Settings())
  }

  @Test func `every field of a profile counts`() {
    let profile = BFDProfileConfiguration(
      key: Self.profile.key, receiveInterval: .milliseconds(20), transmitInterval: .milliseconds(30),
      detectMultiplier: 5, echoInterval: .milliseconds(40), echoMode: true, passiveMode: true, minimumTTL: 250)
    #expect(
      Settings(profile)
        == Settings(
          receiveInterval: .milliseconds(20), transmitInterval: .milliseconds(30), detectMultiplier: 5,
          echo: .every(.milliseconds(40)), isPassive: true, minimumTTL: 250))
  }

  @Test func `a peer is one hop away unless it says otherwise, or is ours and elsewhere`() {
    #expect(SessionPath(self.peer(.asn(ASN(64501))), isOnLink: false)?.isMultihop == false)
    #expect(SessionPath(self.peer(.external), isOnLink: false)?.isMultihop == false)
    #expect(SessionPath(self.peer(.asn(ASN(64501)), multihop: true), isOnLink: true)?.isMultihop == true)
    #expect(SessionPath(self.peer(.asn(ASN(64500))), isOnLink: true)?.isMultihop == false)
    #expect(SessionPath(self.peer(.asn(ASN(64500))), isOnLink: false)?.isMultihop == true)
    #expect(SessionPath(self.peer(.internal), isOnLink: false)?.isMultihop == true)
    #expect(SessionPath(self.peer(.asn(ASN(64500)), local: ASN(64999)), isOnLink: false)?.isMultihop == false)
  }

  @Test func `without a profile or an address there is no session`() {
    var peer = self.peer(.external)
    peer.bfd = nil
    #expect(SessionPath(peer, isOnLink: true) == nil)
    peer = self.peer(.external)
    peer.endpoint = .interface("eth0")
    #expect(SessionPath(peer, isOnLink: true) == nil)
  }

  @Test func `a router that was found on an interface is watched there, one hop away`() throws {
    var peer = self.peer(.internal)
    peer.endpoint = .interface("eth0")
    let router = try #require(IPv6Address("fe80::2"))
    #expect(
      SessionPath(peer, isOnLink: false, routers: ["eth0": router])
        == SessionPath(peer: .v6(router), interface: "eth0"))
    #expect(SessionPath(peer, isOnLink: true, routers: ["eth1": router]) == nil)
  }

  @Test func `source address and VRF belong to the path`() {
    var peer = self.peer(.external)
    peer.sourceAddress = .v4(IPv4Address(198, 18, 1, 1))
    peer.vrf = "red"
    #expect(
      SessionPath(peer, isOnLink: true)
        == SessionPath(peer: Self.router, local: .v4(IPv4Address(198, 18, 1, 1)), vrf: "red"))
  }
}
