import Primitives
import TestKit
import Testing

@testable import BGP

@Suite struct AdjRIBOutTests {
  static let policy = ExportPolicy(
    kind: .external, localASN: ASN(64_512), format: Message.Format(asnWidth: .four, allowsExtendedMessages: false),
    nextHops: [.ipv4: .v4(IPv4Address(10, 0, 0, 1)), .ipv6: .v6(v6("2001:db8::1"))])

  static func host(_ number: Int) -> IPPrefix {
    prefix("10.\(number >> 16 & 0xFF).\(number >> 8 & 0xFF).\(number & 0xFF)/32")
  }

  /// What a router makes of the messages: its table, and what it was told besides.
  struct Router {
    var table: [IPPrefix: PathAttributes] = [:]
    /// What has not come again since a refresh of its family began.
    var stale: [IPFamily: Set<IPPrefix>] = [:]
    var endsOfRIB: [IPFamily] = []
    var messageCount = 0

    mutating func receive(_ messages: [Message]) throws {
      for message in messages {
        self.messageCount += 1
        #expect(message.bytes.count <= 4096)
        let format = AdjRIBOutTests.policy.format
        guard let understood = try Message(decoding: message.frame, format) else { continue }
        #expect(understood == message)
        switch understood {
        case .update(let update): self.receive(update)
        case .routeRefresh(let refresh) where refresh.subtype == .beginning:
          guard let family = refresh.family.unicast else { continue }
          #expect(self.stale[family] == nil, "a second beginning before the end")
          self.stale[family] = Set(self.table.keys.filter { $0.family == family })
        case .routeRefresh(let refresh) where refresh.subtype == .end:
          guard let family = refresh.family.unicast else { continue }
          for prefix in self.stale.removeValue(forKey: family) ?? [] { self.table[prefix] = nil }
        default: Issue.record("an unexpected message: \(understood)")
        }
      }
    }

    private mutating func receive(_ update: UpdateMessage) {
      #expect(update.faults == [])
      if let family = update.endOfRIB { self.endsOfRIB.append(family) }
      for prefix in update.withdrawn + (update.attributes.unreachable?.prefixes ?? []) { self.table[prefix] = nil }
      var attributes = update.attributes
      attributes.reachable?.prefixes = []
      for prefix in update.announced + (update.attributes.reachable?.prefixes ?? []) {
        self.table[prefix] = attributes
        self.stale[prefix.family]?.remove(prefix)
      }
    }

    mutating func drain(_ routes: inout AdjRIBOut) throws {
      while true {
        let batch = routes.nextBatch()
        if batch.isEmpty { return }
        try self.receive(batch)
      }
    }
  }

  @Test func `prefixes with equal attributes share messages up to their limit`() throws {
    var routes = AdjRIBOut()
    for number in 0..<10_000 { routes.setRoute(Route(communities: [Community(1, 1)]), for: Self.host(number)) }
    routes.sessionOpened(Self.policy)
    var router = Router()
    try router.drain(&routes)
    #expect(router.table.count == 10_000)
    #expect(routes.sentCount == 10_000)
    // 5 octets a prefix and at most 4096 a message, three batches, two End-of-RIB.
    #expect((13...18).contains(router.messageCount))
    #expect(router.endsOfRIB == [.ipv4, .ipv6])
  }

  @Test func `withdrawals are split at the limit`() throws {
    var routes = AdjRIBOut()
    routes.sessionOpened(Self.policy)
    for number in 0..<3000 { routes.setRoute(Route(), for: Self.host(number)) }
    for number in 0..<3000 { routes.setRoute(Route(), for: prefix("2001:db8:\(String(number, radix: 16))::/128")) }
    var router = Router()
    try router.drain(&routes)
    #expect(router.table.count == 6000)
    for number in 0..<3000 { routes.setRoute(nil, for: Self.host(number)) }
    for number in 0..<3000 { routes.setRoute(nil, for: prefix("2001:db8:\(String(number, radix: 16))::/128")) }
    router.messageCount = 0
    try router.drain(&routes)
    #expect(router.table.isEmpty)
    #expect(routes.sentCount == 0 && routes.pendingCount == 0)
    #expect((16...20).contains(router.messageCount))
  }

  @Test func `one change costs one message whatever the table holds`() {
    var routes = AdjRIBOut()
    for number in 0..<5000 { routes.setRoute(Route(), for: Self.host(number)) }
    routes.sessionOpened(Self.policy)
    while !routes.nextBatch().isEmpty {}
    routes.setRoute(Route(multiExitDiscriminator: 5), for: Self.host(17))
    #expect(routes.pendingCount == 1)
    #expect(routes.nextBatch().count == 1)
    #expect(routes.nextBatch() == [])
  }

  @Test func `extended messages carry sixteen times as much`() {
    var policy = Self.policy
    policy.format.allowsExtendedMessages = true
    var routes = AdjRIBOut()
    for number in 0..<4096 { routes.setRoute(Route(), for: Self.host(number)) }
    routes.sessionOpened(policy)
    let batch = routes.nextBatch()
    #expect(batch.count == 3)
    #expect((20_000...65_535).contains(batch[0].bytes.count))
  }

