import Balancer
import Gossip
import KubernetesClient
import Logging
import Primitives
import Runner
import Synchronization

/// The gossip of the speakers: lends ``Membership`` its sockets, tells it whom to join, and hands on who is there.
///
///     SpeakerDirectory (pods) ──join──┐
///     GossipNetwork (UDP, TCP) ───────┼──▶ Inbox ──▶ RunLoop(Membership) ──┬─ send, exchange, answer ──▶ GossipNetwork
///     watch, describe, leave ─────────┘        (a thread of its own)        └─ candidates ──▶ SpeakerState
///
/// The run loop and the sockets share one thread and nothing else runs on it, so that whatever the process is busy with,
/// pings are answered in time.
final class GossipService: Sendable {
  private let options: GossipOptions
  private let node: String
  private let settings: Settings
  private let codec: WireCodec
  let isEncrypted: Bool
  private let directory: SpeakerDirectory
  private let logger: Logger
  private let inbox = Inbox<Membership.Event>(capacity: 4096)
  private let candidates = LatestValue<[String: NodeMeta]>()
  private let departure = Inbox<Void>(capacity: 1)
  private let watched = LatestValue<Set<String>>()
  private let description: Mutex<NodeMeta>
  private let descriptions = LatestValue<NodeMeta>()
  private let window: Window<Membership>
  private let ownNode = Mutex<NodeView?>(nil)
  private let absences = Mutex<[String: ContinuousClock.Instant]>([:])

  /// Throws what is wrong with the files that set it up.
  init(options: GossipOptions, node: String, namespace: String, client: KubernetesClient, logger: Logger) throws {
    self.options = options
    self.node = node
    self.logger = logger
    self.settings = try GossipFiles.settings(options.settingsFile) ?? (options.isWide ? .wan : .lan)
    let key = try options.secretDirectory.flatMap { try GossipFiles.key(in: $0) }
    if key == nil { logger.warning("speakers gossip without encryption: no secret key is given") }
    self.codec = WireCodec(
      key: key, verifiesIncoming: self.settings.verifiesIncoming, encryptsOutgoing: self.settings.encryptsOutgoing)
    self.isEncrypted = key != nil
    self.directory = SpeakerDirectory(
      client: client, namespace: namespace, podLabels: options.podLabels, port: options.port, logger: logger)
    self.description = Mutex(
      NodeMeta(isWatchable: options.detectionTime != nil, isPassive: true, electsByFacts: true))
    let inbox = self.inbox
    self.window = Window { _ = inbox.trySend(.tick) }
  }

  // MARK: - Commands

  /// Joins whoever is no member now, if this node is not what it was.
  func ownNodeSeen(_ node: NodeView) {
    let isNews = self.ownNode.withLock { own in
      defer { own = node }
      return own != nil && own != node
    }
    if isNews { self.directory.knock() }
  }

  /// Whether there is anybody else who may own addresses.
  var hasCompany: Bool {
    get async { await self.window.look { $0.candidates.count > 1 } ?? false }
  }

  /// The group as this node knows it, and the nodes that it watches; nil once the gossip has ended.
  func look<Value: Sendable>(_ view: @escaping @Sendable (Membership) -> Value) async -> Value? {
    await self.window.look(view)
  }

  /// Since when each of these nodes shows no sign of life, or was gone; those that never were are left out.
  func absences(of nodes: Set<String>) -> [String: ContinuousClock.Instant] {
    self.absences.withLock { absences in absences.filter { nodes.contains($0.key) } }
  }

  /// Watches these nodes closely, and no others.
  func watch(_ nodes: Set<String>) {
    guard self.options.detectionTime != nil else { return }
    self.watched.put(nodes)
  }

  /// Tells the others whether this node leaves addresses to them: until it has come far enough to own some, and when it
  /// is about to go.
  func describe(isPassive: Bool) {
    self.describe { $0.isPassive = isPassive }
  }

  /// Tells the others on which interfaces this node can announce addresses of a family.
  func describe(interfaces: [IPFamily: Set<String>]) {
    self.describe { $0.interfaces = interfaces }
  }

  private func describe(_ change: (inout NodeMeta) -> Void) {
    self.description.withLock { meta in
      change(&meta)
      self.descriptions.put(meta)
    }
  }

  /// Tells the others that this node goes; returns when they know, or there was no time.
  func leave() async {
    await self.inbox.send(.leave)
    _ = await self.departure.next(before: Time.now + .seconds(2), on: ContinuousClock())
  }

  // MARK: - Running

