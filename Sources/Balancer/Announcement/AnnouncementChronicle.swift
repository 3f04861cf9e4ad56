import HashTreeCollections
import KubernetesModel
import Primitives

/// What a node took over at one moment, as others were gone.
package struct Takeover: Sendable, Hashable {
  /// Of all takeovers since the start, which one this is.
  package var number: UInt64
  /// The nodes that were gone.
  package var nodes: Set<String>
  /// The Services that are announced from here since.
  package var services: [ObjectKey]
  package var at: ContinuousClock.Instant
}

/// What is announced from here and since when, and what was taken over last: what status and metrics tell.
///
/// Its tables are trees of which a copy costs nothing, and of which a change after that copies a few branches.
struct AnnouncementChronicle: Sendable, Equatable {
  /// An announcement as it is now, and when that of its Service began.
  struct Entry<Announcement: Sendable & Hashable>: Sendable, Hashable {
    var announcement: Announcement
    let since: ContinuousClock.Instant
  }

  private(set) var layer2: TreeDictionary<ObjectKey, Entry<Layer2Announcement>> = [:]
  private(set) var bgp: TreeDictionary<ObjectKey, Entry<BGPAnnouncement>> = [:]
  private(set) var lastTakeover: Takeover?
  /// How many Services were taken over since the start.
  private(set) var takenOver: UInt64 = 0

  /// Writes down what an event has come to; `gone` are the members that the event took away.
  mutating func note(_ actions: [SpeakerState.Action], gone: Set<String>, at now: ContinuousClock.Instant) {
    var began: [ObjectKey] = []
    for action in actions {
      switch action {
      case .announce(.layer2(let announcement)):
        let since = self.layer2[announcement.service]?.since
        self.layer2[announcement.service] = Entry(announcement: announcement, since: since ?? now)
        if since == nil { began.append(announcement.service) }
      case .announce(.bgp(let announcement)):
        let since = self.bgp[announcement.service]?.since
        self.bgp[announcement.service] = Entry(announcement: announcement, since: since ?? now)
      case .withdraw(let service, _, .layer2, _): self.layer2[service] = nil
      case .withdraw(let service, _, .bgp, _): self.bgp[service] = nil
      case .claim, .release, .probe, .abandonProbe, .defend, .bid, .abandonBid, .tell, .object, .configurePeers,
        .advertise, .emit, .watch, .report:
        break
      }
    }
    guard !gone.isEmpty, !began.isEmpty else { return }
    self.takenOver += UInt64(began.count)
    self.lastTakeover = Takeover(
      number: (self.lastTakeover?.number ?? 0) + 1, nodes: gone, services: began, at: now)
  }
}