  @Test func `a route whose attributes fill a message is not sent, and withdrawn if it was`() throws {
    let endless = Route(communities: (0..<1100).map { Community(rawValue: $0) })
    var routes = AdjRIBOut()
    routes.sessionOpened(Self.policy)
    routes.setRoute(endless, for: Self.host(1))
    routes.setRoute(Route(), for: Self.host(2))
    var router = Router()
    try router.drain(&routes)
    #expect(Set(router.table.keys) == [Self.host(2)])
    #expect(routes.takeOversized() == [Self.host(1)])
    routes.setRoute(endless, for: Self.host(2))
    try router.drain(&routes)
    #expect(router.table.isEmpty)
    #expect(routes.takeOversized() == [Self.host(2)] && routes.oversizedCount == 2)
    // It is told once, and no longer counts when it fits, is gone, or nobody listens.
    routes.setRoute(Route(), for: Self.host(1))
    try router.drain(&routes)
    #expect(routes.takeOversized() == [] && routes.oversizedCount == 1)
    routes.setRoute(nil, for: Self.host(2))
    try router.drain(&routes)
    routes.setRoute(endless, for: Self.host(1))
    try router.drain(&routes)
    #expect(routes.oversizedCount == 1)
    routes.sessionClosed()
    #expect(routes.oversizedCount == 0)
    routes.setRoute(nil, for: Self.host(1))
    routes.sessionOpened(Self.policy)
    router = Router()
    // Sixty-four and more communities fit.
    routes.setRoute(Route(communities: (0..<1000).map { Community(rawValue: $0) }), for: Self.host(3))
    try router.drain(&routes)
    #expect(Set(router.table.keys) == [Self.host(3)])
  }

  @Test func `a refresh asked for during another follows it, and no route is dropped in between`() throws {
    var routes = AdjRIBOut()
    for number in 0..<10_000 { routes.setRoute(Route(), for: Self.host(number)) }
    routes.sessionOpened(Self.policy)
    var router = Router()
    try router.drain(&routes)
    routes.refresh(.ipv4, isEnhanced: true)
    // Nothing has been sent yet that a second one would have to repeat.
    routes.refresh(.ipv4, isEnhanced: true)
    var frames: [RouteRefresh.Subtype] = []
    while true {
      let batch = routes.nextBatch()
      if batch.isEmpty { break }
      frames += batch.compactMap { if case .routeRefresh(let refresh) = $0 { refresh.subtype } else { nil } }
      try router.receive(batch)
      #expect(router.table.count == 10_000)
      // However often it is asked for.
      if frames == [.beginning] { for _ in 0..<100 { routes.refresh(.ipv4, isEnhanced: true) } }
    }
    #expect(frames == [.beginning, .end, .beginning, .end])
    #expect(router.stale.isEmpty && !routes.hasWork)
  }

  @Test func `changes without end to a router that reads slowly take no memory without end`() throws {
    var routes = AdjRIBOut()
    routes.sessionOpened(Self.policy)
    var router = Router()
    for round in 0..<12 {
      for number in 0..<5000 {
        routes.setRoute(Route(multiExitDiscriminator: UInt32(round)), for: Self.host(number))
      }
      try router.receive(routes.nextBatch())
      #expect(routes.pendingCount > 0)
      #expect(routes.queue.count < 15_000)
    }
    try router.drain(&routes)
    #expect(router.table.count == 5000)
    #expect(router.table.values.allSatisfy { $0.multiExitDiscriminator == 11 })
  }

  @Test func `whatever changes in between, the router ends up with what is desired`() throws {
    var dice = SplitMix64(seed: 11)
    let choices = [Route(), Route(localPreference: 5), Route(communities: [Community(1, 2)]), Route(prependCount: 2)]
    for _ in 0..<30 {
      var routes = AdjRIBOut()
      var desired: [IPPrefix: Route] = [:]
      var router = Router()
      var hasSession = false
      var policy = Self.policy
      for _ in 0..<400 {
        switch Int.random(in: 0..<100, using: &dice) {
        case 0..<70:
          let prefix =
            Bool.random(using: &dice)
            ? Self.host(.random(in: 0..<30, using: &dice))
            : prefix("2001:db8::\(Int.random(in: 0..<30, using: &dice))/128")
          let route = Bool.random(using: &dice) ? choices.randomElement(using: &dice) : nil
          desired[prefix] = route
          routes.setRoute(route, for: prefix)
        case 70..<90: try router.receive(routes.nextBatch())
        case 90..<94:
          routes.refresh(Bool.random(using: &dice) ? .ipv4 : .ipv6, isEnhanced: true)
        case 94..<96:
          let address = [nil, "2001:db8::1", "2001:db8::2"].randomElement(using: &dice) ?? nil
          policy.nextHops[.ipv6] = address.map { .v6(v6($0)) }
          routes.policyChanged(policy)
        case 96..<98:
          (router, hasSession) = (Router(), true)
          routes.sessionOpened(policy)
        default:
          (router, hasSession) = (Router(), false)
          routes.sessionClosed()
        }
        #expect(routes.desiredCount == desired.count)
      }
      if !hasSession { routes.sessionOpened(policy) }
      try router.drain(&routes)
      #expect(policy.nextHops[.ipv6] != nil || !router.table.keys.contains { $0.family == .ipv6 })
      routes.policyChanged(Self.policy)
      try router.drain(&routes)
      let expected = desired.map { prefix, route -> (IPPrefix, PathAttributes) in
        (prefix, Self.policy.attributes(of: route, prefix.family) ?? PathAttributes())
      }
      #expect(router.table == Dictionary(uniqueKeysWithValues: expected))
      #expect(router.stale.isEmpty)
      #expect(routes.sentCount == desired.count)
      #expect(routes.pendingCount == 0)
    }
  }

  @Test func `routes that nobody uses are forgotten`() {
    var register = RouteRegister()
    let key = register.retain(Route())
    #expect(register.retain(Route()) == key)
    register.release(key)
    #expect(register[key] == Route())
    register.release(key)
    #expect(register.count == 0)
  }
}