  /// Runs until the task is cancelled. `report` gets the nodes that may own addresses, this one among them, from the time
  /// at which joining has settled. Throws if there is no socket to be had.
  func run(_ report: @escaping @Sendable (LiveMembers) async -> Void) async throws {
    let wanted = MemberAddress(self.options.address, self.options.port)
    let network = try await GossipNetwork.open(
      wanted, codec: self.codec, streamTimeout: self.settings.streamTimeout, inbox: self.inbox, logger: self.logger)
    self.logger.info(
      "speakers gossip", metadata: ["address": "\(network.endpoint)", "encrypted": "\(self.isEncrypted)"])
    await withTaskGroup(of: Void.self) { group in
      group.addTask(executorPreference: EventLoopExecutor(network.loop)) { await self.gossip(over: network) }
      group.addTask { await self.directory.run { await self.inbox.send(.join($0)) } }
      group.addTask {
        while let candidates = await self.candidates.next() { await report(LiveMembers(candidates)) }
      }
      group.addTask {
        while let nodes = await self.watched.next() { await self.inbox.send(.watch(nodes)) }
      }
      group.addTask {
        while let meta = await self.descriptions.next() { await self.inbox.send(.describe(meta.bytes)) }
      }
      await group.waitForAll()
    }
    await network.close()
  }

  private func gossip(over network: GossipNetwork) async {
    var dice = SystemRandomNumberGenerator()
    let membership = Membership(
      name: self.node, endpoint: network.endpoint, meta: self.description.withLock(\.bytes), settings: self.settings,
      watchSettings: self.options.detectionTime.map(WatchSettings.init(detectionTime:)) ?? WatchSettings(),
      isEncrypted: self.isEncrypted, seed: dice.next(),
      at: Time.now)
    var hasSettled = false
    await RunLoop<Membership, ContinuousClock>(inbox: self.inbox).run(membership) { actions, membership in
      var isNews = false
      for action in actions {
        switch action {
        case .send(let packet, let endpoint): network.send(packet, to: endpoint)
        case .exchange(let exchange, let message, let endpoint, let limit):
          network.exchange(exchange, message, with: endpoint, within: limit)
        case .answer(let stream, let message): network.answer(stream, message)
        case .report(let change):
          isNews = true
          self.note(change, membership)
          self.log(change)
        case .settled:
          hasSettled = true
          isNews = true
        case .departed: _ = self.departure.trySend(())
        }
      }
      if isNews && hasSettled { self.candidates.put(membership.candidateMeta) }
      self.window.open(on: membership)
    }
    self.window.close()
  }

  /// Remembers when a node that is gone was last there: takeovers are told how long they took.
  private func note(_ change: Membership.Change, _ membership: Membership) {
    self.absences.withLock { absences in
      switch change {
      case .lost(let node): absences[node] = membership.silence(of: node) ?? Time.now
      case .suspected(let node, _), .failed(let node), .left(let node):
        if absences[node] == nil { absences[node] = membership.silence(of: node) ?? Time.now }
      case .joined(let node), .refuted(let node), .recovered(let node): absences[node] = nil
      case .updated, .accused, .conflict, .unreachable, .incompatible: break
      }
    }
  }

  private func log(_ change: Membership.Change) {
    switch change {
    case .joined(let node): self.logger.info("a speaker has joined", metadata: ["node": .string(node)])
    case .left(let node): self.logger.info("a speaker has left", metadata: ["node": .string(node)])
    case .failed(let node): self.logger.warning("a speaker is dead", metadata: ["node": .string(node)])
    case .lost(let node):
      self.logger.warning(
        "the owner of addresses does not answer; they are taken over", metadata: ["node": .string(node)])
    case .recovered(let node):
      self.logger.info("a speaker that did not answer does so again", metadata: ["node": .string(node)])
    case .accused(let accuser):
      self.logger.warning("another speaker does not hear this one", metadata: ["node": .string(accuser)])
    case .suspected(let node, let accuser):
      self.logger.debug("a speaker is suspected", metadata: ["node": .string(node), "by": .string(accuser)])
    case .refuted(let node): self.logger.debug("a suspected speaker lives", metadata: ["node": .string(node)])
    case .updated(let node): self.logger.debug("a speaker has changed", metadata: ["node": .string(node)])
    case .conflict(let node, let endpoint):
      self.logger.warning(
        "two speakers have the name of one node", metadata: ["node": .string(node), "address": "\(endpoint)"])
    case .unreachable(let endpoint, let reason):
      self.logger.debug("a speaker cannot be joined", metadata: ["address": "\(endpoint)", "reason": .string(reason)])
    case .incompatible(let reason):
      self.logger.warning("another group of speakers cannot be joined", metadata: ["reason": .string(reason)])
    }
  }
}
