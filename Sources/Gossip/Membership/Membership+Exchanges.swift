import Primitives

/// What an exchange over a stream is for.
enum ExchangePurpose: Sendable, Hashable {
  /// To get to know everybody.
  case join(MemberAddress)
  /// To compare everything with a node that is known.
  case compare
  /// To become one with somebody who was missed.
  case reunion(MemberAddress)
  /// To ping where datagrams did not get through.
  case ping(UInt32)
  /// The same of a node that is watched closely, which nobody else can be asked about.
  case watch(String, UInt32)
}

/// The places at which nodes of the group are said to be, and which of them are being asked.
///
/// Whoever answers tells of all others, so a few are asked at a time and the rest only if they are still not known then:
/// a node that comes costs a large cluster a few exchanges, not one with each.
struct JoinQueue: Sendable, Equatable {
  /// How many are asked at a time.
  static let width = 3
  /// How long nobody need have answered before one goes on without.
  static let patience = Duration.seconds(3)

  private(set) var waiting: [MemberAddress] = []
  private(set) var asked: Set<MemberAddress> = []
  /// When to go on without an answer; nil before the first attempt, and after it has settled.
  private(set) var settleBy: ContinuousClock.Instant?
  private var hasBegun = false
  private var hasSettled = false

  mutating func begin(_ endpoints: [MemberAddress], at now: ContinuousClock.Instant) {
    self.waiting = endpoints.filter { !self.asked.contains($0) }
    if !self.hasBegun {
      self.hasBegun = true
      self.settleBy = now + Self.patience
    }
  }

  /// Takes the next ones to ask, except for those that need not be asked any more.
  mutating func next(except known: Set<MemberAddress>) -> [MemberAddress] {
    var next: [MemberAddress] = []
    while self.asked.count < Self.width, let endpoint = self.waiting.popLast() {
      guard !known.contains(endpoint), self.asked.insert(endpoint).inserted else { continue }
      next.append(endpoint)
    }
    return next
  }

  mutating func end(_ endpoint: MemberAddress) {
    self.asked.remove(endpoint)
  }

  var isIdle: Bool { self.waiting.isEmpty && self.asked.isEmpty }

  /// True once: now it is settled.
  mutating func settle() -> Bool {
    guard self.hasBegun, !self.hasSettled else { return false }
    self.hasSettled = true
    self.settleBy = nil
    return true
  }
}

/// Exchanges of everything over streams: with nodes that may not know us yet, and with a random one now and then.
extension Membership {
  // MARK: - Joining

  mutating func join(_ endpoints: [MemberAddress], at now: ContinuousClock.Instant) -> [Action] {
    guard self.phase == .running else { return [] }
    self.joining.begin(endpoints.shuffled(using: &self.dice), at: now)
    self.reunion.places = endpoints.filter { $0 != self.own.endpoint }
    self.lookForMissing(at: now)
    return self.askNext()
  }

  private mutating func askNext() -> [Action] {
    guard !self.joining.waiting.isEmpty || self.joining.isIdle else { return [] }
    let known = Set(self.roster.members.lazy.filter { !$0.liveness.isGone }.map(\.endpoint))
    var actions = self.joining.next(except: known).map { endpoint in
      self.exchange(.join(endpoint), self.everything(isJoin: true), with: endpoint)
    }
    if self.joining.isIdle, self.joining.settle() { actions.append(.settled) }
    return actions
  }

  mutating func settleIfDue(at now: ContinuousClock.Instant) -> [Action] {
    guard let settleBy = self.joining.settleBy, settleBy <= now, self.joining.settle() else { return [] }
    return [.settled]
  }

  // MARK: - Comparing

  mutating func startPushPull(at now: ContinuousClock.Instant) -> [Action] {
    guard self.settings.pushPullInterval > .zero, self.pushPullAt <= now, self.phase == .running else { return [] }
    self.pushPullAt = now + self.settings.exchangeInterval(nodes: self.roster.count)
    let name = self.name
    let partners = self.roster.pick(1, using: &self.dice) { $0.liveness == .alive && $0.name != name }
    return partners.map { self.exchange(.compare, self.everything(isJoin: false), with: $0.endpoint) }
  }

