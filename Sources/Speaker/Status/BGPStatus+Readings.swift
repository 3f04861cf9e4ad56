import BFD
import BGP
import Balancer
import Primitives

extension BGPStatus.Peer {
  /// One router as it is configured and as its loop sees it.
  init(
    _ configuration: BGPPeerConfiguration, _ reading: PeerReading, bfd: BFD.Session.Reading?,
    at now: ContinuousClock.Instant
  ) {
    let remote =
      switch configuration.remote {
      case .asn(let asn): "\(asn)"
      case .internal: "internal"
      case .external: "external"
      }
    let (sent, received) = (reading.counters.sent, reading.counters.received)
    self.init(
      name: configuration.name, address: reading.router.label, vrf: reading.router.vrf,
      localASN: "\(configuration.localASN ?? configuration.myASN)", peerASN: remote, state: reading.state.rawValue,
      prefixes: BGPStatus.Prefixes(desired: reading.desiredPrefixes, sent: reading.sentPrefixes),
      messages: BGPStatus.Messages(
        sent: sent.total, received: received.total, updatesSent: sent.updates, updatesReceived: received.updates),
      flaps: reading.endCount)
    self.seconds = reading.changedAt.map { (now - $0).statusSeconds }
    self.agreement = reading.agreement.map(BGPStatus.Agreement.init)
    self.lastError = reading.lastEnd.map { end in
      BGPStatus.Failure(
        text: end.description, side: end.side, secondsAgo: reading.lastEndedAt.map { (now - $0).statusSeconds })
    }
    if reading.state != .established {
      self.reason = reading.lastEnd?.description ?? "no attempt has come to an end yet"
      self.nextAttemptInSeconds = reading.nextAttemptAt.map { max(0, (now.duration(to: $0)).statusSeconds) }
    }
    self.bfd = bfd.map { BGPStatus.BFDSession($0, at: now) }
  }
}

extension BGPStatus.Agreement {
  fileprivate init(_ agreement: Agreement) {
    self.init(
      peerASN: "\(agreement.peerASN)", routerID: "\(agreement.peerIdentifier)",
      holdSeconds: agreement.holdTime?.statusSeconds, keepaliveSeconds: agreement.keepaliveInterval?.statusSeconds,
      families: agreement.families.sorted().map(\.description),
      hasGracefulRestart: agreement.gracefulRestart != nil)
  }
}

extension BGPStatus.BFDSession {
  fileprivate init(_ reading: BFD.Session.Reading, at now: ContinuousClock.Instant) {
    self.init(
      state: reading.state.description, seconds: reading.upSince.map { (now - $0).statusSeconds },
      transmitMilliseconds: reading.transmitInterval.map { $0.statusSeconds * 1000 },
      detectionMilliseconds: reading.detectionTime.map { $0.statusSeconds * 1000 }, isEchoing: reading.isEchoing,
      failures: reading.counters.sessionDown,
      diagnostic: reading.state == .up ? nil : "\(reading.diagnostic)")
  }
}

extension EndReason {
  /// Who ended it.
  fileprivate var side: String {
    switch self {
    case .received: "router"
    case .sent, .restarting: "speaker"
    case .lost: "network"
    }
  }
}
