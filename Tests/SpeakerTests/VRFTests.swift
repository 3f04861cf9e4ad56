import Layer2
import Primitives
import Testing

@testable import Speaker

/// A node in networks with the same addresses, of which two are in VRFs.
@Suite struct VRFTests {
  private static let interfaces = [
    Interface(index: 1, name: "red", kind: "vrf"),
    Interface(index: 2, name: "blue", addresses: [Self.address("10.9.9.9", 32)], kind: "vrf"),
    Interface(
      index: 3, name: "eth0", addresses: [Self.address("10.0.0.1", 24), Self.address("2001:db8:a::1", 64)], kind: "veth"
    ),
    Interface(
      index: 4, name: "eth1", addresses: [Self.address("10.0.0.1", 24), Self.address("2001:db8:b::1", 64)], master: 1,
      kind: "veth"),
    Interface(
      index: 5, name: "eth2", addresses: [Self.address("10.0.0.1", 25), Self.address("2001:db8:c::1", 64)], master: 2,
      kind: "veth"),
    // A member of a bridge is in no VRF.
    Interface(index: 6, name: "br0", kind: "bridge"), Interface(index: 7, name: "eth3", master: 6, kind: "veth"),
  ]

  private static func address(_ text: String, _ length: Int) -> Interface.Address {
    Interface.Address(Self.ip(text), prefixLength: length)
  }

  private static func ip(_ text: String) -> IPAddress {
    IPAddress(text) ?? .v4(IPv4Address(bits: 0))
  }

  @Test func `an interface is in the VRF whose member it is, and a VRF's device in itself`() {
    #expect(Self.interfaces.vrfs == [1: "red", 2: "blue", 4: "red", 5: "blue"])
    #expect(Self.interfaces.vrfDevices == ["red": 1, "blue": 2])
    #expect(Array(Self.interfaces.dropFirst(2)).vrfs == [:])
  }

  @Test(
    arguments: [(nil, "2001:db8:a::1"), ("red", "2001:db8:b::1"), ("blue", "2001:db8:c::1")] as [(String?, String)])
  func `next hops of a session are addresses of the interface that is in its VRF`(vrf: String?, nextHop: String) {
    let addresses = NodeAddresses(node: "w1")
    addresses.change(Self.interfaces)
    let endpoint = addresses.endpoint(local: Self.ip("10.0.0.1"), remote: Self.ip("10.0.0.2"), vrf: vrf)
    #expect(endpoint.ipv6.map { IPAddress.v6($0) } == Self.ip(nextHop))
  }

  @Test func `a router is on the link if a network of its own VRF says so`() {
    let networks = LocalNetworks(Self.interfaces)
    #expect(networks.contains(Self.ip("10.0.0.200"), in: nil))
    #expect(networks.contains(Self.ip("10.0.0.200"), in: "red"))
    #expect(!networks.contains(Self.ip("10.0.0.200"), in: "blue"))
    #expect(networks.contains(Self.ip("10.0.0.100"), in: "blue"))
    #expect(networks.contains(Self.ip("10.9.9.9"), in: "blue"))
    #expect(!networks.contains(Self.ip("10.9.9.9"), in: nil))
    #expect(!networks.contains(Self.ip("10.0.0.100"), in: "green"))
  }
}
