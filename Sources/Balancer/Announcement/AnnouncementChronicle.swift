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

/// Since when each Service is announced from here, and what was taken over last: what status and metrics tell beside the
/// decisions themselves.
struct AnnouncementChronicle: Sendable, Equatable {
  private(set) var layer2: [ObjectKey: ContinuousClock.Instant] = [:]
  private(set) var bgp: [ObjectKey: ContinuousClock.Instant] = [:]
  private(set) var lastTakeover: Takeover?
  /// How many Services were taken over since the start.
  private(set) var takenOver: UInt64 = 0

  /// Writes down what an event has come to; `gone` are the members that the event took away.
  mutating func note(_ actions: [SpeakerState.Action], gone: Set<String>, at now: ContinuousClock.Instant) {
    var began: [ObjectKey] = []
    for action in actions {
      switch action {
      case .announce(.layer2(let announcement)):
        guard self.layer2[announcement.service] == nil else { continue }
        self.layer2[announcement.service] = now
        began.append(announcement.service)
      case .announce(.bgp(let announcement)):
        if self.bgp[announcement.service] == nil { self.bgp[announcement.service] = now }
      case .withdraw(let service, _, .layer2, _): self.layer2[service] = nil
      case .withdraw(let service, _, .bgp, _): self.bgp[service] = nil
      case .claim, .release, .probe, .abandonProbe, .defend, .bid, .abandonBid, .tell, .configurePeers, .advertise,
        .emit, .watch, .report:
        break
      }
    }
    guard !gone.isEmpty, !began.isEmpty else { return }
    self.takenOver += UInt64(began.count)
    self.lastTakeover = Takeover(
      number: (self.lastTakeover?.number ?? 0) + 1, nodes: gone, services: began, at: now)
  }
}
