import BGP
import Balancer
import KubernetesModel
import Layer2
import Primitives
import Testing

@testable import Speaker

@Suite struct RouterAddressTests {
  static func configuration(
    _ endpoint: BGPPeerConfiguration.Endpoint, _ change: (inout BGPPeerConfiguration) -> Void = { _ in }
  ) -> BGPPeerConfiguration {
    var configuration = BGPPeerConfiguration(
      key: ObjectKey(namespace: "metallb-system", name: "rack"), myASN: ASN(64_512), remote: .asn(ASN(64_513)),
      endpoint: endpoint)
    change(&configuration)
    return configuration
  }

  static let v4 = IPAddress.v4(IPv4Address(192, 0, 2, 1))
  static let v6 = IPAddress("2001:db8::1") ?? v4

  @Test func `metrics name a router by address and port`() {
    #expect(RouterAddress(Self.configuration(.address(Self.v4))).label == "192.0.2.1:179")
    #expect(RouterAddress(Self.configuration(.address(Self.v6)) { $0.port = 1179 }).label == "[2001:db8::1]:1179")
    #expect(RouterAddress(Self.configuration(.interface("eth0"))).label == "eth0:179")
  }

  @Test func `routes are of the session's family unless both are asked for`() {
    #expect(PeerSettings(Self.configuration(.address(Self.v4))).families == [.ipv4])
    #expect(PeerSettings(Self.configuration(.address(Self.v6))).families == [.ipv6])
    #expect(PeerSettings(Self.configuration(.address(Self.v4)) { $0.dualStack = true }).families == [.ipv4, .ipv6])
    #expect(PeerSettings(Self.configuration(.interface("eth0"))).families == [.ipv4, .ipv6])
  }

  @Test func `absent settings are the protocol's defaults`() {
    let settings = PeerSettings(Self.configuration(.address(Self.v4)))
    #expect(settings.localASN == ASN(64_512))
    #expect(settings.holdTime == .standard)
    #expect(settings.keepaliveInterval == nil && settings.connectInterval == nil && settings.restartTime == nil)
    #expect(RouterAddress(Self.configuration(.address(Self.v4))).patience == .seconds(90))
  }

  @Test func `what is configured is taken over`() {
    let configuration = Self.configuration(.address(Self.v4)) {
      $0.localASN = ASN(65_000)
      $0.timers = BGPPeerConfiguration.Timers(holdTime: .zero, keepaliveTime: .zero)
      $0.connectTime = .seconds(7)
      $0.gracefulRestart = true
    }
    let settings = PeerSettings(configuration)
    #expect(settings.localASN == ASN(65_000))
    #expect(settings.holdTime == .unlimited)
    #expect(settings.keepaliveInterval == nil)
    #expect(settings.connectInterval == .seconds(7))
    #expect(settings.restartTime == .seconds(120))
    #expect(RouterAddress(configuration).patience == nil)
  }

  @Test func `each hop that a router may be away is one that its TTL may lack`() {
    #expect(RouterAddress(Self.configuration(.address(Self.v4))).minimumTTL == nil)
    #expect(RouterAddress(Self.configuration(.address(Self.v4)) { $0.ttlSecurityHops = 1 }).minimumTTL == 255)
    #expect(RouterAddress(Self.configuration(.address(Self.v4)) { $0.ttlSecurityHops = 254 }).minimumTTL == 2)
  }

