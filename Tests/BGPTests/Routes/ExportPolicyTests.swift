import Primitives
import Testing

@testable import BGP

@Suite struct ExportPolicyTests {
  static func policy(_ kind: ExportPolicy.Kind, asn: UInt32 = 64_512, _ width: ASPath.Width = .four) -> ExportPolicy {
    ExportPolicy(
      kind: kind, localASN: ASN(asn), format: Message.Format(asnWidth: width, allowsExtendedMessages: false),
      nextHops: [.ipv4: .v4(IPv4Address(10, 0, 0, 1))])
  }

  @Test func `another AS sees ours in the path, and no local preference`() {
    let route = Route(localPreference: 200, prependCount: 2)
    let attributes = Self.policy(.external).attributes(of: route, .ipv4)
    #expect(attributes?.asPath == ASPath(sequence: [ASN(64_512), ASN(64_512), ASN(64_512)], width: .four))
    #expect(attributes?.localPreference == nil)
    #expect(attributes?.nextHop == IPv4Address(10, 0, 0, 1))
  }

  @Test func `our own AS sees an empty path and a local preference, 100 if nothing is configured`() {
    let plain = Self.policy(.internal).attributes(of: Route(prependCount: 2), .ipv4)
    #expect(plain?.asPath == ASPath([], width: .four))
    #expect(plain?.localPreference == 100)
    #expect(Self.policy(.internal).attributes(of: Route(localPreference: 7), .ipv4)?.localPreference == 7)
  }

  @Test func `a router of two octets gets the whole path beside one that it can read, if they differ`() {
    let short = Self.policy(.external, .two).attributes(of: Route(), .ipv4)
    #expect(short?.asPath == ASPath(sequence: [ASN(64_512)], width: .two))
    #expect(short?.as4Path == nil)
    let long = Self.policy(.external, asn: 4_200_000_000, .two).attributes(of: Route(), .ipv4)
    #expect(long?.as4Path == ASPath(sequence: [ASN(4_200_000_000)], width: .four))
  }

  @Test func `while draining our own AS sees the lowest preference`() {
    var policy = Self.policy(.internal)
    policy.isDraining = true
    let attributes = policy.attributes(of: Route(localPreference: 7), .ipv4)
    #expect(attributes?.localPreference == 0)
    #expect(attributes?.communities == [.gracefulShutdown])
  }

  @Test func `next hops follow the connection, the interface and the link`() {
    let id = IPv4Address(1, 1, 1, 1)
    let (v4, global, link) = (IPv4Address(10, 0, 0, 1), v6("2001:db8::1"), v6("fe80::1"))
    let overV4 = ConnectionEndpoint(local: .v4(v4), ipv6: global, linkLocal: link, routerID: id)
    #expect(overV4.nextHop(.ipv4, isExtended: false) == .v4(v4))
    #expect(overV4.nextHop(.ipv6, isExtended: false) == .v6(global, linkLocal: link))
    let overV6 = ConnectionEndpoint(local: .v6(global), ipv4: v4, ipv6: v6("2001:db8::99"), routerID: id)
    #expect(overV6.nextHop(.ipv4, isExtended: false) == .v4(v4))
    #expect(overV6.nextHop(.ipv4, isExtended: true) == .v6(global))
    #expect(overV6.nextHop(.ipv6, isExtended: false) == .v6(global))
    let unnumbered = ConnectionEndpoint(local: .v6(link), linkLocal: link, routerID: id)
    #expect(unnumbered.nextHop(.ipv4, isExtended: false) == nil)
    #expect(unnumbered.nextHop(.ipv4, isExtended: true) == .v6(link, linkLocal: link))
    #expect(unnumbered.nextHop(.ipv6, isExtended: false) == .v6(link, linkLocal: link))
  }
}
