/// How a session is to run: the fields of a BFDProfile (contract section 3.5), with FRR's defaults.
package struct Settings: Sendable, Hashable {
  /// The shortest time between packets that we want to receive.
  package var receiveInterval: Duration
  /// The shortest time between packets that we want to send.
  package var transmitInterval: Duration
  /// How many of our packets may be missed before the other end gives up.
  package var detectMultiplier: UInt8
  package var echo: Echo
  /// Whether Echo packets of the other end are asked for; SessionTable.swift says of which paths they are not.
  var invitesEcho = true
  /// Whether we say nothing before the other end has.
  package var isPassive: Bool
  /// The TTL that packets must have left on a path with routers in between (RFC 5883 section 5): who pretends to be the other
  /// end from farther away is not heard. Without routers in between it is 255 always (RFC 5881 section 5).
  package var minimumTTL: UInt8

  /// Whether Echo packets are sent and looped back, and the shortest time between two of them in either direction.
  package enum Echo: Sendable, Hashable {
    case off
    case every(Duration)
  }

  package init(
    receiveInterval: Duration = .milliseconds(300), transmitInterval: Duration = .milliseconds(300),
    detectMultiplier: UInt8 = 3, echo: Echo = .off, isPassive: Bool = false,
    minimumTTL: UInt8 = Self.defaultMinimumTTL
  ) {
    precondition(detectMultiplier > 0, "a detect multiplier of 0 would declare every session down")
    self.receiveInterval = receiveInterval
    self.transmitInterval = transmitInterval
    self.detectMultiplier = detectMultiplier
    self.echo = echo
    self.isPassive = isPassive
    self.minimumTTL = minimumTTL
  }

  /// FRR's `minimum-ttl` when a profile does not say.
  package static let defaultMinimumTTL: UInt8 = 254
  /// FRR's `echo-interval` when a profile does not say.
  package static let defaultEchoInterval = Duration.milliseconds(50)

  /// The interval at which packets are sent at most while the session is not up (RFC 5880 section 6.8.3), and at which they
  /// are received while Echo packets do the detecting (section 6.8.9).
  package static let slowInterval = Duration.seconds(1)

  /// The intervals that routers with BFD in hardware are sure to support (RFC 7419 section 3), in milliseconds.
  private static let commonMilliseconds: [Double] = [3.3, 10, 20, 50, 100, 1000, 10000]

  /// The configured intervals that the other end may have to round up.
  package var uncommonIntervals: [Duration] {
    var intervals = [self.receiveInterval, self.transmitInterval]
    if case .every(let interval) = self.echo { intervals.append(interval) }
    return Set(intervals).filter { !Self.commonMilliseconds.contains($0 / .milliseconds(1)) }.sorted()
  }
}
