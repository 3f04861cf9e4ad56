import Gossip
import Logging
import Primitives
import Runner

/// A member of a group, on sockets of its own: lends ``Membership`` the network and the time.
///
///     GossipNetwork (UDP, TCP) ──┐
///     commands ──────────────────┼──▶ inbox ──▶ RunLoop(Membership) ──┬─ send, exchange, answer ──▶ GossipNetwork
///                                │     (the thread of the sockets)    └─ what is new ──▶ whoever runs it
///
/// The run loop and the sockets share one thread and nothing else runs on it, so that whatever the process is busy with,
/// pings are answered in time.
struct GossipMember: Sendable {
  /// What is new in the group, or of this member.
  enum News: Sendable, Hashable {
    case change(Membership.Change)
    /// Another node has said something that is not of the gossip itself.
    case told([UInt8])
    /// Joining has got somewhere or failed everywhere. Once.
    case settled
    /// The others know that this member goes, or there was no time for that. Once.
    case departed
  }

  /// Who the member says that it is.
  struct Identity: Sendable, Hashable {
    var name: String
    var meta: NodeMeta
    var versions = ProtocolVersions.ours
  }

  let identity: Identity
  let settings: Settings
  let watchSettings: WatchSettings
  let isEncrypted: Bool
  let inbox = Inbox<Membership.Event>(capacity: 4096)
  private let codec: WireCodec
  private let logger: Logger

  init(
    _ identity: Identity, settings: Settings, watchSettings: WatchSettings = WatchSettings(), key: EncryptionKey?,
    logger: Logger
  ) {
    self.identity = identity
    self.settings = settings
    self.watchSettings = watchSettings
    self.isEncrypted = key != nil
    self.codec = WireCodec(
      key: key, verifiesIncoming: settings.verifiesIncoming, encryptsOutgoing: settings.encryptsOutgoing)
    self.logger = logger
  }

  /// Opens the sockets; throws if there are none to be had.
  func open(at wanted: MemberAddress) async throws -> GossipNetwork {
    try await GossipNetwork.open(
      wanted, codec: self.codec, streamTimeout: self.settings.streamTimeout, inbox: self.inbox, logger: self.logger)
  }

  /// Is a member until the task is cancelled. To be run on the thread of the network, where `observe` must not wait.
  func run(over network: GossipNetwork, observe: ([News], Membership) -> Void) async {
    var dice = SystemRandomNumberGenerator()
    let membership = Membership(
      name: self.identity.name, endpoint: network.endpoint, meta: self.identity.meta.bytes,
      versions: self.identity.versions, settings: self.settings, watchSettings: self.watchSettings,
      isEncrypted: self.isEncrypted, seed: dice.next(), at: Time.now)
    await RunLoop<Membership, ContinuousClock>(inbox: self.inbox).run(membership) { actions, membership in
      var news: [News] = []
      for action in actions {
        switch action {
        case .send(let packet, let endpoint): network.send(packet, to: endpoint)
        case .exchange(let exchange, let message, let endpoint, let limit):
          network.exchange(exchange, message, with: endpoint, within: limit)
        case .answer(let stream, let message): network.answer(stream, message)
        case .report(let change): news.append(.change(change))
        case .deliver(let content): news.append(.told(content))
        case .settled: news.append(.settled)
        case .departed: news.append(.departed)
        }
      }
      observe(news, membership)
    }
  }
}
