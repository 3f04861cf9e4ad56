import BFD
import BGP
import Balancer
import KubernetesModel
import Reporting
import Synchronization

/// Tells in BGPSessionState objects how the sessions of this node stand.
///
///     BGPSpeaker.readings ────┐
///     BFDPeers.readingsByPeer ┴▶ once a second, what is different ──▶ NodeReporter<BGPSessionState>
///
/// A session goes through its states within milliseconds; looking once a second leaves out what nobody could read.
final class SessionReporter: Sendable {
  private static let interval = Duration.seconds(1)

  private let bgp: BGPSpeaker
  private let bfd: BFDPeers
  private let reporter: NodeReporter<BGPSessionState>
  private let isComplete = Atomic(false)

  init(bgp: BGPSpeaker, bfd: BFDPeers, reporter: NodeReporter<BGPSessionState>) {
    self.bgp = bgp
    self.bfd = bfd
    self.reporter = reporter
  }

  /// The peers of this node are known from now on: objects of sessions that are not among them may go.
  func peersKnown() { self.isComplete.store(true, ordering: .releasing) }

  /// Looks until the task is cancelled.
  func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.reporter.run() }
      var told: [ObjectKey: SessionReport] = [:]
      while !Task.isCancelled {
        let isComplete = self.isComplete.load(ordering: .acquiring)
        let reports = Self.reports(self.bgp.readings(), self.bfd.readingsByPeer().mapValues(\.state))
        for (session, report) in reports where told[session] != report { self.reporter.tell(report, of: session) }
        for session in told.keys where reports[session] == nil { self.reporter.retract(session) }
        told = reports
        if isComplete { self.reporter.decided() }
        try? await ContinuousClock().sleep(for: Self.interval)
      }
    }
  }

  /// How each session stands. Of two peers in one place the first one counts, as there is one object for both.
  static func reports(
    _ readings: [String: PeerReading], _ states: [String: BFD.SessionState]
  ) -> [ObjectKey: SessionReport] {
    var reports: [ObjectKey: SessionReport] = [:]
    for (name, reading) in readings.sorted(by: { $0.key < $1.key }) {
      let session = SessionReport.subject(reading.router.endpoint, vrf: reading.router.vrf)
      guard reports[session] == nil else { continue }
      reports[session] = SessionReport(bgp: reading.state.rawValue, bfd: states[name]?.nameInFRR)
    }
    return reports
  }
}

extension BFD.SessionState {
  /// As `show bfd peers json` has it.
  fileprivate var nameInFRR: String {
    switch self {
    case .adminDown: "shutdown"
    case .down: "down"
    case .initializing: "init"
    case .up: "up"
    }
  }
}
