import Primitives

/// Finds the router at the other end of a link, and lets itself be found: how a BGP session comes about between two routers
/// of which neither knows the other's address (RFC 4861 sections 6.2 and 6.3).
///
///              interface up, with carrier and link-local address            an advertisement is heard
///     absent ─────────────────────────────────────────────────▶ searching ────────────────────────────▶ found
///       ▲                                                        (solicits)                               │
///       └────────────── the interface lacks one of these ───────────┴─────────────────────────────────────┘
///
/// On each link that is wanted it advertises in a burst, then every ten seconds as FRR does for its unnumbered peers, and
/// solicits until a router is heard. What it advertises is no default router: a node takes part in routing as the end of a
/// route, and other hosts of the link must not send their traffic through it.
///
/// A router that falls silent is still the last one known: whether it lives is for the protocols that run over the link to
/// find out. Its place is taken by another one only after `patience`, or at once when it has the same hardware address.
package struct RouterDiscovery: StateMachine, Equatable {
  package enum Event: Sendable, Hashable, Timed {
    case tick
    /// The interfaces to look for a router on, by name: all of them.
    case wanted(Set<String>)
    /// The interfaces that there are, all of them.
    case interfaces([Interface])
    case received(RouterMessage, from: IPv6Address, hopLimit: UInt8, interface: Int)
  }

  package enum Action: Sendable, Hashable {
    /// Listen for routers' messages on the interface of a number.
    case join(Int)
    case leave(Int)
    case send(RouterMessage, on: Int)
    /// What is known of an interface's link has changed.
    case report(String, Finding)
  }

  /// What is known of the router on a link.
  package enum Finding: Sendable, Hashable {
    case missing(Absence)
    case router(Router)
  }

  /// A router as its advertisements show it.
  package struct Router: Sendable, Hashable {
    package let address: IPv6Address
    /// The number of the interface that it is behind.
    package let interface: Int
    package let hardwareAddress: MACAddress?

    package init(address: IPv6Address, interface: Int, hardwareAddress: MACAddress? = nil) {
      self.address = address
      self.interface = interface
      self.hardwareAddress = hardwareAddress
    }

    /// Whether both are one router, whose address has changed.
    package func isSame(as other: Router) -> Bool {
      self.hardwareAddress != nil && self.hardwareAddress == other.hardwareAddress && self.interface == other.interface
    }
  }

  /// Why there is no router on a link.
  package enum Absence: Sendable, Hashable {
    case noInterface
    case down
    case noCarrier
    case noLinkLocalAddress
    /// Nobody has advertised itself.
    case silence
  }

  /// A link that can be used.
  private struct Presence: Sendable, Equatable {
    let index: Int
    let hardwareAddress: MACAddress?
    let own: Set<IPv6Address>
    var router: Router?
    var heardAt: ContinuousClock.Instant?
    var advertisedAt: ContinuousClock.Instant?
    var nextAdvertisement: ContinuousClock.Instant
    /// How many advertisements of the burst are still to come.
    var burst: Int

    var finding: Finding { self.router.map(Finding.router) ?? .missing(.silence) }
  }

  private enum State: Sendable, Equatable {
    case absent(Absence)
    case present(Presence)

    var finding: Finding {
      switch self {
      case .absent(let absence): .missing(absence)
      case .present(let presence): presence.finding
      }
    }
  }

  /// Between two advertisements, less a quarter at most.
  static let interval = Duration.seconds(10)
  /// Advertisements in quick succession when a link comes up.
  static let burstCount = 4
  static let burstInterval = Duration.seconds(1)
  /// RFC 4861 section 10, MIN_DELAY_BETWEEN_RAS and MAX_RA_DELAY_TIME.
  static let shortestInterval = Duration.seconds(3)
  static let longestDelay = Duration.milliseconds(500)
  /// For how long a router that is not heard keeps its place when there is another.
  static let patience = Duration.seconds(30)

  private var dice: SplitMix64
  private var interfaces: [String: Interface] = [:]
  private var links: [String: State] = [:]

  package init(seed: UInt64) {
    self.dice = SplitMix64(seed: seed)
  }

  package var nextDeadline: ContinuousClock.Instant? {
    self.links.values.compactMap { state in
      if case .present(let presence) = state { presence.nextAdvertisement } else { nil }
    }.min()
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .tick:
      return self.links.keys.sorted().flatMap { self.advertise(on: $0, at: now) }
    case .wanted(let names):
      var actions: [Action] = []
      for name in self.links.keys.sorted() where !names.contains(name) {
        if case .present(let presence) = self.links.removeValue(forKey: name) { actions.append(.leave(presence.index)) }
      }
      for name in names.sorted() where self.links[name] == nil {
        let state = self.state(of: name, at: now)
        self.links[name] = state
        if case .present(let presence) = state { actions.append(.join(presence.index)) }
        actions.append(.report(name, state.finding))
        actions += self.advertise(on: name, at: now)
      }
      return actions
    case .interfaces(let interfaces):
      self.interfaces = Dictionary(interfaces.map { ($0.name, $0) }) { first, _ in first }
      return self.links.keys.sorted().flatMap { self.review($0, at: now) }
    case .received(let message, let source, let hopLimit, let index):
      // RFC 4861 section 6.1: what has passed a router is not of this link.
      guard hopLimit == 255 else { return [] }
      for (name, state) in self.links {
        guard case .present(var presence) = state, presence.index == index, !presence.own.contains(source) else {
          continue
        }
        let actions = self.hear(message, from: source, &presence, name, at: now)
        self.links[name] = .present(presence)
        return actions
      }
      return []
    }
  }

  // MARK: - Links

  /// An interface as it is now, with nothing heard on it yet.
  private func state(of name: String, at now: ContinuousClock.Instant) -> State {
    guard let interface = self.interfaces[name] else { return .absent(.noInterface) }
    guard interface.flags.contains(.up) else { return .absent(.down) }
    guard interface.hasCarrier else { return .absent(.noCarrier) }
    let own = Set(interface.addresses.compactMap(\.linkLocal))
    guard !own.isEmpty else { return .absent(.noLinkLocalAddress) }
    return .present(
      Presence(
        index: interface.index, hardwareAddress: interface.hardwareAddress, own: own, nextAdvertisement: now,
        burst: Self.burstCount))
  }

  private mutating func review(_ name: String, at now: ContinuousClock.Instant) -> [Action] {
    guard let old = self.links[name] else { return [] }
    let new = self.state(of: name, at: now)
    var actions: [Action] = []
    switch (old, new) {
    case (.present(let before), .present(let after))
    where before.index == after.index && before.own == after.own && before.hardwareAddress == after.hardwareAddress:
      return []
    case (.present(let before), .present(var after)) where before.index == after.index:
      // Our own addresses have changed, which the router has to hear of; it is still the same one.
      after.router = before.router
      after.heardAt = before.heardAt
      self.links[name] = .present(after)
      return self.advertise(on: name, at: now)
    case (.present(let before), _):
      actions.append(.leave(before.index))
    case (.absent, _):
      break
    }
    self.links[name] = new
    if case .present(let presence) = new { actions.append(.join(presence.index)) }
    if new.finding != old.finding { actions.append(.report(name, new.finding)) }
    return actions + self.advertise(on: name, at: now)
  }

  // MARK: - Messages

  /// Advertises, if it is time to, and asks who else is there as long as that is not known.
  private mutating func advertise(on name: String, at now: ContinuousClock.Instant) -> [Action] {
    guard case .present(var presence) = self.links[name], presence.nextAdvertisement <= now else { return [] }
    presence.advertisedAt = now
    presence.burst = max(0, presence.burst - 1)
    presence.nextAdvertisement =
      now + (presence.burst > 0 ? Self.burstInterval : self.dice.shortened(Self.interval, by: 0.25))
    self.links[name] = .present(presence)
    var actions: [Action] = []
    if presence.router == nil {
      actions.append(.send(.solicitation(hardware: presence.hardwareAddress), on: presence.index))
    }
    return actions + [
      .send(.advertisement(lifetimeSeconds: 0, hardware: presence.hardwareAddress), on: presence.index)
    ]
  }

  private mutating func hear(
    _ message: RouterMessage, from source: IPv6Address, _ presence: inout Presence, _ name: String,
    at now: ContinuousClock.Instant
  ) -> [Action] {
    switch message {
    case .solicitation:
      self.hasten(&presence, at: now)
      return []
    case .advertisement(_, let hardware):
      guard source.isLinkLocal else { return [] }
      let router = Router(address: source, interface: presence.index, hardwareAddress: hardware)
      guard let known = presence.router, known.address != source else {
        let isNew = presence.router?.address != source
        presence.router = router
        presence.heardAt = now
        guard isNew else { return [] }
        // It may just have started, and know nothing of us.
        self.hasten(&presence, at: now)
        return [.report(name, .router(router))]
      }
      let isSilent = presence.heardAt.map { now - $0 >= Self.patience } ?? true
      guard isSilent || router.isSame(as: known) else { return [] }
      presence.router = router
      presence.heardAt = now
      self.hasten(&presence, at: now)
      return [.report(name, .router(router))]
    }
  }

  /// Advertises soon, but not so soon that somebody who asks all the time could fill the link (RFC 4861 section 6.2.6).
  private mutating func hasten(_ presence: inout Presence, at now: ContinuousClock.Instant) {
    let delayed = now + self.dice.shortened(Self.longestDelay, by: 1)
    let earliest = presence.advertisedAt.map { $0 + Self.shortestInterval } ?? now
    presence.nextAdvertisement = min(presence.nextAdvertisement, max(delayed, earliest))
  }
}

extension Interface.Address {
  fileprivate var linkLocal: IPv6Address? {
    guard case .v6(let address) = self.address, address.isLinkLocal else { return nil }
    return address
  }
}

extension RouterDiscovery.Absence: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noInterface: "there is no such interface"
    case .down: "the interface is down"
    case .noCarrier: "the interface has no carrier"
    case .noLinkLocalAddress: "the interface has no IPv6 link-local address"
    case .silence: "no router has advertised itself on it"
    }
  }
}
