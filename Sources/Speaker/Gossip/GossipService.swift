import Balancer
import Gossip
import KubernetesClient
import Logging
import Primitives
import Runner
import Synchronization

/// The gossip of the speakers: a member that is told whom to join and whom to watch, and who hands on who is there.
///
///     SpeakerDirectory (pods) ──join──┬──▶ GossipMember ──candidates──▶ SpeakerState
///     watch, describe, leave ─────────┘
final class GossipService: Sendable {
  private let options: GossipOptions
  private let member: GossipMember
  private let directory: SpeakerDirectory
  private let logger: Logger
  private let candidates = LatestValue<[String: NodeMeta]>()
  private let departure = Inbox<Void>(capacity: 1)
  private let watched = LatestValue<Set<String>>()
  /// What others have said; who says too much at once is not heard.
  private let sayings = Inbox<[UInt8]>(capacity: 1024)
  private let description: Mutex<NodeMeta>
  private let descriptions = LatestValue<NodeMeta>()
  private let window: Window<Membership>
  private let ownNode = Mutex<NodeView?>(nil)
  private let absences = Mutex<[String: ContinuousClock.Instant]>([:])

  /// Throws what is wrong with the files that set it up.
  init(options: GossipOptions, node: String, namespace: String, client: KubernetesClient, logger: Logger) throws {
    self.options = options
    self.logger = logger
    let settings = try GossipFiles.settings(options.settingsFile) ?? (options.isWide ? .wan : .lan)
    let key = try options.secretDirectory.flatMap { try GossipFiles.key(in: $0) }
    if key == nil { logger.warning("speakers gossip without encryption: no secret key is given") }
    let meta = NodeMeta(isWatchable: options.detectionTime != nil, isPassive: true, electsByFacts: true)
    self.member = GossipMember(
      .init(name: node, meta: meta), settings: settings,
      watchSettings: options.detectionTime.map(WatchSettings.init(detectionTime:)) ?? WatchSettings(), key: key,
      logger: logger)
    self.directory = SpeakerDirectory(
      client: client, node: node, namespace: namespace, podLabels: options.podLabels, port: options.port, logger: logger
    )
    self.description = Mutex(meta)
    let inbox = self.member.inbox
    self.window = Window { _ = inbox.trySend(.tick) }
  }

  var isEncrypted: Bool { self.member.isEncrypted }

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

  /// Says something to another node, which may get lost.
  func tell(_ node: String, _ content: [UInt8]) {
    _ = self.member.inbox.trySend(.tell(node, content))
  }

  /// Tells the others whether this node leaves addresses to them: until it has come far enough to own some, and when it
  /// is about to go.
  func describe(isPassive: Bool) {
    self.describe { $0.isPassive = isPassive }
  }

  /// Tells the others on which interfaces this node can announce addresses of a family, and from which hardware addresses.
  func describe(interfaces: [IPFamily: Set<String>], hardware: Set<MACAddress>) {
    self.describe {
      $0.interfaces = interfaces
      $0.hardware = hardware
    }
  }

  private func describe(_ change: (inout NodeMeta) -> Void) {
    self.description.withLock { meta in
      change(&meta)
      self.descriptions.put(meta)
    }
  }

  /// Tells the others that this node goes; returns when they know, or there was no time.
  func leave() async {
    await self.member.inbox.send(.leave)
    _ = await self.departure.next(before: Time.now + .seconds(2), on: ContinuousClock())
  }

  // MARK: - Running

  /// Runs until the task is cancelled. `report` gets the nodes that may own addresses, this one among them, from the time
  /// at which joining has settled; `told` gets what others say to this node. Throws if there is no socket to be had.
  func run(
    _ report: @escaping @Sendable (LiveMembers) async -> Void, told: @escaping @Sendable ([UInt8]) async -> Void
  ) async throws {
    let network = try await self.member.open(at: MemberAddress(self.options.address, self.options.port))
    self.logger.info(
      "speakers gossip", metadata: ["address": "\(network.endpoint)", "encrypted": "\(self.member.isEncrypted)"])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask(executorPreference: EventLoopExecutor(network.loop)) { await self.gossip(over: network) }
      group.addTask { try await network.watch() }
      group.addTask { await self.directory.run { await self.member.inbox.send(.join($0)) } }
      group.addTask {
        while let candidates = await self.candidates.next() { await report(LiveMembers(candidates)) }
      }
      group.addTask {
        while let saying = await self.sayings.next(before: nil, on: ContinuousClock()) { await told(saying) }
      }
      group.addTask {
        while let nodes = await self.watched.next() { await self.member.inbox.send(.watch(nodes)) }
      }
      group.addTask {
        while let meta = await self.descriptions.next() { await self.member.inbox.send(.describe(meta.bytes)) }
      }
      try await group.waitForAll()
    }
    await network.close()
  }

  private func gossip(over network: GossipNetwork) async {
    var hasSettled = false
    await self.member.run(over: network) { news, membership in
      for news in news {
        switch news {
        case .change(let change):
          self.note(change, membership)
          self.log(change)
        case .told(let content): _ = self.sayings.trySend(content)
        case .settled: hasSettled = true
        case .departed: _ = self.departure.trySend(())
        }
      }
      if hasSettled, news.contains(where: \.concernsCandidates) { self.candidates.put(membership.candidateMeta) }
      self.window.open(on: membership)
    }
    self.window.close()
  }

  /// Beyond this, nobody takes over any more.
  private static let absenceMemory = Duration.seconds(600)

  /// Remembers when a node that is gone was last there: takeovers are told how long they took.
  private func note(_ change: Membership.Change, _ membership: Membership) {
    self.absences.withLock { absences in
      absences = absences.filter { Time.now - $0.value < Self.absenceMemory }
      switch change {
      case .lost(let node): absences[node] = membership.silence(of: node) ?? Time.now
      case .suspected(let node, _), .failed(let node), .left(let node):
        if absences[node] == nil { absences[node] = membership.silence(of: node) ?? Time.now }
      case .joined(let node), .refuted(let node), .recovered(let node): absences[node] = nil
      case .updated, .accused, .mute, .conflict, .unreachable, .incompatible: break
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
    case .mute(let node):
      self.logger.warning(
        "a speaker answers over TCP and not over UDP: does a firewall let both pass on the port of the gossip?",
        metadata: ["node": .string(node)])
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

extension GossipMember.News {
  /// Whether other nodes may own addresses than before, or tell other things of themselves: in a large group on a network
  /// that loses much, nodes are suspected all the time, and that is none of it.
  fileprivate var concernsCandidates: Bool {
    switch self {
    case .settled: true
    case .change(.joined), .change(.updated), .change(.failed), .change(.left), .change(.lost), .change(.recovered):
      true
    case .change(.suspected), .change(.refuted), .change(.accused), .change(.mute), .change(.conflict),
      .change(.unreachable), .change(.incompatible), .told, .departed:
      false
    }
  }
}
