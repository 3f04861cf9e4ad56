import Primitives
import TestKit
import Testing

@testable import Layer2

@Suite struct RouterDiscoveryTests {
  static let ownHardware = MACAddress(bits: 0x0200_0000_0001)
  static let routerHardware = MACAddress(bits: 0x0200_0000_0002)
  static let own = IPv6Address(bits: 0xFE80 << 112 | 1)
  static let first = IPv6Address(bits: 0xFE80 << 112 | 2)
  static let second = IPv6Address(bits: 0xFE80 << 112 | 3)

  static func interface(
    _ flags: Interface.Flags = [.up, .lowerUp], index: Int = 7, addresses: [IPv6Address] = [own]
  ) -> Interface {
    Interface(
      index: index, name: "eth0", hardwareAddress: Self.ownHardware, flags: flags,
      addresses: addresses.map { Interface.Address(.v6($0), prefixLength: 64) })
  }

  static let solicit = RouterDiscovery.Action.send(.solicitation(hardware: ownHardware), on: 7)
  static let advertise = RouterDiscovery.Action.send(
    .advertisement(lifetimeSeconds: 0, hardware: ownHardware), on: 7)

  static func advertisement(
    from source: IPv6Address = first, hardware: MACAddress? = routerHardware, hopLimit: UInt8 = 255, interface: Int = 7
  ) -> RouterDiscovery.Event {
    .received(
      .advertisement(lifetimeSeconds: 30, hardware: hardware), from: source, hopLimit: hopLimit, interface: interface)
  }

  static func router(_ address: IPv6Address = first, _ hardware: MACAddress? = routerHardware)
    -> RouterDiscovery.Finding
  {
    .router(RouterDiscovery.Router(address: address, interface: 7, hardwareAddress: hardware))
  }

  /// On a link that is up, nobody heard yet.
  static func searching() -> RouterDiscovery {
    var discovery = RouterDiscovery(seed: 1)
    _ = discovery.handle(.interfaces([Self.interface()]), at: t0)
    _ = discovery.handle(.wanted(["eth0"]), at: t0)
    return discovery
  }

  static func found() -> RouterDiscovery {
    var discovery = Self.searching()
    _ = discovery.handle(Self.advertisement(), at: t0)
    return discovery
  }

  /// Ticks at each deadline up to an end, and returns what was done when.
  static func play(_ discovery: inout RouterDiscovery, until end: Duration) -> [(Duration, [RouterDiscovery.Action])] {
    var done: [(Duration, [RouterDiscovery.Action])] = []
    while let deadline = discovery.nextDeadline, deadline <= t0 + end {
      done.append((deadline - t0, discovery.handle(.tick, at: deadline)))
    }
    return done
  }

