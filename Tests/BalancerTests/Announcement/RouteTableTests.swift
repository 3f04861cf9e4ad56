import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// What peers are told together, and what of it is said once.
@Suite struct RouteTableTests {
  private static let (plain, preferred) = (BGPRoute(), BGPRoute(med: 5))

  private static func host(_ number: UInt8) -> IPPrefix {
    guard let prefix = IPPrefix(.v4(IPv4Address(192, 0, 2, number)), length: 32) else { preconditionFailure() }
    return prefix
  }

  private static func announcement(_ name: String, _ offers: (UInt8, BGPRoute, [String])...) -> BGPAnnouncement {
    BGPAnnouncement(
      service: ObjectKey(namespace: "default", name: name), addresses: [],
      offers: offers.map { BGPAnnouncement.Offer(prefix: Self.host($0.0), route: $0.1, peers: $0.2) })
  }

  @Test func `peers that hear the same are told together, others apart`() {
    var table = RouteTable()
    table.replace(nil, with: Self.announcement("a", (1, Self.plain, ["x", "y", "z"])))
    table.replace(nil, with: Self.announcement("b", (2, Self.plain, ["x", "y"]), (2, Self.preferred, ["z"])))
    #expect(
      table.takeChanges() == [
        RouteChanges(peers: ["x", "y"], routes: [Self.host(1): Self.plain, Self.host(2): Self.plain]),
        RouteChanges(peers: ["z"], routes: [Self.host(1): Self.plain, Self.host(2): Self.preferred]),
      ])
    #expect(table.takeChanges() == [])
  }

  @Test func `a prefix that several Services bring changes when what comes of them does`() {
    var table = RouteTable()
    let (first, second) = (
      Self.announcement("a", (1, Self.plain, ["x", "y"])), Self.announcement("b", (1, Self.preferred, ["x"]))
    )
    table.replace(nil, with: first)
    table.replace(nil, with: second)
    let merged = Self.plain.merged(with: Self.preferred)
    #expect(
      table.takeChanges() == [
        RouteChanges(peers: ["x"], routes: [Self.host(1): merged]),
        RouteChanges(peers: ["y"], routes: [Self.host(1): Self.plain]),
      ])
    // Once more the same makes no difference, nor does what is taken back before anybody asked.
    table.replace(nil, with: first)
    table.replace(second, with: nil)
    table.replace(nil, with: second)
    #expect(table.takeChanges() == [])
    table.replace(first, with: nil)
    table.replace(second, with: nil)
    #expect(table.takeChanges() == [RouteChanges(peers: ["x"], routes: [Self.host(1): Self.plain])])
    table.replace(first, with: nil)
    #expect(table.takeChanges() == [RouteChanges(peers: ["x", "y"], routes: [Self.host(1): nil])])
    #expect(table == RouteTable())
  }
  @Test func `peers are told in the order of their names, however many hear the same`() {
    let names = (0..<20).map { "router-\(100 + $0)" }
    var table = RouteTable()
    table.replace(nil, with: Self.announcement("a", (1, Self.plain, names)))
    table.replace(nil, with: Self.announcement("b", (2, Self.plain, ["z"]), (3, Self.plain, ["a"])))
    #expect(table.takeChanges().map(\.peers) == [["a"], names, ["z"]])
  }

  @Test func `what nobody brings cannot be taken away`() {
    var table = RouteTable()
    table.replace(Self.announcement("a", (1, Self.plain, ["x"])), with: nil)
    #expect(table.takeChanges() == [] && table.routes(to: "x") == [:])
    #expect(table == RouteTable())
  }

  /// A table of a hundred thousand prefixes holds what is said of them once.
  @Test func `prefixes of which the same is said share it, as long as one of them is there`() {
    var register = RouteTerms.Register()
    func terms() -> RouteTerms { RouteTerms(route: Self.plain, peers: ["x"]) }
    let first = register.change(terms(), by: 1)
    #expect(register.change(terms(), by: 1) === first)
    #expect(register.change(RouteTerms(route: Self.plain, peers: ["y"]), by: 1) !== first)
    #expect(register.change(terms(), by: -1) === first)
    #expect(register.change(terms(), by: 1) === first, "one use was left")
    for _ in 0..<2 { _ = register.change(terms(), by: -1) }
    let later = terms()
    #expect(register.change(later, by: 1) === later, "none was left")
  }
}
