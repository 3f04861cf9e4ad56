import BFD
import TestKit

/// The other end of a session in tests: speaks packets that are right in all that a test does not mention.
struct Neighbor {
  var state = SessionState.down
  var mine = Discriminator.sample(77)
  var detectMultiplier: UInt8 = 3
  var desiredMinTransmit = Duration.milliseconds(300)
  var requiredMinReceive = Duration.milliseconds(300)
  var requiredMinEchoReceive = Duration.zero
  var wantsDemand = false

  /// Where tests begin: a session of ours that has this number.
  static let session = Discriminator.sample(1)

  func packet(
    _ state: SessionState, poll: Bool = false, final: Bool = false, diagnostic: Diagnostic = .none,
    to yours: Discriminator? = Self.session
  ) -> ControlPacket {
    ControlPacket(
      diagnostic: diagnostic, state: state, isPoll: poll, isFinal: final, wantsDemand: self.wantsDemand,
      detectMultiplier: self.detectMultiplier, mine: self.mine, yours: yours,
      desiredMinTransmit: self.desiredMinTransmit, requiredMinReceive: self.requiredMinReceive,
      requiredMinEchoReceive: self.requiredMinEchoReceive)
  }
}

extension Session {
  /// A session in the state that a test means, as a neighbour brought it there; it was heard at `t0`, and its polls answered.
  static func inState(_ state: SessionState, _ settings: Settings = Settings(), with neighbor: Neighbor = Neighbor())
    -> Session
  {
    var session = Session(settings, discriminator: Neighbor.session, seed: 1, at: t0)
    switch state {
    case .adminDown:
      _ = session.handle(.disabled, at: t0)
    case .down:
      break
    case .initializing:
      _ = session.handle(.received(neighbor.packet(.down)), at: t0)
    case .up:
      _ = session.handle(.received(neighbor.packet(.initializing)), at: t0)
      _ = session.handle(.received(neighbor.packet(.up, final: true)), at: t0)
    }
    return session
  }

  /// What our packets say in a state, with the settings that tests begin with.
  func says(
    _ state: SessionState, poll: Bool = false, final: Bool = false, diagnostic: Diagnostic = .none,
    to yours: Discriminator? = Neighbor().mine, transmit: Duration? = nil, receive: Duration? = nil
  ) -> ControlPacket {
    let slow = max(Duration.seconds(1), self.settings.transmitInterval)
    var echo = Duration.zero
    if case .every(let interval) = self.settings.echo { echo = interval }
    return ControlPacket(
      diagnostic: diagnostic, state: state, isPoll: poll, isFinal: final,
      detectMultiplier: self.settings.detectMultiplier, mine: self.discriminator, yours: yours,
      desiredMinTransmit: transmit ?? (state == .up ? self.settings.transmitInterval : slow),
      requiredMinReceive: receive ?? self.settings.receiveInterval, requiredMinEchoReceive: echo)
  }

  /// Lets time pass, tick by tick, and returns what was done and when.
  mutating func run(from start: Duration, until end: Duration) -> [(at: Duration, action: Action)] {
    var done: [(at: Duration, action: Action)] = []
    var now = t0 + start
    while let deadline = self.nextDeadline, deadline <= t0 + end {
      now = max(now, deadline)
      for action in self.handle(.tick, at: now) { done.append((now - t0, action)) }
    }
    return done
  }
}