  mutating func exchange(
    _ purpose: ExchangePurpose, _ message: StreamMessage, with endpoint: MemberAddress
  ) -> Action {
    let exchange = self.nextExchange()
    self.exchanges[exchange] = purpose
    return .exchange(exchange, message, with: endpoint, within: self.settings.streamTimeout)
  }

  func everything(isJoin: Bool) -> StreamMessage {
    .pushPull(PushPull(isJoin: isJoin, states: self.roster.members.map(\.state)))
  }

  // MARK: - Answers

  mutating func finish(
    _ exchange: ExchangeID, with message: StreamMessage, at now: ContinuousClock.Instant
  ) -> [Action] {
    guard let purpose = self.exchanges.removeValue(forKey: exchange) else { return [] }
    switch (purpose, message) {
    case (.ping(let sequence), .ack(let ack)):
      if ack.sequence == sequence { self.takeStreamAck(sequence) }
      return []
    case (.watch(let name, let sequence), .ack(let ack)):
      if ack.sequence == sequence { self.watches[name]?.answeredOnStream(at: now) }
      return []
    case (.ping, _), (.watch, _):
      return []
    case (.join(let endpoint), .pushPull(let content)):
      var actions = self.merge(content.states, at: now)
      self.joining.end(endpoint)
      if self.joining.settle() { actions.append(.settled) }
      return actions + self.askNext()
    case (.compare, .pushPull(let content)):
      return self.merge(content.states, at: now)
    case (.reunion(let place), .pushPull(let content)):
      defer { self.concludeReunion(with: place, at: now) }
      return self.merge(content.states, at: now)
    case (.join(let endpoint), .error(let text)):
      self.joining.end(endpoint)
      return [.report(.unreachable(endpoint, reason: "remote error: \(text)"))] + self.askNext()
    case (.join(let endpoint), .ping), (.join(let endpoint), .ack), (.join(let endpoint), .user):
      self.joining.end(endpoint)
      return [.report(.unreachable(endpoint, reason: "it answers something else"))] + self.askNext()
    case (.reunion(let place), .error), (.reunion(let place), .ping), (.reunion(let place), .ack),
      (.reunion(let place), .user):
      self.concludeReunion(with: place, at: now)
      return []
    case (.compare, .error), (.compare, .ping), (.compare, .ack), (.compare, .user):
      return []
    }
  }

  mutating func finish(
    _ exchange: ExchangeID, failingWith reason: String, at now: ContinuousClock.Instant
  ) -> [Action] {
    switch self.exchanges.removeValue(forKey: exchange) {
    case .join(let endpoint):
      self.joining.end(endpoint)
      return [.report(.unreachable(endpoint, reason: reason))] + self.askNext()
    case .reunion(let place):
      self.concludeReunion(with: place, at: now)
      return []
    case .compare, .ping, .watch, nil:
      return []
    }
  }

  /// Answers what another node says over a stream: everything for everything, an ack for a ping.
  mutating func receive(
    _ message: StreamMessage, on stream: StreamID, at now: ContinuousClock.Instant
  ) -> [Action] {
    switch message {
    case .pushPull(let content):
      let answer = Action.answer(stream, self.everything(isJoin: content.isJoin))
      var actions = [answer] + self.merge(content.states, at: now)
      // Somebody found us before we found anybody.
      if self.joining.settle() { actions.append(.settled) }
      return actions
    case .ping(let ping):
      guard ping.node.isEmpty || ping.node == self.name else { return [.answer(stream, nil)] }
      return [.answer(stream, .ack(Ack(sequence: ping.sequence)))]
    case .ack, .user, .error:
      return [.answer(stream, nil)]
    }
  }
}
