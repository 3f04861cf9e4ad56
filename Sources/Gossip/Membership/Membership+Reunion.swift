import Primitives

/// The calls to places where nodes of the group should be and no living member is.
struct Reunion: Sendable, Equatable {
  /// Between two calls of the whole group to those that it misses.
  static let pace = Duration.milliseconds(250)
  /// How many calls are remembered; who takes longer to answer is called again.
  private static let memory = 8

  /// Where nodes of the group are, as was said last.
  var places: [MemberAddress] = []
  /// When to call next; nil = nobody is missing, as far as was looked.
  var callAt: ContinuousClock.Instant?
  private var calls: [Call] = []
  /// How many exchanges in a row brought nobody back, though somebody had answered.
  private(set) var futile = 0

  private struct Call: Sendable, Equatable {
    let sequence: UInt32
    let place: MemberAddress
  }

  mutating func remember(_ sequence: UInt32, to place: MemberAddress) {
    self.calls.append(Call(sequence: sequence, place: place))
    if self.calls.count > Self.memory { self.calls.removeFirst() }
  }

  /// How many times longer the pauses are: who is there and still does not become a member shall not be asked all the time.
  var patience: Int { 1 << self.futile }

  mutating func conclude(hasSucceeded: Bool) {
    self.futile = hasSucceeded ? 0 : min(8, self.futile + 1)
  }

  /// The place that answers with this number.
  mutating func answer(_ sequence: UInt32) -> MemberAddress? {
    guard let index = self.calls.firstIndex(where: { $0.sequence == sequence }) else { return nil }
    return self.calls.remove(at: index).place
  }
}

/// Finds those again that the group has lost, within a fraction of a second of their being reachable; an addition of ours.
///
///     missing ──ping, beside what it is accused of──▶ … ──ack──▶ push/pull ──▶ member
///
/// memberlist itself never looks for the dead, and its users try to join whoever they miss once a minute. Here one place
/// at a time is pinged, at random: the pace of all living members together is four to eight calls a second, whatever
/// their number, and that of a node that is all alone four. Every member answers a ping, upstream's too, also of one that
/// it holds for dead.
extension Membership {
  /// Somebody may be missing now.
  mutating func lookForMissing(at now: ContinuousClock.Instant) {
    guard self.reunion.callAt == nil else { return }
    self.reunion.callAt = now + self.dice.shortened(self.callInterval, by: 1)
  }

  /// Each of the living takes its turn.
  private var callInterval: Duration {
    Reunion.pace * max(1, self.roster.livingCount / 2) * self.reunion.patience
  }

  mutating func callMissing(at now: ContinuousClock.Instant) -> [Action] {
    guard let callAt = self.reunion.callAt, callAt <= now, self.phase == .running else { return [] }
    let missing = self.missing
    guard !missing.isEmpty else {
      self.reunion.callAt = nil
      return []
    }
    self.reunion.callAt = now + self.callInterval
    let place = missing[Int.random(in: missing.indices, using: &self.dice)]
    let sequence = self.nextSequence()
    self.reunion.remember(sequence, to: place)
    // Whoever listens there is meant: a node that was forgotten has no name.
    let ping = Message.ping(Ping(sequence: sequence, node: "", source: self.source))
    guard let dead = self.roster.members.first(where: { $0.endpoint == place && $0.liveness == .dead }) else {
      return [.send(Packet([ping], isChecksummed: false), to: place)]
    }
    // What it is accused of comes first, so that the answer can hold the contradiction.
    let accusation = Accusation(incarnation: dead.incarnation, node: dead.name, from: self.name)
    return [.send(Packet([.dead(accusation), ping], isChecksummed: dead.versions.knowsChecksums), to: place)]
  }

  /// The places at which somebody should be and no living member is.
  private var missing: [MemberAddress] {
    var found = Set(self.roster.members.lazy.filter { !$0.liveness.isGone }.map(\.endpoint))
    let dead = self.roster.members.lazy.filter { $0.liveness == .dead }.map(\.endpoint)
    return (self.reunion.places + dead).filter { found.insert($0).inserted }
  }

  /// Somebody who was missed is there. Its part of the group and ours hold each other for dead, or do not know each other.
  mutating func takeCallAck(_ sequence: UInt32) -> [Action] {
    guard let place = self.reunion.answer(sequence), !self.joining.asked.contains(place),
      !self.exchanges.values.contains(.reunion(place))
    else { return [] }
    return [self.exchange(.reunion(place), self.everything(isJoin: false), with: place)]
  }

  /// What was exchanged with somebody who was missed has been taken in, or nothing came.
  mutating func concludeReunion(with place: MemberAddress, at now: ContinuousClock.Instant) {
    let isMember = self.roster.members.contains { $0.endpoint == place && !$0.liveness.isGone }
    self.reunion.conclude(hasSucceeded: isMember)
    if !isMember, self.reunion.callAt != nil { self.reunion.callAt = now + self.callInterval }
  }
}
