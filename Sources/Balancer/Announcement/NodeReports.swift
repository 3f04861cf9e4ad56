import KubernetesModel
import Primitives

/// Keeps the reports of one node in line with what it has to tell, and the cluster free of those that others have left.
///
///     wanted, unwanted ─┐
///     observed ─────────┼──▶ one write at a time for a subject ──▶ .write ──▶ .written
///     tick ─────────────┘      create │ write the status │ delete one too many
///
/// Where a subject has one report in the cluster, the node that wants it creates it and deletes those of others; a node
/// that wants it no more deletes its own. While a subject goes from one node to another both may want it: whoever comes
/// later is left alone for a moment, and what it has deleted is not made again at once. Where a node claims the subject by
/// it, under a term, it leaves those with higher terms alone, and those with lower ones for a while, as nobody shall find
/// the subject without any (Docs/decisions/0024-owners-that-stay.md). A claim that could not be written is not simply tried
/// again: the subject is reported without claiming it first, and claimed a moment later if it is still to be. Nothing is
/// written before all reports have been listed and all that is wanted is known, so that a restart finds its reports and
/// writes nothing.
package struct NodeReports<Report: NodeReport>: StateMachine, Equatable {
  package enum Event: Timed, Equatable {
    case tick
    case observed(ObjectChange<Report>)
    /// This is to be told of a subject; with a term it is a claim, with the term 0 one that is not made any more if it has
    /// not been, and without one it goes on as it is.
    case wanted(ObjectKey, Report.Content, term: Int? = nil)
    /// Nothing is to be told of it any more.
    case unwanted(ObjectKey)
    /// What is wanted is complete from now on.
    case decided
    case written(ObjectKey, Outcome)
  }

  package enum Action: Sendable, Equatable {
    case write(Write, of: ObjectKey)
  }

  package enum Write: Sendable, Equatable {
    case create(Report)
    case writeStatus(Report)
    case delete(ObjectKey, uid: String?)
  }

  package enum Outcome: Sendable, Equatable {
    /// Done; the object as the server has it now, unless it was deleted.
    case succeeded(Report?)
    /// Somebody changed or deleted the object in between; what is true arrives by watch.
    case overtaken
    case failed
  }

  package struct Settings: Sendable, Hashable {
    package var node: String
    /// Where reports are kept.
    package var namespace: String
    /// The pod that reports go with.
    package var owner: OwnerReference?

    package init(node: String, namespace: String, owner: OwnerReference? = nil) {
      self.node = node
      self.namespace = namespace
      self.owner = owner
    }
  }

  private struct Wish: Sendable, Equatable {
    var content: Report.Content
    var term: Int?
  }

  private let settings: Settings
  private var wanted: [ObjectKey: Wish] = [:]
  private var times = ReportTimes()
  /// What was to be claimed and could not be: the API server was away, or this node cut off, and the claim was made knowing
  /// less than everybody else.
  private var doubted: Set<ObjectKey> = []
  /// The reports on each subject, by their own keys.
  private var known: [ObjectKey: [ObjectKey: Report]] = [:]
  /// The subject of each report.
  private var filed: [ObjectKey: ObjectKey] = [:]
  /// The versions that our own writes have replaced: the watch brings them late.
  private var replaced: [ObjectKey: String] = [:]
  private var isListed = false
  private var isDecided = false
  private var writes: WriteQueue<Write>

  package init(_ settings: Settings, seed: UInt64) {
    self.settings = settings
    self.writes = WriteQueue(limit: 8, seed: seed)
  }

  package var nextDeadline: ContinuousClock.Instant? {
    [self.writes.nextDeadline, self.times.nextDeadline].compactMap(\.self).min()
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .tick:
      while let subject = self.times.next(at: now) {
        if self.wanted[subject] == nil { self.times.forget(subject) }
        self.request(subject, at: now)
      }
    case .observed(.synced):
      self.isListed = true
      self.requestAll(at: now)
    case .observed(let change): self.file(change, at: now)
    case .wanted(let subject, let content, let term):
      self.wanted[subject] = Wish(content: content, term: term ?? self.wanted[subject]?.term)
      self.request(subject, at: now)
    case .unwanted(let subject):
      self.wanted[subject] = nil
      self.times.unwanted(subject)
      self.doubted.remove(subject)
      self.request(subject, at: now)
    case .decided:
      self.isDecided = true
      self.requestAll(at: now)
    case .written(let subject, let outcome): self.conclude(subject, outcome, at: now)
    }
    return self.dueWrites(at: now)
  }

  // MARK: What there is

  private mutating func file(_ change: ObjectChange<Report>, at now: ContinuousClock.Instant) {
    switch change {
    case .applied(let report):
      guard self.replaced[report.key] == nil || self.replaced[report.key] != report.metadata.resourceVersion else {
        return
      }
      self.put(report, at: now)
    case .deleted(let key): self.drop(key, at: now)
    case .malformed, .synced: break
    }
  }

  private mutating func put(_ report: Report, at now: ContinuousClock.Instant) {
    if let former = self.filed[report.key], former != report.subject { self.drop(report.key, at: now) }
    guard let subject = report.subject else { return }
    if Report.isExclusive, self.filed[report.key] == nil, report.node != self.settings.node, self.hasOwn(subject) {
      self.times.came(report.key, to: subject, at: now)
    }
    self.filed[report.key] = subject
    self.known[subject, default: [:]][report.key] = report
    self.writes.news(of: subject)
    self.request(subject, at: now)
  }

  private mutating func drop(_ key: ObjectKey, at now: ContinuousClock.Instant) {
    self.replaced[key] = nil
    self.times.went(key)
    guard let subject = self.filed.removeValue(forKey: key) else { return }
    let report = self.known[subject]?.removeValue(forKey: key)
    if self.known[subject]?.isEmpty == true { self.known[subject] = nil }
    if report?.node == self.settings.node, self.wanted[subject] != nil, !self.hasOwn(subject) {
      self.times.wasOusted(subject, at: now)
    }
    self.writes.news(of: subject)
    self.request(subject, at: now)
  }

  // MARK: What is to be written

  private mutating func requestAll(at now: ContinuousClock.Instant) {
    for subject in Set(self.wanted.keys).union(self.known.keys).sorted() { self.request(subject, at: now) }
  }

  private mutating func request(_ subject: ObjectKey, at now: ContinuousClock.Instant) {
    guard self.isListed, self.isDecided, let write = self.nextWrite(of: subject, at: now) else { return }
    if case .delete = write {
    } else if let rest = self.times.rest(of: subject, Report.interval, at: now) {
      self.writes.request(subject, after: rest, at: now)
      return
    }
    self.writes.request(subject)
  }

  private func hasOwn(_ subject: ObjectKey) -> Bool {
    self.known[subject]?.values.contains { $0.node == self.settings.node } ?? false
  }

  /// The reports on a subject, those with the highest terms first.
  private func reports(on subject: ObjectKey) -> [Report] {
    (self.known[subject] ?? [:]).values.sorted { left, right in
      let (leftTerm, rightTerm) = (left.term ?? 0, right.term ?? 0)
      return leftTerm == rightTerm ? left.key < right.key : leftTerm > rightTerm
    }
  }

  private func nextWrite(of subject: ObjectKey, at now: ContinuousClock.Instant) -> Write? {
    let reports = self.reports(on: subject)
    let own = reports.filter { $0.node == self.settings.node }
    guard let wish = self.wanted[subject] else { return own.first.map { .delete($0.key, uid: $0.metadata.uid) } }
    guard let report = own.first, wish.term.map({ (report.term ?? 0) >= $0 }) ?? true else {
      guard wish.term != 0, self.mayClaim(subject, at: now), self.mayReturn(subject, wish, at: now) else { return nil }
      let isDoubted = self.doubted.contains(subject)
      if isDoubted, let report = own.first { return .writeStatus(self.told(wish.content, in: report, of: subject)) }
      return .create(
        .new(
          on: subject, by: self.settings.node, in: self.settings.namespace, owner: self.settings.owner,
          term: isDoubted ? nil : wish.term))
    }
    guard report.content == wish.content else {
      return .writeStatus(self.told(wish.content, in: report, of: subject))
    }
    let excess = reports.first { other in
      guard other.key != report.key else { return false }
      if other.node == self.settings.node { return true }
      guard Report.isExclusive else { return false }
      guard wish.term == nil else {
        return (other.term ?? 0) < (report.term ?? 0) && self.times.mayClear(subject, at: now)
      }
      return self.times.mayOust(other.key, at: now)
    }
    return excess.map { .delete($0.key, uid: $0.metadata.uid) }
  }

  private func told(_ content: Report.Content, in report: Report, of subject: ObjectKey) -> Report {
    var report = report
    report.set(content, node: self.settings.node, subject: subject)
    return report
  }

  private func mayClaim(_ subject: ObjectKey, at now: ContinuousClock.Instant) -> Bool {
    self.wanted[subject]?.term == nil || self.times.mayClaim(subject, at: now)
  }

  /// Whether a report is to be made: one that another node's took the place of is not at once.
  private func mayReturn(_ subject: ObjectKey, _ wish: Wish, at now: ContinuousClock.Instant) -> Bool {
    guard Report.isExclusive, wish.term == nil, self.known[subject] != nil else { return true }
    return self.times.mayReturn(subject, at: now)
  }

  private mutating func dueWrites(at now: ContinuousClock.Instant) -> [Action] {
    self.writes.wake(at: now)
    var actions: [Action] = []
    while let subject = self.writes.next() {
      guard let write = self.nextWrite(of: subject, at: now) else { continue }
      self.writes.started(write, of: subject)
      actions.append(.write(write, of: subject))
    }
    return actions
  }

  private mutating func conclude(_ subject: ObjectKey, _ outcome: Outcome, at now: ContinuousClock.Instant) {
    guard let write = self.writes.ended(subject) else { return }
    // The API server was heard again: the next claim is a moment away.
    if outcome != .failed, self.doubted.remove(subject) != nil { self.times.claimed(subject, at: now) }
    switch outcome {
    case .succeeded(let report):
      self.writes.succeeded(subject)
      if case .create(let report) = write, report.term != nil { self.times.claimed(subject, at: now) }
      if case .writeStatus(let former) = write {
        self.replaced[former.key] = former.metadata.resourceVersion
        if Report.interval > .zero { self.times.wrote(subject, at: now) }
      }
      if case .delete(let key, _) = write {
        self.drop(key, at: now)
        if self.wanted[subject] == nil { self.times.erased(subject) }
      }
      if let report { self.put(report, at: now) }
      self.request(subject, at: now)
    case .overtaken:
      if case .delete(let key, _) = write { self.drop(key, at: now) }
      self.writes.pause(subject, endsWithNews: true, at: now)
    case .failed:
      if case .create(let report) = write, report.term != nil { self.doubted.insert(subject) }
      self.writes.pause(subject, endsWithNews: false, at: now)
    }
  }
}
