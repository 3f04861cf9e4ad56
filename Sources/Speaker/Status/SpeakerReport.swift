import Balancer
import Gossip
import HostNetwork
import KubernetesModel
import Primitives
import Runner
import Serving

/// What the speaker answers to `/status`: the states of all its parts at one moment, put together.
struct SpeakerReport: Sendable {
  let parts: SpeakerParts
  let gossip: GossipService?

  /// With `service=NAMESPACE/NAME` the announcements are those of that Service alone. Nil = the process stops.
  func status(_ query: HTTPQuery) async -> SpeakerStatus? {
    let service = query["service"].flatMap(ObjectKey.init(text:))
    // A reading, so that however long the answer takes to be written, no decision waits for it.
    guard let reading = await self.parts.window.look({ $0.reading(of: service) }) else { return nil }
    var candidates: [ObjectKey: [String]] = [:]
    for question in reading.candidateQuestions {
      let answer = await self.parts.window.look { $0.candidates(of: question) } ?? [:]
      candidates.merge(answer) { $1 }
    }
    let membership: Membership? = await self.gossip?.look { $0 }
    return self.status(of: reading, candidates, membership, at: Time.now)
  }

  /// The last decisions; with `object=NAMESPACE/NAME` those about that Service alone.
  func history(_ query: HTTPQuery) async -> DecisionHistory? {
    let object = query["object"].flatMap(ObjectKey.init(text:))
    return await self.parts.window.look(\.journal).map { DecisionHistory($0, about: object, at: Time.now) }
  }

  private func status(
    of reading: SpeakerReading, _ candidates: [ObjectKey: [String]], _ membership: Membership?,
    at now: ContinuousClock.Instant
  ) -> SpeakerStatus {
    var layer2 = reading.layer2Status(candidates: candidates, at: now)
    layer2.watched = (membership?.watchReadings ?? []).map { Layer2Status.Watched($0, at: now) }
    layer2.lastTakeover?.durationSeconds = self.parts.takeovers.lastDuration?.statusSeconds
    let (readings, sessions) = (self.parts.bgp.readings(), self.parts.bfd.readingsByPeer())
    let peers = reading.bgpPeers.sorted { $0.key < $1.key }.compactMap { name, configuration in
      readings[name].map { BGPStatus.Peer(configuration, $0, bfd: sessions[name], at: now) }
    }
    return SpeakerStatus(
      software: Version.current, node: reading.node, awaiting: reading.awaited.map(\.rawValue).sorted(),
      layer2: layer2, bgp: BGPStatus(announcements: reading.bgpAnnouncements(at: now), peers: peers),
      gossip: membership.map { GossipStatus($0, isEncrypted: self.gossip?.isEncrypted ?? false, at: now) },
      problems: reading.problems.map(\.description))
  }
}
