import KubernetesModel
import Primitives

/// The writes of objects that are due, under way or to be tried again: at most one at a time for an object, at most so
/// many at a time in all, after a failure with a growing delay.
///
/// What is to be written is not kept here: it is made from the newest state when its turn has come.
///
/// A server that is away is asked for nothing but a single write now and then, until it answers one.
struct WriteQueue<Write: Sendable & Equatable>: Sendable, Equatable {
  /// The pause before an object is tried again.
  private struct Pause: Sendable, Equatable {
    var failures: Int
    /// Nil = no pause at present, but the failures still count.
    var until: ContinuousClock.Instant?
    /// Whether a newer form of the object ends the pause: it does if the write lost against somebody else's.
    var endsWithNews: Bool
  }

  /// After so many writes in a row without an answer the server is away: more than can be under way when it goes for a
  /// moment.
  private static var outageThreshold: Int { 40 }
  private static var outagePause: Duration { .seconds(5) }

  private let limit: Int
  private var dice: SplitMix64
  /// Writes without an answer, in a row.
  private var unanswered = 0
  /// Nothing goes out before then.
  private var heldUntil: ContinuousClock.Instant?
  /// Objects in the order of their turn; those up to `head` have had it.
  private var queue: [ObjectKey] = []
  private var head = 0
  private var queued: Set<ObjectKey> = []
  private var inFlight: [ObjectKey: Write] = [:]
  private var pauses: [ObjectKey: Pause] = [:]
  private var alarms = Alarms<ObjectKey>()

  init(limit: Int, seed: UInt64) {
    self.limit = max(limit, 1)
    self.dice = SplitMix64(seed: seed)
  }

  /// When the next pause ends.
  var nextDeadline: ContinuousClock.Instant? {
    [self.alarms.first, self.queued.isEmpty ? nil : self.heldUntil].compactMap { $0 }.min()
  }

  /// Whether a write of the object is due, under way or to be tried again.
  func isPending(_ key: ObjectKey) -> Bool {
    self.queued.contains(key) || self.inFlight[key] != nil || self.pauses[key]?.until != nil
  }

  /// Asks for a turn; false if one is to come anyway.
  @discardableResult
  mutating func request(_ key: ObjectKey) -> Bool {
    guard !self.isPending(key) else { return false }
    self.queued.insert(key)
    self.queue.append(key)
    return true
  }

  /// Asks for a turn a little later, so that what happens until then goes into one write.
  mutating func request(_ key: ObjectKey, after delay: Duration, at now: ContinuousClock.Instant) {
    guard !self.isPending(key) else { return }
    let until = now + delay
    self.pauses[key] = Pause(failures: self.pauses[key]?.failures ?? 0, until: until, endsWithNews: false)
    self.alarms.set(until, for: key)
  }

  /// Takes back the wish for a turn, as there is nothing to write any more.
  mutating func withdraw(_ key: ObjectKey) {
    self.queued.remove(key)
    self.pauses[key]?.until = nil
  }

  /// Forgets an object that is gone; a write of it that is under way still counts until it ends.
  mutating func forget(_ key: ObjectKey) {
    self.queued.remove(key)
    self.pauses[key] = nil
  }

  /// The object whose turn it is, if another write may be under way.
  mutating func next() -> ObjectKey? {
    guard self.inFlight.count < (self.isOutage ? 1 : self.limit), self.heldUntil == nil else { return nil }
    while self.head < self.queue.count {
      let key = self.queue[self.head]
      self.head += 1
      if self.head > 1024, self.head * 2 > self.queue.count {
        self.queue.removeFirst(self.head)
        self.head = 0
      }
      if self.queued.remove(key) != nil { return key }
    }
    self.queue.removeAll(keepingCapacity: false)
    self.head = 0
    return nil
  }

  mutating func started(_ write: Write, of key: ObjectKey) {
    self.inFlight[key] = write
  }

  /// The write of an object that is under way.
  func underWay(_ key: ObjectKey) -> Write? { self.inFlight[key] }

  /// The write ended; returns what was written.
  mutating func ended(_ key: ObjectKey) -> Write? {
    self.inFlight.removeValue(forKey: key)
  }

  /// Forgets the failures of an object.
  mutating func succeeded(_ key: ObjectKey) {
    self.pauses[key] = nil
    self.answered()
  }

  private var isOutage: Bool { self.unanswered >= Self.outageThreshold }

  private mutating func answered() {
    self.unanswered = 0
    self.heldUntil = nil
  }

  private mutating func wentUnanswered(at now: ContinuousClock.Instant) {
    self.unanswered += 1
    if self.isOutage { self.heldUntil = now + self.dice.jittered(Self.outagePause, by: 0.25) }
  }

  /// Gives an object another turn after a pause: from 0.2 s doubling to half a minute, with jitter. `isOutage`: there was no
  /// answer, which is not the object's fault.
  mutating func pause(
    _ key: ObjectKey, endsWithNews: Bool, isOutage: Bool = false, at now: ContinuousClock.Instant
  ) {
    if isOutage { self.wentUnanswered(at: now) } else { self.answered() }
    let failures = (self.pauses[key]?.failures ?? 0) + 1
    let delay = min(Duration.milliseconds(100) * (1 << min(failures, 10)), .seconds(30))
    let until = now + self.dice.jittered(delay, by: 0.25)
    self.pauses[key] = Pause(failures: failures, until: until, endsWithNews: endsWithNews)
    self.alarms.set(until, for: key)
  }

  /// A newer form of the object has come.
  mutating func news(of key: ObjectKey) {
    guard let pause = self.pauses[key], pause.until != nil, pause.endsWithNews else { return }
    self.pauses[key]?.until = nil
    self.request(key)
  }

  /// Gives a turn to all whose pause is over.
  mutating func wake(at now: ContinuousClock.Instant) {
    if let heldUntil = self.heldUntil, heldUntil <= now { self.heldUntil = nil }
    while let key = self.alarms.next(at: now) {
      guard let until = self.pauses[key]?.until, until <= now else { continue }
      self.pauses[key]?.until = nil
      self.request(key)
    }
  }
}
