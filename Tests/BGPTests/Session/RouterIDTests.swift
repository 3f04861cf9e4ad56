import Primitives
import Testing

@testable import BGP

@Suite struct RouterIDTests {
  @Test func `the address of the session comes first, then that of its interface`() {
    let (session, interface) = (IPv4Address(10, 0, 0, 1), IPv4Address(192, 0, 2, 1))
    #expect(RouterID.standard(local: .v4(session), interface: interface, node: "n") == session)
    #expect(RouterID.standard(local: .v6(v6("2001:db8::1")), interface: interface, node: "n") == interface)
  }

  @Test func `without IPv4 the node's name makes the identifier, as upstream computes it`() {
    // CRC-32 of "123456789" is 0xCBF43926, the check value of the algorithm; its octets from the lowest.
    #expect(RouterID.hashed("123456789") == IPv4Address(0x26, 0x39, 0xF4, 0xCB))
    #expect(RouterID.hashed("") == IPv4Address(0, 0, 0, 1))
    #expect(RouterID.standard(local: .v6(v6("fe80::1")), interface: nil, node: "a") == RouterID.hashed("a"))
  }
}
