import HeapModule
import Primitives

/// When to tell the neighbours, unasked, where an address is (contract section 11.5).
///
///     ──announced──▶ fresh ──5 s after the latest announced──▶ settled ──▶ …
///                    a burst at once, then every 1.1 s         a burst per refresh interval, jittered
///
/// Becoming announced overwrites what the neighbours' tables hold about a former owner. The refresh repairs tables whose
/// owner missed it; each address has a phase of its own, so that ten thousand are refreshed evenly and not in waves.
///
/// A tick costs what is due then, not what is announced: deadlines lie in a heap. An entry of the heap is valid only
/// while it is the `next` of its address; replaced ones are skipped, and swept out before they outnumber the rest.
package struct GratuitousSchedule: StateMachine {
  package enum Event: Sendable, Hashable, Timed {
    case tick
    /// The address was decided to be announced here: newly, or once more.
    case announced(IPAddress)
    case withdrawn(IPAddress)
    /// A burst found the queue of its link full: with ten thousand announced at once, not all of them fit at once.
    case postponed(IPAddress)
    /// A link came up or changed its hardware address: neighbours there may know nothing, or what is no longer true.
    case linkChanged
  }

  package enum Action: Sendable, Hashable {
    /// Send one burst for the address on each of its links.
    case sendBurst(IPAddress)
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

  private struct Announcement: Sendable, Hashable {
    /// The end of the window; nil once settled.
    var freshUntil: ContinuousClock.Instant?
    /// The next burst; nil = none, until announced once more.
    var next: ContinuousClock.Instant?
  }

  private struct Deadline: Sendable, Hashable, Comparable {
    let at: ContinuousClock.Instant
    let address: IPAddress

    static func < (left: Deadline, right: Deadline) -> Bool {
      left.at == right.at ? left.address < right.address : left.at < right.at
    }
  }

  /// A postponed burst is repeated within this time.
  private static let retryInterval = Duration.milliseconds(100)

  private let settings: Settings
  private var dice: SplitMix64
  private var announcements: [IPAddress: Announcement] = [:]
  private var deadlines = Heap<Deadline>()

  package init(_ settings: Settings = Settings(), seed: UInt64) {
    self.settings = settings
    self.dice = SplitMix64(seed: seed)
  }

  package var nextDeadline: ContinuousClock.Instant? { self.deadlines.min?.at }

  /// How many deadlines are kept, those that no longer count included.
  var pendingDeadlines: Int { self.deadlines.count }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    defer { self.sweep() }
    switch event {
    case .tick:
      return self.due(at: now)
    case .announced(let address):
      return self.announced(address, at: now)
    case .withdrawn(let address):
      self.announcements[address] = nil
      return []
    case .postponed(let address):
      guard let announcement = self.announcements[address] else { return [] }
      let next = now + Self.retryInterval * Double.random(in: 0.2...1, using: &self.dice)
      self.schedule(address, Announcement(freshUntil: announcement.freshUntil, next: next))
      return []
    case .linkChanged:
      return self.announcements.keys.sorted().flatMap { self.announced($0, at: now) }
    }
  }

  private mutating func announced(_ address: IPAddress, at now: ContinuousClock.Instant) -> [Action] {
    let freshUntil = now + self.settings.burstWindow
    if let known = self.announcements[address], known.freshUntil != nil {
      self.announcements[address]?.freshUntil = freshUntil
      return []
    }
    self.schedule(address, Announcement(freshUntil: freshUntil, next: now + self.settings.burstInterval))
    return [.sendBurst(address)]
  }

  private mutating func due(at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    while let deadline = self.deadlines.min, deadline.at <= now {
      self.deadlines.removeMin()
      guard let announcement = self.announcements[deadline.address], announcement.next == deadline.at else { continue }
      if let freshUntil = announcement.freshUntil {
        if now <= freshUntil {
          actions.append(.sendBurst(deadline.address))
          self.schedule(
            deadline.address, Announcement(freshUntil: freshUntil, next: now + self.settings.burstInterval))
        } else {
          self.settle(deadline.address, at: now)
        }
      } else {
        actions.append(.sendBurst(deadline.address))
        let next = self.settings.refreshInterval.map { now + self.dice.jittered($0, by: 0.1) }
        self.schedule(deadline.address, Announcement(freshUntil: nil, next: next))
      }
    }
    return actions
  }

  /// Ends the window of an address. The first refresh falls anywhere in one interval, so that addresses that were
  /// announced together are spread over it.
  private mutating func settle(_ address: IPAddress, at now: ContinuousClock.Instant) {
    let next = self.settings.refreshInterval.map { now + $0 * Double.random(in: 0...1, using: &self.dice) }
    self.schedule(address, Announcement(freshUntil: nil, next: next))
  }

  private mutating func schedule(_ address: IPAddress, _ announcement: Announcement) {
    self.announcements[address] = announcement
    if let next = announcement.next { self.deadlines.insert(Deadline(at: next, address: address)) }
  }

  /// Removes deadlines that no longer count: those at the front, so that `nextDeadline` is true, and all of them once
  /// they are the majority, so that an address that comes and goes leaves no trail.
  private mutating func sweep() {
    if self.deadlines.count > 2 * self.announcements.count + 64 {
      self.deadlines = Heap(self.deadlines.unordered.filter { self.counts($0) })
    }
    while let first = self.deadlines.min, !self.counts(first) { self.deadlines.removeMin() }
  }

  private func counts(_ deadline: Deadline) -> Bool {
    self.announcements[deadline.address]?.next == deadline.at
  }
}

extension GratuitousSchedule: Equatable {
  /// Two schedules are equal when they will do the same: deadlines that no longer count make no difference.
  package static func == (left: GratuitousSchedule, right: GratuitousSchedule) -> Bool {
    left.settings == right.settings && left.dice == right.dice && left.announcements == right.announcements
  }
}
