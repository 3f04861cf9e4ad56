import Balancer
import FoundationEssentials
import Gossip
import HostNetwork
import KubernetesModel
import Primitives
import Runner
import Serving

/// What the speaker answers to `/status`: the states of all its parts at one moment, put together.
struct SpeakerReport: Sendable {
  let window: Window<SpeakerState>
  let responder: LinkResponder
  let bgp: BGPSpeaker
  let bfd: BFDPeers
  let gossip: GossipService?
  let takeovers: TakeoverLog

  /// With `service=NAMESPACE/NAME` the announcements are those of that Service alone. Nil = the process stops.
  func page(_ query: HTTPQuery) async -> [UInt8]? {
    let service = query["service"].flatMap(ObjectKey.init(text:))
    // A copy, so that however long the answer takes to be written, no decision waits for it.
    guard let state = await self.window.look({ $0 }) else { return nil }
    let members: Membership? = await self.gossip?.look { $0 }
    let status = self.status(of: state, service: service, at: Time.now) { now in
      members.map { membership in
        (
          GossipStatus(membership, isEncrypted: self.gossip?.isEncrypted ?? false, at: now),
          membership.watchReadings.map { Layer2Status.Watched($0, at: now) }
        )
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(status)).map(Array.init)
  }

  private func status(
    of state: SpeakerState, service: ObjectKey?, at now: ContinuousClock.Instant,
    group: (ContinuousClock.Instant) -> (GossipStatus, [Layer2Status.Watched])?
  ) -> SpeakerStatus {
    var layer2 = state.layer2Status(of: service, at: now)
    let group = group(now)
    layer2.watched = group?.1 ?? []
    layer2.conflicts = self.responder.counters().filter { $0.value.conflicts > 0 }.sorted { $0.key < $1.key }.map {
      Layer2Status.Conflict(address: $0.key.description, claims: $0.value.conflicts)
    }
    layer2.lastTakeover?.durationSeconds = self.takeovers.lastDuration?.statusSeconds
    let (readings, sessions) = (self.bgp.readings(), self.bfd.readingsByPeer())
    let peers = state.bgpPeers.sorted { $0.key < $1.key }.compactMap { name, configuration in
      readings[name].map { BGPStatus.Peer(configuration, $0, bfd: sessions[name], at: now) }
    }
    return SpeakerStatus(
      software: Version.current, node: state.settings.node, awaiting: state.awaited.map(\.rawValue).sorted(),
      layer2: layer2,
      bgp: BGPStatus(announcements: state.bgpStatusAnnouncements(of: service, at: now), peers: peers),
      gossip: group?.0, problems: state.problems.map(\.description))
  }
}

extension ObjectKey {
  /// Reads `NAMESPACE/NAME`.
  fileprivate init?(text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts.contains("") else { return nil }
    self.init(namespace: parts[0], name: parts[1])
  }
}