  @Test func `other keys need no other connection, anything else that is different does`() throws {
    func router(_ keys: [(UInt8, String)], port: UInt16 = 179) throws -> RouterAddress {
      let keys = try keys.map { id, secret in
        AuthenticationKey(sendID: id, receiveID: id, secret: try #require(Password(secret.utf8)))
      }
      let authentication = AuthenticationKeys(keys).map(BGPPeerConfiguration.Authentication.keys)
      return RouterAddress(
        Self.configuration(.address(Self.v4)) {
          $0.authentication = authentication ?? .none
          $0.port = port
        })
    }
    let old = try router([(1, "a")])
    let change = try #require(old.keyChange(to: try router([(2, "b"), (1, "a")])))
    #expect(change.old.all.map(\.sendID) == [1] && change.new.all.map(\.sendID) == [2, 1])
    #expect(old.keyChange(to: old) == nil)
    #expect(try old.keyChange(to: router([(1, "b")])) == nil)
    #expect(try old.keyChange(to: router([(2, "b"), (1, "a")], port: 1179)) == nil)
    #expect(try old.keyChange(to: router([])) == nil)
    #expect(try router([]).keyChange(to: old) == nil)
  }

  @Test func `of an address that several VRFs have, that of the session's VRF is meant`() {
    let addresses = NodeAddresses(node: "n")
    func interface(_ index: Int, _ name: String, master: Int?, _ v6: String) -> Interface {
      let own = [(Self.v4, 24), (IPAddress(v6) ?? Self.v6, 64)].map { Interface.Address($0, prefixLength: $1) }
      return Interface(index: index, name: name, addresses: own, master: master, kind: "veth")
    }
    addresses.change([
      Interface(index: 2, name: "red", kind: "vrf"), Interface(index: 3, name: "br0", kind: "bridge"),
      interface(4, "eth0", master: 2, "2001:db8:a::1"), interface(5, "eth1", master: 3, "2001:db8:b::1"),
    ])
    func global(_ vrf: String?) -> String? {
      addresses.endpoint(local: Self.v4, remote: Self.v4, vrf: vrf).ipv6.map { "\($0)" }
    }
    #expect(global("red") == "2001:db8:a::1")
    #expect(global(nil) == "2001:db8:b::1")
  }

  @Test func `on a link the end of a connection is that of its interface, whoever has the same address`() {
    let addresses = NodeAddresses(node: "n")
    let own = Interface.Address(IPAddress("fe80::1") ?? Self.v6, prefixLength: 64)
    addresses.change([
      Interface(index: 2, name: "eth0", addresses: [own, Interface.Address(Self.v6, prefixLength: 64)]),
      Interface(index: 3, name: "eth1", addresses: [own]),
    ])
    let endpoint = addresses.endpoint(
      local: own.address, remote: IPAddress("fe80::2") ?? Self.v6, interface: "eth1")
    #expect(endpoint.linkLocal == IPv6Address("fe80::1") && endpoint.ipv6 == nil)
  }

  @Test func `an address is missing on its interface, or in its VRF, though others have the same one`() {
    let addresses = NodeAddresses(node: "n")
    let own = Interface.Address(Self.v6, prefixLength: 64)
    addresses.change([
      Interface(index: 2, name: "red", kind: "vrf"), Interface(index: 3, name: "eth0", addresses: [own]),
      Interface(index: 4, name: "eth1"), Interface(index: 5, name: "eth2", master: 2),
    ])
    #expect(addresses.has(Self.v6, on: "eth0") && addresses.has(Self.v6))
    #expect(!addresses.has(Self.v6, on: "eth1") && !addresses.has(Self.v6, in: "red"))
    #expect(!addresses.has(nil))
  }

  @Test func `a router is looked up on its interface, with the number of that`() throws {
    let directory = RouterDirectory()
    #expect(throws: NoRouterYet.self) { try directory.socketAddress(on: "eth0", port: 179) }
    let address = try #require(IPv6Address("fe80::2"))
    let router = RouterDiscovery.Finding.router(RouterDiscovery.Router(address: address, interface: 7))
    #expect(directory.change("eth0", to: router) == .missing(.silence))
    let found = try directory.socketAddress(on: "eth0", port: 179)
    #expect(IPAddress(found) == .v6(address) && found.scope == 7 && found.port == 179)
    #expect(directory.change("eth0", to: .missing(.noCarrier)) == router)
    do {
      _ = try directory.socketAddress(on: "eth0", port: 179)
      Issue.record("there is no router")
    } catch {
      #expect(error.description == #"no router is known on interface "eth0": the interface has no carrier"#)
    }
  }

  @Test func `our end of a connection has the addresses of its interface`() {
    let interfaces = [
      Interface(index: 1, name: "lo", addresses: [Interface.Address(.v4(IPv4Address(127, 0, 0, 1)), prefixLength: 8)]),
      Interface(
        index: 2, name: "eth0",
        addresses: ["192.0.2.9/24", "fe80::9/64", "2001:db8::9/64"].compactMap { text in
          let parts = text.split(separator: "/")
          return IPAddress(parts[0]).map { Interface.Address($0, prefixLength: Int(parts[1]) ?? 0) }
        }),
    ]
    let local = IPAddress.v4(IPv4Address(192, 0, 2, 9))
    let near = ConnectionEndpoint(local: local, remote: Self.v4, among: interfaces, node: "n")
    #expect(near.ipv4 == IPv4Address(192, 0, 2, 9))
    #expect(near.ipv6 == IPv6Address("2001:db8::9"))
    #expect(near.linkLocal == IPv6Address("fe80::9"))
    #expect(near.routerID == IPv4Address(192, 0, 2, 9))
    // A router behind others can do nothing with a link-local address.
    let far = ConnectionEndpoint(
      local: local, remote: .v4(IPv4Address(198, 51, 100, 1)), among: interfaces, node: "n")
    #expect(far.linkLocal == nil && far.ipv6 == IPv6Address("2001:db8::9"))
    let unknown = ConnectionEndpoint(local: local, remote: Self.v4, among: [], node: "n")
    #expect(unknown.ipv6 == nil && unknown.ipv4 == nil)
  }
}
