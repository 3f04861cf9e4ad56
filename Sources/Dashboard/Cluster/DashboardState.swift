import Balancer
import KubernetesModel
import Primitives

/// When to look at the cluster's processes, and when to show what has changed.
///
///     changes ──▶ picture ──dirty──▶ .publish ──published(after)──▶ a pause of a multiple of what it took
///     viewers ──▶ .look ──looked | unreachable──▶ the next look, sooner if something has changed
///     viewers ──▶ .inspect ──inspected──▶ the next inspection, rarely, sooner if the configuration has changed
///
/// What the processes say of themselves has to be asked for; nobody is asked while nobody looks. A look, and making a page
/// of what is known, may take long in a large cluster: each waits for several times as long as the last one took, so that
/// neither ever keeps a cluster, or this machine, busy.
package struct DashboardState: StateMachine {
  package enum Event: Timed {
    case tick
    case changed(ClusterChange)
    /// A kind of objects cannot be followed; nil = now it can.
    case unreadable(kind: String, reason: String?)
    case looked(controllers: [ProcessAnswer<ControllerStatus>], speakers: [ProcessAnswer<SpeakerStatus>])
    case unreachable(String)
    /// Nil = it took too long.
    case inspected(ClusterPicture.Inspection?)
    case published
    /// One more page is open.
    case viewerCame
    case viewerLeft
  }

  package enum Action: Sendable {
    /// Ask these pods, once the API server has answered for itself.
    case look(controllers: [Pod], speakers: [Pod])
    /// See what stands around MetalLB in the cluster.
    case inspect
    /// Make the picture, as it is now, known to all pages.
    case publish
    /// The API server was away: watches may wait long before they try again, so begin them anew.
    case followAnew
  }

  private enum Looking: Equatable {
    case idle
    case due(at: ContinuousClock.Instant)
    case underWay(since: ContinuousClock.Instant)
  }

  private enum Publishing: Equatable {
    case current
    case due(at: ContinuousClock.Instant)
    case underWay(since: ContinuousClock.Instant, isStale: Bool)
    case resting(until: ContinuousClock.Instant)
  }

  /// Between two looks if nothing happens.
  private static let lookInterval = Duration.seconds(2)
  /// From a change until the processes have heard of it, too.
  private static let lookDelay = Duration.milliseconds(300)
  private static let retryInterval = Duration.seconds(1)
  /// Between two inspections if nothing happens: it is others that they are about, who change rarely.
  private static let inspectionInterval = Duration.seconds(60)
  /// From a change of the configuration: it rarely comes alone.
  private static let inspectionDelay = Duration.seconds(1)
  /// How many times as long as an inspection the pause after it is.
  private static let inspectionLeisure = 20
  /// From a change to the page: what happens together is shown together.
  private static let publishDelay = Duration.milliseconds(100)
  /// How many times as long as the work the pause after it is.
  private static let leisure = 4

  package private(set) var picture = ClusterPicture()
  private var looking = Looking.idle
  private var inspecting = Looking.idle
  private var publishing = Publishing.current
  private var viewers = 0
  /// Not before this, whatever happens.
  private var nextLook: ContinuousClock.Instant?
  private var nextInspection: ContinuousClock.Instant?

  package init() {}

  package var nextDeadline: ContinuousClock.Instant? {
    var deadlines: [ContinuousClock.Instant] = []
    if case .due(let time) = self.looking { deadlines.append(time) }
    if case .due(let time) = self.inspecting, self.picture.loading.isEmpty { deadlines.append(time) }
    if case .due(let time) = self.publishing { deadlines.append(time) }
    return deadlines.min()
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .tick: break
    case .changed(let change):
      if self.picture.apply(change) {
        self.pictureChanged(at: now)
        if change.isWorthALook { self.lookSoon(at: now) }
        if change.isWorthAnInspection { self.inspectSoon(at: now) }
      }
    case .unreadable(let kind, let reason):
      if self.picture.unreadable[kind] != reason {
        self.picture.unreadable[kind] = reason
        self.pictureChanged(at: now)
      }
    case .looked(let controllers, let speakers):
      if case .lost = self.picture.connection {
        self.picture.beginAnew()
        actions.append(.followAnew)
      }
      self.picture.connection = .live
      self.picture.hasAsked = true
      self.picture.controllers = controllers
      self.picture.speakers = speakers
      self.lookEnded(pause: Self.lookInterval, at: now)
      self.pictureChanged(at: now)
    case .unreachable(let reason):
      self.picture.connection = .lost(reason: reason)
      self.lookEnded(pause: Self.retryInterval, at: now)
      self.pictureChanged(at: now)
    case .inspected(let inspection): self.inspected(inspection, at: now)
    case .published: self.published(at: now)
    case .viewerCame:
      self.viewers += 1
      if case .idle = self.looking { self.looking = .due(at: max(now, self.nextLook ?? now)) }
      if case .idle = self.inspecting { self.inspecting = .due(at: max(now, self.nextInspection ?? now)) }
    case .viewerLeft:
      self.viewers -= 1
      if self.viewers == 0, case .due = self.looking { self.looking = .idle }
      if self.viewers == 0, case .due = self.inspecting { self.inspecting = .idle }
    }
    return actions + self.due(at: now)
  }

  private mutating func due(at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    if case .due(let time) = self.looking, time <= now {
      self.looking = .underWay(since: now)
      actions.append(
        .look(controllers: self.picture.pods(of: "controller"), speakers: self.picture.pods(of: "speaker")))
    }
    if case .due(let time) = self.inspecting, time <= now, self.picture.loading.isEmpty {
      self.inspecting = .underWay(since: now)
      actions.append(.inspect)
    }
    if case .due(let time) = self.publishing, time <= now {
      self.publishing = .underWay(since: now, isStale: false)
      actions.append(.publish)
    }
    return actions
  }

  // MARK: Looking

  private mutating func lookSoon(at now: ContinuousClock.Instant) {
    guard case .due(let time) = self.looking else { return }
    self.looking = .due(at: min(time, max(now + Self.lookDelay, self.nextLook ?? now)))
  }

  private mutating func lookEnded(pause: Duration, at now: ContinuousClock.Instant) {
    guard case .underWay(let start) = self.looking else { return }
    let rest = start.duration(to: now) * Self.leisure
    self.nextLook = now + min(rest, .seconds(60))
    self.looking = self.viewers > 0 ? .due(at: now + min(max(pause, rest), .seconds(60))) : .idle
  }

  // MARK: Inspecting

  private mutating func inspectSoon(at now: ContinuousClock.Instant) {
    guard case .due(let time) = self.inspecting else { return }
    self.inspecting = .due(at: min(time, max(now + Self.inspectionDelay, self.nextInspection ?? now)))
  }

  private mutating func inspected(_ inspection: ClusterPicture.Inspection?, at now: ContinuousClock.Instant) {
    guard case .underWay(let start) = self.inspecting else { return }
    // However long it took: who has mended what is warned of waits to see that.
    self.nextInspection = now + min(start.duration(to: now) * Self.inspectionLeisure, Self.inspectionInterval)
    self.inspecting = self.viewers > 0 ? .due(at: now + Self.inspectionInterval) : .idle
    // One that takes too long is no reason to show nothing.
    let result = inspection ?? self.picture.inspection ?? ClusterPicture.Inspection(warnings: [])
    guard self.picture.inspection != result else { return }
    self.picture.inspection = result
    self.pictureChanged(at: now)
  }

  // MARK: Publishing

  private mutating func pictureChanged(at now: ContinuousClock.Instant) {
    switch self.publishing {
    case .current: self.publishing = .due(at: now + Self.publishDelay)
    case .due: break
    case .underWay(let start, _): self.publishing = .underWay(since: start, isStale: true)
    case .resting(let end): self.publishing = .due(at: max(end, now + Self.publishDelay))
    }
  }

  private mutating func published(at now: ContinuousClock.Instant) {
    guard case .underWay(let start, let isStale) = self.publishing else { return }
    let end = now + start.duration(to: now) * Self.leisure
    self.publishing = isStale ? .due(at: max(end, now + Self.publishDelay)) : .resting(until: end)
  }
}
