import Balancer
import Gossip
import Primitives

extension GossipStatus {
  /// The group as this node believes it to be, in the order of the names.
  init(_ membership: Membership, isEncrypted: Bool, at now: ContinuousClock.Instant) {
    let members = membership.known.sorted { $0.name < $1.name }.map { member in
      Member(
        name: member.name, address: member.endpoint.description, state: member.liveness.word,
        seconds: (now - member.changedAt).statusSeconds, incarnation: member.incarnation,
        isCandidate: membership.isCandidate(member.name), isWatchable: NodeMeta(member.meta).isWatchable)
    }
    self.init(members: members, isEncrypted: isEncrypted, healthScore: membership.healthScore)
  }
}

extension Layer2Status.Watched {
  init(_ reading: WatchReading, at now: ContinuousClock.Instant) {
    self.init(
      node: reading.name, isLost: reading.isLost, missedPings: reading.missedPings,
      heardSecondsAgo: reading.heardAt.map { (now - $0).statusSeconds },
      roundTripMilliseconds: reading.roundTrip.map { Double($0 / .microseconds(1)) / 1000 })
  }
}

extension Liveness {
  fileprivate var word: String {
    switch self {
    case .alive: "alive"
    case .suspect: "suspect"
    case .dead: "dead"
    case .left: "left"
    }
  }
}
