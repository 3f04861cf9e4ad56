import KubernetesModel
import Primitives

/// Keeps the reports of one node in line with what it announces, and the cluster free of those that others have left.
///
///     announced, withdrawn ─┐
///     observed ─────────────┼──▶ one write at a time for a Service ──▶ .write ──▶ .written
///     tick ─────────────────┘      create │ write the status │ delete one too many
///
/// The announcing node creates the report and deletes those of former owners; a node that lost deletes its own. Nothing
/// is written before all reports have been listed and all Services been decided, so that a restart finds its reports and
/// writes nothing.
package struct AnnouncementReports<Report: AnnouncementReport>: StateMachine, Equatable {
  package enum Event: Timed, Equatable {
    case tick
    case observed(ObjectChange<Report>)
    case announced(ObjectKey, Report.Content)
    case withdrawn(ObjectKey)
    /// What is announced is complete from now on.
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

  private let settings: Settings
  private var wanted: [ObjectKey: Report.Content] = [:]
  /// The reports on each Service, by their own keys.
  private var known: [ObjectKey: [ObjectKey: Report]] = [:]
  /// The Service that each report is about.
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

  package var nextDeadline: ContinuousClock.Instant? { self.writes.nextDeadline }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .tick: break
    case .observed(.synced):
      self.isListed = true
      self.requestAll()
    case .observed(let change): self.file(change)
    case .announced(let service, let content):
      self.wanted[service] = content
      self.request(service)
    case .withdrawn(let service):
      self.wanted[service] = nil
      self.request(service)
    case .decided:
      self.isDecided = true
      self.requestAll()
    case .written(let service, let outcome): self.conclude(service, outcome, at: now)
    }
    return self.dueWrites(at: now)
  }

  // MARK: What there is

  private mutating func file(_ change: ObjectChange<Report>) {
    switch change {
    case .applied(let report):
      guard self.replaced[report.key] == nil || self.replaced[report.key] != report.metadata.resourceVersion else {
        return
      }
      self.put(report)
    case .deleted(let key): self.drop(key)
    case .malformed, .synced: break
    }
  }

  private mutating func put(_ report: Report) {
    if let former = self.filed[report.key], former != report.service { self.drop(report.key) }
    guard let service = report.service else { return }
    self.filed[report.key] = service
    self.known[service, default: [:]][report.key] = report
    self.writes.news(of: service)
    self.request(service)
  }

  private mutating func drop(_ key: ObjectKey) {
    self.replaced[key] = nil
    guard let service = self.filed.removeValue(forKey: key) else { return }
    self.known[service]?[key] = nil
    if self.known[service]?.isEmpty == true { self.known[service] = nil }
    self.writes.news(of: service)
    self.request(service)
  }

  // MARK: What is to be written

  private mutating func requestAll() {
    for service in Set(self.wanted.keys).union(self.known.keys).sorted() { self.request(service) }
  }

  private mutating func request(_ service: ObjectKey) {
    guard self.isListed, self.isDecided, self.nextWrite(of: service) != nil else { return }
    self.writes.request(service)
  }

  private func nextWrite(of service: ObjectKey) -> Write? {
    let reports = (self.known[service] ?? [:]).values.sorted { $0.key < $1.key }
    let own = reports.filter { $0.node == self.settings.node }
    guard let content = self.wanted[service] else { return own.first.map { .delete($0.key, uid: $0.metadata.uid) } }
    guard var report = own.first else {
      return .create(
        .new(on: service, by: self.settings.node, in: self.settings.namespace, owner: self.settings.owner))
    }
    guard report.content == content else {
      report.set(content, node: self.settings.node, service: service)
      return .writeStatus(report)
    }
    let excess = Report.isExclusive ? reports : own
    return excess.first { $0.key != report.key }.map { .delete($0.key, uid: $0.metadata.uid) }
  }

  private mutating func dueWrites(at now: ContinuousClock.Instant) -> [Action] {
    self.writes.wake(at: now)
    var actions: [Action] = []
    while let service = self.writes.next() {
      guard let write = self.nextWrite(of: service) else { continue }
      self.writes.started(write, of: service)
      actions.append(.write(write, of: service))
    }
    return actions
  }

  private mutating func conclude(_ service: ObjectKey, _ outcome: Outcome, at now: ContinuousClock.Instant) {
    guard let write = self.writes.ended(service) else { return }
    switch outcome {
    case .succeeded(let report):
      self.writes.succeeded(service)
      if case .writeStatus(let former) = write { self.replaced[former.key] = former.metadata.resourceVersion }
      if case .delete(let key, _) = write { self.drop(key) }
      if let report { self.put(report) }
      self.request(service)
    case .overtaken:
      if case .delete(let key, _) = write { self.drop(key) }
      self.writes.pause(service, endsWithNews: true, at: now)
    case .failed:
      self.writes.pause(service, endsWithNews: false, at: now)
    }
  }
}
