import Primitives

/// Who is there, as one node of a group that gossips knows it: HashiCorp memberlist v0.5.1, protocol version 2.
///
/// The module in short. `Wire/` is what travels: ``Message`` in a ``Packet`` over UDP, ``StreamMessage`` over TCP, both
/// through ``WireCodec``. `Membership/` is what a node makes of it, in one machine of several parts:
///
/// - claims (`Membership+Claims.swift`): what others say of a node, and whether it holds against what is known;
/// - probes (`Membership+Probes.swift`): one node a second is pinged, through others and over TCP if it does not answer;
/// - exchanges (`Membership+Exchanges.swift`): joining, and comparing everything with a node now and then;
/// - watches (`Membership+Watches.swift`): nodes on which more depends are pinged ten times a second. That is ours alone;
/// - reunions (`Membership+Reunion.swift`): who is missing is called until it answers. That is ours, too.
///
///               alive ◀──refuted── suspect ──timeout──▶ dead ──alive of a higher incarnation──▶ alive
///                 └───────no answer──▶┘
///               alive, suspect ──dead that the node said itself──▶ left
///
/// References: SWIM (Das, Gupta, Motivala 2002), Lifeguard (Dadgar, Phillips, Currey 2017), contract section 12.
/// Left out: labels, key rotation, and of the application layer all but user messages to one node.
package struct Membership: StateMachine, Equatable {
  /// The number of an exchange over a stream that this node has begun.
  package typealias ExchangeID = UInt64
  /// The number of a stream that another node has begun.
  package typealias StreamID = UInt64

  package enum Event: Timed, Equatable {
    case tick
    case received([Message], from: MemberAddress)
    /// Another node has said something over a stream, and may expect an answer.
    case requested(StreamMessage, on: StreamID)
    case answered(ExchangeID, StreamMessage)
    case unanswered(ExchangeID, reason: String)
    /// Nodes at these places belong to the group, as far as one knows.
    case join([MemberAddress])
    /// These nodes are the ones to watch closely from now on.
    case watch(Set<String>)
    /// Say this to a node, in one datagram at most.
    case tell(String, [UInt8])
    /// This node's own metadata are now these.
    case describe([UInt8])
    /// Tell the others that this node goes.
    case leave
  }

  package enum Action: Sendable, Equatable {
    case send(Packet, to: MemberAddress)
    /// Open a stream, say this, and report the one message that comes back.
    case exchange(ExchangeID, StreamMessage, with: MemberAddress, within: Duration)
    /// Say this on a stream that another node has opened, if anything, and close it.
    case answer(StreamID, StreamMessage?)
    case report(Change)
    /// A node has said this: a user message.
    case deliver([UInt8])
    /// Joining has got somewhere or failed everywhere: who is there is known as well as can be. Once.
    case settled
    /// The others have been told that this node goes, or there was no time for that. Once.
    case departed
  }

  /// What has changed, for the log and for whoever needs ``members``.
  package enum Change: Sendable, Hashable {
    case joined(String)
    case updated(String)
    case suspected(String, by: String)
    case refuted(String)
    case failed(String)
    case left(String)
    /// A watched node no longer answers; until it does, or the group says that it lives, it counts as gone.
    case lost(String)
    case recovered(String)
    /// Somebody said that this node does not answer, and was contradicted.
    case accused(by: String)
    /// A node answers over streams and not to datagrams: a firewall is between, more likely than not. Once, until it does.
    case mute(String)
    /// Two nodes have the same name.
    case conflict(String, at: MemberAddress)
    case unreachable(MemberAddress, reason: String)
    /// Another node's protocol does not go with ours.
    case incompatible(String)
  }

  package enum Phase: Sendable, Hashable {
    case running
    case leaving(until: ContinuousClock.Instant)
    case left
  }

  package let settings: Settings
  package let watchSettings: WatchSettings
  package let name: String
  let isEncrypted: Bool
  var phase = Phase.running
  var roster = Roster()
  var broadcasts = BroadcastQueue()
  var awareness: Awareness
  var suspicions: [String: Suspicion] = [:]
  /// The earliest deadline of the suspicions, or an earlier instant.
  var suspicionsAt: ContinuousClock.Instant?
  var probe: Probe?
  /// The nodes whose last probe was answered over a stream alone.
  var mutes: Set<String> = []
  var relays: [UInt32: Relay] = [:]
  var exchanges: [ExchangeID: ExchangePurpose] = [:]
  var joining = JoinQueue()
  var reunion = Reunion()
  var watches: [String: Watch] = [:]
  var watchPings: [UInt32: WatchPing] = [:]
  var dice: SplitMix64
  var probeAt: ContinuousClock.Instant
  private var gossipAt: ContinuousClock.Instant
  var pushPullAt: ContinuousClock.Instant
  private var lastSequence: UInt32 = 0
  private var lastExchange: ExchangeID = 0

  /// How long leaving may take.
  private static let leaveTimeout = Duration.seconds(1)

  package init(
    name: String, endpoint: MemberAddress, meta: [UInt8] = [], versions: ProtocolVersions = .ours,
    settings: Settings = .lan, watchSettings: WatchSettings = WatchSettings(), isEncrypted: Bool = false, seed: UInt64,
    at now: ContinuousClock.Instant
  ) {
    self.name = name
    self.settings = settings
    self.watchSettings = watchSettings
    self.isEncrypted = isEncrypted
    self.awareness = Awareness(limit: settings.awarenessLimit)
    self.dice = SplitMix64(seed: seed)
    // Nodes that start together shall not act together.
    self.probeAt = now + self.dice.shortened(settings.probeInterval, by: 1)
    self.gossipAt = now + self.dice.shortened(settings.gossipInterval, by: 1)
    self.pushPullAt = now + self.dice.shortened(settings.pushPullInterval, by: 1)
    let own = Member(
      name: name, endpoint: endpoint, meta: meta, versions: versions, incarnation: 1, liveness: .alive, changedAt: now)
    self.roster.insert(own, using: &self.dice)
    self.broadcasts.insert(Message.alive(own.claim).encoded, about: name)
  }

  // MARK: - What is known

  /// This node, as it describes itself.
  package var own: Member {
    guard let own = self.roster[self.name] else { preconditionFailure("a node forgot itself") }
    return own
  }

  /// Every node that is known, gone ones among them.
  package var known: [Member] { self.roster.members }

  /// How many nodes are known that are not gone, this one among them.
  package var livingCount: Int { self.roster.livingCount }

  package func member(_ name: String) -> Member? { self.roster[name] }

  /// The nodes that may own addresses, this one among them: neither gone, nor lost to a watch, nor passive.
  package var candidates: Set<String> {
    Set(self.roster.members.lazy.filter { self.isCandidate($0) }.map(\.name))
  }

  /// The same nodes, with what they tell of themselves.
  package var candidateMeta: [String: NodeMeta] {
    var metas: [String: NodeMeta] = [:]
    for member in self.roster.members where self.isCandidate(member) { metas[member.name] = NodeMeta(member.meta) }
    return metas
  }

  func isCandidate(_ member: Member) -> Bool {
    if member.name == self.name { return true }
    return !member.liveness.isGone && !member.isPassive && self.watches[member.name]?.isLost != true
  }

  /// How much this node doubts itself; 0 = all is well.
  package var healthScore: Int { self.awareness.score }

  package var nextDeadline: ContinuousClock.Instant? {
    guard self.phase != .left else { return nil }
    var deadlines: [ContinuousClock.Instant] = []
    if let probe { deadlines.append(probe.deadline(self.settings)) }
    if !self.broadcasts.isEmpty { deadlines.append(self.gossipAt) }
    if let suspicionsAt { deadlines.append(suspicionsAt) }
    if let settleBy = self.joining.settleBy { deadlines.append(settleBy) }
    switch self.phase {
    case .running:
      if self.probe == nil { deadlines.append(self.probeAt) }
      if self.settings.pushPullInterval > .zero { deadlines.append(self.pushPullAt) }
      if let callAt = self.reunion.callAt { deadlines.append(callAt) }
    case .leaving(let until):
      deadlines.append(until)
    case .left:
      break
    }
    deadlines += self.relays.values.map(\.deadline)
    deadlines += self.watches.values.map(\.pingAt)
    return deadlines.min()
  }

  // MARK: - Events

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    guard self.phase != .left else { return [] }
    var actions: [Action] = []
    switch event {
    case .tick: break
    case .received(let messages, let source):
      for message in messages { actions += self.receive(message, from: source, at: now) }
    case .requested(let message, let stream):
      actions += self.receive(message, on: stream, at: now)
    case .answered(let exchange, let message):
      actions += self.finish(exchange, with: message, at: now)
    case .unanswered(let exchange, let reason):
      actions += self.finish(exchange, failingWith: reason, at: now)
    case .join(let endpoints):
      actions += self.join(endpoints, at: now)
    case .watch(let names):
      self.watch(names, at: now)
    case .tell(let name, let content):
      actions += self.tell(name, content)
    case .describe(let meta):
      self.describe(meta)
    case .leave:
      self.leave(at: now)
    }
    return actions + self.advance(to: now)
  }

  private mutating func receive(
    _ message: Message, from source: MemberAddress, at now: ContinuousClock.Instant
  ) -> [Action] {
    switch message {
    case .ping(let ping): self.answer(ping, from: source)
    case .indirectPing(let request): self.relay(request, from: source, at: now)
    case .ack(let ack): self.take(ack, at: now)
    case .nack(let sequence): self.takeNack(sequence)
    case .alive(let claim): self.take(claim, at: now)
    case .suspect(let claim): self.takeSuspicion(claim, at: now)
    case .dead(let claim): self.takeDeath(claim, at: now)
    case .user(let content): [.deliver(content)]
    }
  }

  /// Does what is due.
  private mutating func advance(to now: ContinuousClock.Instant) -> [Action] {
    var actions = self.expireRelays(at: now)
    actions += self.advanceProbe(to: now)
    actions += self.advanceWatches(to: now)
    actions += self.expireSuspicions(at: now)
    actions += self.callMissing(at: now)
    actions += self.startPushPull(at: now)
    actions += self.settleIfDue(at: now)
    actions += self.gossip(at: now)
    if case .leaving(let until) = self.phase, until <= now || !self.broadcasts.contains(self.name) {
      self.phase = .left
      actions.append(.departed)
    }
    return actions
  }

  // MARK: - Sending

  mutating func nextSequence() -> UInt32 {
    self.lastSequence &+= 1
    return self.lastSequence
  }

  mutating func nextExchange() -> ExchangeID {
    self.lastExchange += 1
    return self.lastExchange
  }

  /// A datagram with a message, and as much news as fits beside it.
  mutating func send(_ message: Message, to endpoint: MemberAddress, of node: String) -> Action {
    let encoded = message.encoded
    let news = self.takeNews(room: self.room - encoded.count)
    return .send(Packet([encoded] + news, isChecksummed: self.knowsChecksums(node)), to: endpoint)
  }

  /// Whoever is gone may hear it all the same.
  private func tell(_ name: String, _ content: [UInt8]) -> [Action] {
    let message = Message.user(content).encoded
    guard let member = self.roster[name], name != self.name, message.count + Packet.overheadPerMessage <= self.room
    else { return [] }
    return [.send(Packet([message], isChecksummed: member.versions.knowsChecksums), to: member.endpoint)]
  }

  func knowsChecksums(_ node: String) -> Bool { self.roster[node]?.versions.knowsChecksums ?? false }

  /// What messages may measure together in one datagram.
  private var room: Int {
    self.settings.datagramSize - Packet.compoundOverhead - (self.isEncrypted ? Cipher.overhead : 0)
  }

  private mutating func takeNews(room: Int) -> [[UInt8]] {
    self.broadcasts.take(
      room: room, overhead: Packet.overheadPerMessage,
      limit: self.settings.retransmitLimit(nodes: self.roster.count))
  }

  /// Has a message ride on what is sent to anybody from now on, in place of older news about the node. What no datagram
  /// can hold is left to exchanges.
  mutating func broadcast(_ message: Message, about node: String) {
    let encoded = message.encoded
    guard encoded.count + Packet.overheadPerMessage <= self.room else { return }
    self.broadcasts.insert(encoded, about: node)
  }

  /// Sends news to some nodes, chosen anew each time. A node that is dead is among them for a while, to refute it.
  private mutating func gossip(at now: ContinuousClock.Instant) -> [Action] {
    guard !self.broadcasts.isEmpty, self.gossipAt <= now else { return [] }
    self.gossipAt = now + self.settings.gossipInterval
    guard self.roster.count > 1 else {
      self.broadcasts.removeAll()
      return []
    }
    let horizon = now - self.settings.gossipToTheDeadTime
    let name = self.name
    let listeners = self.roster.pick(self.settings.gossipFanout, using: &self.dice) { member in
      switch member.liveness {
      case _ where member.name == name: false
      case .alive, .suspect: true
      case .dead: member.changedAt >= horizon
      case .left: false
      }
    }
    var actions: [Action] = []
    for listener in listeners {
      let news = self.takeNews(room: self.room)
      guard !news.isEmpty else { break }
      actions.append(
        .send(Packet(news, isChecksummed: listener.versions.knowsChecksums), to: listener.endpoint))
    }
    return actions
  }

  // MARK: - This node itself

  private mutating func describe(_ meta: [UInt8]) {
    guard meta != self.own.meta else { return }
    self.roster.update(self.name) { own in
      own.describe(endpoint: own.endpoint, meta: meta, versions: own.versions)
      own.outbid(own.incarnation)
    }
    self.broadcast(.alive(self.own.claim), about: self.name)
  }

  private mutating func leave(at now: ContinuousClock.Instant) {
    guard self.phase == .running else { return }
    self.phase = .leaving(until: now + Self.leaveTimeout)
    self.roster.update(self.name) { own in
      own.liveness = .left
      own.changedAt = now
    }
    self.watches = [:]
    self.reunion = Reunion()
    // It counts as gone itself by now.
    if self.roster.livingCount == 0 {
      self.broadcasts.removeAll()
    } else {
      let own = self.own
      self.broadcast(
        .dead(Accusation(incarnation: own.incarnation, node: own.name, from: own.name)), about: own.name)
      self.gossipAt = now
    }
  }
}
