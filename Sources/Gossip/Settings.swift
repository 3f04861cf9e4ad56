/// The pace and the patience of the gossip; the names are those of memberlist's configuration (contract section 12).
package struct Settings: Sendable, Hashable {
  /// How long a stream may take.
  package var streamTimeout: Duration
  /// How many members are asked to ping one that does not answer.
  package var indirectChecks: Int
  package var retransmitMultiplier: Int
  package var suspicionMultiplier: Int
  package var suspicionMaximumMultiplier: Int
  /// Between two exchanges of all that is known; zero = none.
  package var pushPullInterval: Duration
  /// Until others are asked to ping.
  package var probeTimeout: Duration
  package var probeInterval: Duration
  package var usesStreamPings: Bool
  /// How many times longer a node that doubts itself waits at most.
  package var awarenessLimit: Int
  package var gossipInterval: Duration
  package var gossipFanout: Int
  /// For how long a node that is dead is still told, so that it can refute it.
  package var gossipToTheDeadTime: Duration
  package var verifiesIncoming: Bool
  package var encryptsOutgoing: Bool
  /// What a datagram may measure.
  package var datagramSize: Int

  package init(
    streamTimeout: Duration, indirectChecks: Int, retransmitMultiplier: Int, suspicionMultiplier: Int,
    suspicionMaximumMultiplier: Int, pushPullInterval: Duration, probeTimeout: Duration, probeInterval: Duration,
    usesStreamPings: Bool, awarenessLimit: Int, gossipInterval: Duration, gossipFanout: Int,
    gossipToTheDeadTime: Duration, verifiesIncoming: Bool, encryptsOutgoing: Bool, datagramSize: Int
  ) {
    self.streamTimeout = streamTimeout
    self.indirectChecks = indirectChecks
    self.retransmitMultiplier = retransmitMultiplier
    self.suspicionMultiplier = suspicionMultiplier
    self.suspicionMaximumMultiplier = suspicionMaximumMultiplier
    self.pushPullInterval = pushPullInterval
    self.probeTimeout = probeTimeout
    self.probeInterval = probeInterval
    self.usesStreamPings = usesStreamPings
    self.awarenessLimit = awarenessLimit
    self.gossipInterval = gossipInterval
    self.gossipFanout = gossipFanout
    self.gossipToTheDeadTime = gossipToTheDeadTime
    self.verifiesIncoming = verifiesIncoming
    self.encryptsOutgoing = encryptsOutgoing
    self.datagramSize = datagramSize
  }

  package static let lan = Settings(
    streamTimeout: .seconds(10), indirectChecks: 3, retransmitMultiplier: 4, suspicionMultiplier: 4,
    suspicionMaximumMultiplier: 6, pushPullInterval: .seconds(30), probeTimeout: .milliseconds(500),
    probeInterval: .seconds(1), usesStreamPings: true, awarenessLimit: 8, gossipInterval: .milliseconds(200),
    gossipFanout: 3, gossipToTheDeadTime: .seconds(30), verifiesIncoming: true, encryptsOutgoing: true,
    datagramSize: 1400)

  package static let wan: Settings = {
    var settings = Settings.lan
    settings.streamTimeout = .seconds(30)
    settings.suspicionMultiplier = 6
    settings.pushPullInterval = .seconds(60)
    settings.probeTimeout = .seconds(3)
    settings.probeInterval = .seconds(5)
    settings.gossipFanout = 4
    settings.gossipInterval = .milliseconds(500)
    settings.gossipToTheDeadTime = .seconds(60)
    return settings
  }()

  // MARK: - What follows from the number of nodes

  /// How often one piece of news is sent: the multiplier times the number of decimal digits of the count.
  func retransmitLimit(nodes: Int) -> Int {
    var (digits, power) = (0, 1)
    while power < nodes + 1 {
      power *= 10
      digits += 1
    }
    return self.retransmitMultiplier * digits
  }

  /// For how long a node stays suspect at least.
  func suspicionTimeout(nodes: Int) -> Duration {
    let scale = max(1, Logarithm.natural(max(1, Double(nodes))) / Logarithm.natural(10))
    return self.probeInterval * (self.suspicionMultiplier * Int(scale * 1000)) / 1000
  }

  /// Large clusters exchange everything less often: once more of the interval for each doubling beyond 32 nodes.
  func exchangeInterval(nodes: Int) -> Duration {
    var (multiplier, size) = (1, 32)
    while size < nodes {
      size *= 2
      multiplier += 1
    }
    return self.pushPullInterval * multiplier
  }
}
