import KubernetesModel
import Primitives

/// What to believe of the two ways by which a node hears of reports: its watch, and the answers to its own writes.
///
///     .writeBegan, .answered ──┐
///     .watched, .listed ───────┴──▶ one after the other ──▶ what `NodeReports` is to be told
///
/// The two ways from an API server do not wait for each other. A watch can tell that an object is gone before the answer is
/// there that tells how it was made, and a watch that has to list anew never tells of what was made and deleted in between.
/// Whoever takes such an answer for the last word has the object for ever, though nobody else has. So a deletion that the
/// answer came too late for is told once more after it, and an object that the watch has not told of is gone if a list of
/// later lacks it.
package struct ReportSightings<Report: NodeReport>: StateMachine, Equatable {
  package enum Event: Timed, Equatable {
    case tick
    /// A write is about to go out.
    case writeBegan
    case answered(NodeReports<Report>.Write, of: ObjectKey, NodeReports<Report>.Outcome)
    case watched(ObjectChange<Report>)
    /// All that the watch's list of this version holds has been told.
    case listed(version: String)
  }

  package typealias Action = NodeReports<Report>.Event

  private enum Sight: Sendable, Equatable {
    case there, gone
  }

  /// How many writes are under way.
  private var writes = 0
  /// What the watch has told last of an object while writes were under way.
  private var told: [ObjectKey: Sight] = [:]
  /// The versions in which objects were made that the watch has not told of yet.
  private var unconfirmed: [ObjectKey: String] = [:]
  /// The version of the last list; empty before the first.
  private var listVersion = ""

  package init() {}

  package var nextDeadline: ContinuousClock.Instant? { nil }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .tick: return []
    case .writeBegan:
      self.writes += 1
      return []
    case .watched(let change):
      switch change {
      case .applied(let report): self.note(.there, of: report.key)
      case .malformed(let key, _): self.note(.there, of: key)
      case .deleted(let key): self.note(.gone, of: key)
      case .synced: break
      }
      return [.observed(change)]
    case .listed(let version):
      self.listVersion = version
      let gone = self.unconfirmed.filter { self.isListed(after: $0.value) }.keys.sorted()
      for key in gone { self.note(.gone, of: key) }
      return gone.map { .observed(.deleted($0)) }
    case .answered(let write, let subject, let outcome):
      let isGone = if case .succeeded(let report?) = outcome { self.isGone(report, after: write) } else { false }
      self.writes -= 1
      if self.writes == 0 { self.told = [:] }
      guard isGone, case .succeeded(let report?) = outcome else { return [.written(subject, outcome)] }
      return [.written(subject, outcome), .observed(.deleted(report.key))]
    }
  }

  private mutating func note(_ sight: Sight, of key: ObjectKey) {
    self.unconfirmed[key] = nil
    if self.writes > 0 { self.told[key] = sight }
  }

  /// Whether an object that an answer has brought is gone meanwhile.
  private mutating func isGone(_ report: Report, after write: NodeReports<Report>.Write) -> Bool {
    switch (self.told[report.key], write) {
    case (.gone?, _): return true
    case (.there?, _), (nil, .writeStatus), (nil, .delete): return false
    case (nil, .create):
      let version = report.metadata.resourceVersion ?? ""
      guard !self.isListed(after: version) else { return true }
      self.unconfirmed[report.key] = version
      return false
    }
  }

  private func isListed(after version: String) -> Bool {
    ResourceVersion.isEarlier(version, than: self.listVersion)
  }
}