  @Test func `an interface that is wanted is joined, and asked and told at once`() {
    var discovery = RouterDiscovery(seed: 1)
    #expect(discovery.handle(.interfaces([Self.interface()]), at: t0) == [])
    #expect(
      discovery.handle(.wanted(["eth0"]), at: t0)
        == [.join(7), .report("eth0", .missing(.silence)), Self.solicit, Self.advertise])
    #expect(discovery.handle(.wanted(["eth0"]), at: t0) == [])
    #expect(discovery.handle(.wanted([]), at: t0) == [.leave(7)])
    #expect(discovery.nextDeadline == nil)
  }

  @Test func `it solicits and advertises in a burst, then every ten seconds at most`() {
    var discovery = Self.searching()
    let done = Self.play(&discovery, until: .seconds(60))
    #expect(done.prefix(3).map(\.0) == [.seconds(1), .seconds(2), .seconds(3)])
    for (_, actions) in done { #expect(actions == [Self.solicit, Self.advertise]) }
    for (earlier, later) in zip(done.dropFirst(2), done.dropFirst(3)) {
      #expect((.milliseconds(7500) ... .seconds(10)).contains(later.0 - earlier.0))
    }
  }

  @Test func `a router that is heard is reported once, and solicited no longer`() {
    var discovery = Self.searching()
    #expect(discovery.handle(Self.advertisement(), at: t0) == [.report("eth0", Self.router())])
    #expect(discovery.handle(Self.advertisement(), at: t0 + .seconds(1)) == [])
    let done = Self.play(&discovery, until: .seconds(30))
    #expect(!done.isEmpty)
    for (_, actions) in done { #expect(actions == [Self.advertise]) }
  }

  @Test func `what has passed a router, comes from elsewhere or from ourselves is not heard`() {
    var discovery = Self.searching()
    #expect(discovery.handle(Self.advertisement(hopLimit: 254), at: t0) == [])
    #expect(discovery.handle(Self.advertisement(interface: 8), at: t0) == [])
    #expect(discovery.handle(Self.advertisement(from: Self.own), at: t0) == [])
    #expect(discovery.handle(Self.advertisement(from: IPv6Address(bits: 0x2001 << 112 | 1)), at: t0) == [])
  }

  @Test func `a question is answered soon, but never sooner than three seconds after the last advertisement`() {
    var discovery = Self.found()
    _ = Self.play(&discovery, until: .seconds(3))
    let asked = t0 + .milliseconds(3100)
    let question = RouterDiscovery.Event.received(
      .solicitation(hardware: nil), from: Self.first, hopLimit: 255, interface: 7)
    #expect(discovery.handle(question, at: asked) == [])
    #expect(discovery.nextDeadline == t0 + .seconds(6))
    #expect(discovery.handle(.tick, at: t0 + .seconds(6)) == [Self.advertise])
    let quiet = t0 + .milliseconds(12_500)
    #expect(discovery.handle(question, at: quiet) == [])
    #expect(discovery.nextDeadline.map { $0 <= quiet + .milliseconds(500) } == true)
  }

  @Test func `the same hardware with another address takes its place at once`() {
    var discovery = Self.found()
    #expect(
      discovery.handle(Self.advertisement(from: Self.second), at: t0 + .seconds(1))
        == [.report("eth0", Self.router(Self.second))])
  }

  @Test func `another router takes its place only when it has been silent for thirty seconds`() {
    let stranger = MACAddress(bits: 0x0200_0000_0009)
    var discovery = Self.found()
    #expect(discovery.handle(Self.advertisement(from: Self.second, hardware: stranger), at: t0 + .seconds(29)) == [])
    #expect(
      discovery.handle(Self.advertisement(from: Self.second, hardware: stranger), at: t0 + .seconds(30))
        == [.report("eth0", Self.router(Self.second, stranger))])
  }

  static let failures: [(Interface?, RouterDiscovery.Absence)] = [
    (interface([.up]), .noCarrier), (interface([]), .down), (interface(addresses: []), .noLinkLocalAddress),
    (nil, .noInterface),
  ]

  @Test(arguments: failures)
  func `an interface that fails takes its router along, and one that comes back is searched anew`(
    interface: Interface?, absence: RouterDiscovery.Absence
  ) {
    var discovery = Self.found()
    let interfaces = interface.map { [$0] } ?? []
    #expect(
      discovery.handle(.interfaces(interfaces), at: t0 + .seconds(5))
        == [.leave(7), .report("eth0", .missing(absence))])
    #expect(discovery.nextDeadline == nil)
    #expect(discovery.handle(Self.advertisement(), at: t0 + .seconds(5)) == [])
    #expect(
      discovery.handle(.interfaces([Self.interface()]), at: t0 + .seconds(6))
        == [.join(7), .report("eth0", .missing(.silence)), Self.solicit, Self.advertise])
  }

  @Test func `an interface that was made anew under its name is another link`() {
    var discovery = Self.found()
    #expect(
      discovery.handle(.interfaces([Self.interface(index: 9)]), at: t0 + .seconds(5)) == [
        .leave(7), .join(9), .report("eth0", .missing(.silence)),
        .send(.solicitation(hardware: Self.ownHardware), on: 9),
        .send(.advertisement(lifetimeSeconds: 0, hardware: Self.ownHardware), on: 9),
      ])
  }

  @Test func `an own address that changes is told at once, and the router stays`() {
    var discovery = Self.found()
    let other = Self.interface(addresses: [IPv6Address(bits: 0xFE80 << 112 | 9)])
    #expect(discovery.handle(.interfaces([other]), at: t0 + .seconds(5)) == [Self.advertise])
    #expect(discovery.handle(Self.advertisement(), at: t0 + .seconds(5)) == [])
  }
}
