import KubernetesModel
import Primitives

/// Decides what becomes of something worth an Event: a new object, one more count on an old one, or nothing.
///
/// These are the rules that users of Kubernetes know from client-go:
/// - the same Event again (object, type, reason, message) counts up the one there is, by a PATCH;
/// - ten different messages for one object and reason within ten minutes become one Event, whose message begins with
///   `(combined from similar events): ` and is the latest of them;
/// - an object gets 25 Events at once and one more every five minutes; the rest is dropped.
///
/// What it remembers of objects that nothing is told of any more goes when it cannot matter any more.
struct EventCorrelator {
  /// Something to tell of an object.
  struct Occurrence: Hashable, Sendable {
    var object: ObjectReference
    var type: String
    var reason: String
    var message: String

    /// A message that is longer than an Event may be is cut.
    init(object: ObjectReference, type: String, reason: String, message: String) {
      self.object = object
      self.type = type
      self.reason = reason
      self.message = message.utf8.count <= EventCorrelator.longestMessage ? message : Self.cut(message)
    }

    private static func cut(_ message: String) -> String {
      var left = EventCorrelator.longestMessage - "…".utf8.count
      let head = message.prefix { character in
        left -= character.utf8.count
        return left >= 0
      }
      return head + "…"
    }
  }

  enum Verdict: Equatable {
    case create(Event)
    /// Patch the counted fields of the Event of this key; should it be gone, create it as it is here.
    case count(Event, patch: JSONValue)
    case drop
  }

  /// What makes Events similar: everything but the message.
  private struct Similarity: Hashable {
    var subject: Subject
    var type: String
    var reason: String
  }

  /// The object, without its version, which changes with every write.
  private struct Subject: Hashable {
    var apiVersion: String?
    var kind: String?
    var namespace: String?
    var name: String?
    var uid: String?

    init(_ reference: ObjectReference) {
      self.apiVersion = reference.apiVersion
      self.kind = reference.kind
      self.namespace = reference.namespace
      self.name = reference.name
      self.uid = reference.uid
    }
  }

  /// What is counted up: one message, or all messages of a similarity together.
  private struct Identity: Hashable {
    var similarity: Similarity
    /// nil = combined.
    var message: String?
  }

  private struct Similars {
    var messages: Set<String>
    var lastAt: ContinuousClock.Instant
  }

  private struct Counted {
    var name: String
    var count: Int
    var firstTimestamp: Timestamp
    var lastAt: ContinuousClock.Instant
  }

  static let combinedPrefix = "(combined from similar events): "
  /// In bytes, the prefix included: what `events.k8s.io/v1` allows, in which form every Event can be read.
  private static let longestText = 1024
  fileprivate static let longestMessage = Self.longestText - Self.combinedPrefix.utf8.count
  private static let similarLimit = 10
  private static let similarInterval = Duration.seconds(600)
  private static let burst = 25
  private static let refillInterval = Duration.seconds(300)
  private static let capacity = 4096
  /// Of any object (RFC 1123 subdomains, as Kubernetes has them).
  private static let longestName = 253
  /// For how long an Event is counted up. An API server keeps it for an hour after that.
  private static let countedInterval = Duration.seconds(7200)

  private let component: String
  private var similars = RecentlyUsed<Similarity, Similars>(capacity: Self.capacity)
  private var counted = RecentlyUsed<Identity, Counted>(capacity: Self.capacity)
  private var budgets = RecentlyUsed<Subject, TokenBucket>(capacity: Self.capacity)
  private var lastNanoseconds: Int64 = 0
  private var sweptAt: ContinuousClock.Instant?

  /// `component` is who reports, such as `metallb-controller`.
  init(component: String) {
    self.component = component
  }

  mutating func correlate(
    _ occurrence: Occurrence, time: Timestamp, at now: ContinuousClock.Instant
  ) -> Verdict {
    self.sweep(at: now)
    let subject = Subject(occurrence.object)
    let similarity = Similarity(subject: subject, type: occurrence.type, reason: occurrence.reason)
    let isCombined = self.combines(occurrence.message, into: similarity, at: now)
    let identity = Identity(similarity: similarity, message: isCombined ? nil : occurrence.message)
    let message = isCombined ? Self.combinedPrefix + occurrence.message : occurrence.message

    let before = self.counted[identity]
    let counted = Counted(
      name: before?.name ?? self.name(for: occurrence.object, time: time), count: (before?.count ?? 0) + 1,
      firstTimestamp: before?.firstTimestamp ?? time, lastAt: now)
    self.counted[identity] = counted

    var budget = self.budgets[subject] ?? TokenBucket(burst: Self.burst, interval: Self.refillInterval, at: now)
    let isAffordable = budget.take(at: now)
    self.budgets[subject] = budget
    guard isAffordable else { return .drop }

    let event = self.event(occurrence, message: message, counted: counted, time: time)
    guard before != nil else { return .create(event) }
    return .count(
      event,
      patch: [
        "count": .integer(Int64(counted.count)), "lastTimestamp": .string(time.text), "message": .string(message),
      ])
  }

  /// How much is remembered, of everything.
  var memories: Int { self.similars.count + self.counted.count + self.budgets.count }

  /// Forgets every now and then what is as good as nothing.
  private mutating func sweep(at now: ContinuousClock.Instant) {
    guard self.sweptAt.map({ $0 + Self.similarInterval <= now }) ?? true else { return }
    self.sweptAt = now
    self.similars.forget { $0.lastAt.duration(to: now) > Self.similarInterval }
    self.counted.forget { $0.lastAt.duration(to: now) > Self.countedInterval }
    self.budgets.forget { $0.isFull(at: now) }
  }

  /// Whether this message is one too many that resemble each other.
  private mutating func combines(
    _ message: String, into similarity: Similarity, at now: ContinuousClock.Instant
  ) -> Bool {
    var similars = self.similars[similarity] ?? Similars(messages: [], lastAt: now)
    if similars.lastAt.duration(to: now) > Self.similarInterval { similars.messages = [] }
    similars.lastAt = now
    similars.messages.insert(message)
    let isCombined = similars.messages.count >= Self.similarLimit
    if isCombined, let other = similars.messages.first(where: { $0 != message }) { similars.messages.remove(other) }
    self.similars[similarity] = similars
    return isCombined
  }

  private func event(
    _ occurrence: Occurrence, message: String, counted: Counted, time: Timestamp
  ) -> Event {
    var event = Event(
      metadata: ObjectMeta(name: counted.name, namespace: Self.namespace(of: occurrence.object)),
      involvedObject: occurrence.object)
    event.type = occurrence.type
    event.reason = occurrence.reason
    event.message = message
    event.source = EventSource(component: self.component)
    event.reportingComponent = self.component
    event.reportingInstance = ""
    event.firstTimestamp = counted.firstTimestamp
    event.lastTimestamp = time
    event.count = counted.count
    return event
  }

  /// Events live beside their object; those of cluster-wide objects in `default`.
  private static func namespace(of object: ObjectReference) -> String {
    object.namespace.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
  }

  /// `<object>.<nanoseconds in hex>`, never twice the same; of an object whose name leaves no room for that, its beginning.
  private mutating func name(for object: ObjectReference, time: Timestamp) -> String {
    self.lastNanoseconds = max(self.lastNanoseconds + 1, time.microseconds * 1000)
    let suffix = ".\(String(self.lastNanoseconds, radix: 16))"
    var stem = (object.name ?? "").prefix(Self.longestName - suffix.count)
    while let last = stem.last, !last.isLetter, !last.isNumber { stem.removeLast() }
    return stem + suffix
  }
}
