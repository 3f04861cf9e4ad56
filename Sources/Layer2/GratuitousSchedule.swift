import Primitives

/// When to tell the neighbours, unasked, where an address is (contract section 11.5).
///
///     ──announced──▶ fresh ──5 s after the latest announced──▶ settled ──▶ …
///                    a burst at once, then every 1.1 s         a burst per refresh interval, jittered
///
/// Becoming announced overwrites what the neighbours' tables hold about a former owner. The refresh repairs tables whose
/// owner missed it; each address has a phase of its own, so that ten thousand are refreshed evenly and not in waves.
///
/// A tick costs what is due then, not what is announced (``AddressDeadlines``).
package struct GratuitousSchedule: StateMachine, Equatable {
  package enum Event: Sendable, Hashable, Timed {
    case tick
    /// The address was decided to be announced here: newly, or once more.
    case announced(IPAddress)
    case withdrawn(IPAddress)
    /// A burst found the queue of its link full: with ten thousand announced at once, not all of them fit at once.
    case postponed(IPAddress)
    /// Interfaces came up or changed their hardware addresses: neighbours there may know nothing, or what is no longer true.
    case linksChanged(Set<Int>)
  }

  /// On which interfaces neighbours are told.
  package enum Reach: Sendable, Hashable {
    /// Wherever the address is announced.
    case all
    /// On those of them with these indices.
    case only(Set<Int>)

    package func contains(_ link: Link) -> Bool {
      switch self {
      case .all: true
      case .only(let indices): indices.contains(link.index)
      }
    }
  }

  package enum Action: Sendable, Hashable {
    /// Send one burst for the address on each of its links that is within reach.
    case sendBurst(IPAddress, on: Reach)
  }

  package struct Settings: Sendable, Hashable {
    /// Between the bursts of a fresh announcement.
    package var burstInterval: Duration
    /// How long an announcement is fresh.
    package var burstWindow: Duration
    /// Between the bursts of a settled announcement; nil = never, which is upstream's behaviour.
    package var refreshInterval: Duration?

    package init(
      burstInterval: Duration = .milliseconds(1100), burstWindow: Duration = .seconds(5),
      refreshInterval: Duration? = .seconds(60)
    ) {
      self.burstInterval = burstInterval
      self.burstWindow = burstWindow
      self.refreshInterval = refreshInterval.flatMap { $0 > .zero ? $0 : nil }
    }
  }

  private enum Announcement: Sendable, Hashable {
    /// Until the end of the window, and where.
    case fresh(until: ContinuousClock.Instant, on: Reach)
    case settled
  }

  /// A postponed burst is repeated within this time.
  private static let retryInterval = Duration.milliseconds(100)

  private let settings: Settings
  private var dice: SplitMix64
  private var announcements: [IPAddress: Announcement] = [:]
  /// The next burst of each; those that will have none, until they are announced once more, have none.
  private var deadlines = AddressDeadlines()

  package init(_ settings: Settings = Settings(), seed: UInt64) {
    self.settings = settings
    self.dice = SplitMix64(seed: seed)
  }

  package var nextDeadline: ContinuousClock.Instant? { self.deadlines.next }

  /// How many deadlines are kept, those that no longer count included.
  var pendingDeadlines: Int { self.deadlines.pending }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .tick:
      return self.due(at: now)
    case .announced(let address):
      return self.announced(address, at: now)
    case .withdrawn(let address):
      self.announcements[address] = nil
      self.deadlines.set(address, to: nil)
      return []
    case .postponed(let address):
      guard self.announcements[address] != nil else { return [] }
      self.deadlines.set(address, to: now + self.dice.shortened(Self.retryInterval, by: 0.8))
      return []
    case .linksChanged(let links):
      return self.announcements.keys.sorted().flatMap { self.announced($0, anewOn: links, at: now) }
    }
  }

  private mutating func announced(_ address: IPAddress, at now: ContinuousClock.Instant) -> [Action] {
    let isFresh = if case .fresh(_, .all) = self.announcements[address] { true } else { false }
    self.announcements[address] = .fresh(until: now + self.settings.burstWindow, on: .all)
    guard !isFresh else { return [] }
    self.deadlines.set(address, to: now + self.settings.burstInterval)
    return [.sendBurst(address, on: .all)]
  }

  /// Neighbours elsewhere know what there is to know.
  private mutating func announced(
    _ address: IPAddress, anewOn links: Set<Int>, at now: ContinuousClock.Instant
  ) -> [Action] {
    let reach: Reach
    switch self.announcements[address] {
    case .fresh(_, .all): reach = .all
    case .fresh(_, .only(let others)): reach = .only(others.union(links))
    case .settled, nil:
      reach = .only(links)
      self.deadlines.set(address, to: now + self.settings.burstInterval)
    }
    self.announcements[address] = .fresh(until: now + self.settings.burstWindow, on: reach)
    return [.sendBurst(address, on: .only(links))]
  }

  private mutating func due(at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    while let address = self.deadlines.takeDue(at: now) {
      switch self.announcements[address] {
      case .fresh(let end, _) where now > end:
        // The first refresh falls anywhere in one interval, so that addresses that were announced together are spread
        // over it.
        self.announcements[address] = .settled
        self.deadlines.set(
          address,
          to: self.settings.refreshInterval.map { now + self.dice.shortened($0, by: 1) })
      case .fresh(_, let reach):
        actions.append(.sendBurst(address, on: reach))
        self.deadlines.set(address, to: now + self.settings.burstInterval)
      case .settled:
        actions.append(.sendBurst(address, on: .all))
        self.deadlines.set(
          address, to: self.settings.refreshInterval.map { now + self.dice.jittered($0, by: 0.1) })
      case nil:
        break
      }
    }
    return actions
  }
}
