import Gossip
import KubernetesModel
import Logging
import Primitives
import Runner
import ServiceLifecycle
import Synchronization

/// A bare member of a group of speakers, for whoever wants to know who is in it: `metallb gossip`.
///
/// It owns no address and says so, joins, tells of everybody and of every change, and leaves as a member should.
package final class GossipProbe: ServiceLifecycle.Service {
  /// Where and how to take part.
  package struct Options: Sendable {
    package var name: String
    package var address: IPAddress
    /// 0 = any.
    package var port: UInt16 = 0
    /// Where members are.
    package var places: [Place]
    /// The directory with the file `secretkey`; nil = no encryption.
    package var secretDirectory: String?
    package var isWide = false
    /// The file that replaces the pace; nil = none.
    package var settingsFile: String?
    /// Of the application on top: the lowest and the highest version that is understood, and the one that is spoken.
    package var applicationVersions: [UInt8] = [0, 0, 0]
    /// nil = until it is stopped.
    package var limit: Duration?

    package init(name: String, address: IPAddress, places: [Place]) {
      self.name = name
      self.address = address
      self.places = places
    }
  }

  /// A member's address and port.
  package struct Place: Sendable, Hashable {
    let endpoint: MemberAddress

    package init(_ address: IPAddress, _ port: UInt16 = GossipOptions.standardPort) {
      self.endpoint = MemberAddress(address, port)
    }

    /// Takes `192.0.2.1`, `192.0.2.1:7946`, `2001:db8::1` and `[2001:db8::1]:7946`.
    package init?(_ text: String) {
      if let address = IPAddress(text) {
        self.init(address)
        return
      }
      guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
        return nil
      }
      var host = text[..<colon]
      let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
      if isBracketed { host = host.dropFirst().dropLast() }
      guard let address = IPAddress(String(host)), isBracketed == (address.family == .ipv6) else { return nil }
      self.init(address, port)
    }
  }

  /// What happens, in order, with the time at which it did.
  private enum Moment: Sendable {
    case news(GossipMember.News, others: [Member], microseconds: Int64)
    case timeIsUp
  }

  private let options: Options
  private let member: GossipMember
  private let report: @Sendable (String) -> Void
  private let company = Mutex(false)

  /// Throws what is wrong with the files that set it up.
  package init(_ options: Options, logger: Logger, report: @escaping @Sendable (String) -> Void) throws {
    self.options = options
    self.report = report
    let key = try options.secretDirectory.flatMap { try GossipFiles.key(in: $0) }
    let settings = try options.settingsFile.flatMap { try GossipFiles.settings($0) } ?? (options.isWide ? .wan : .lan)
    var versions = ProtocolVersions.ours
    versions.applicationMinimum = options.applicationVersions[0]
    versions.applicationMaximum = options.applicationVersions[1]
    versions.applicationCurrent = options.applicationVersions[2]
    self.member = GossipMember(
      .init(name: options.name, meta: NodeMeta(isWatchable: false, isPassive: true), versions: versions),
      settings: settings, key: key, logger: logger)
  }

  /// Whether anybody else has been there.
  package var hadCompany: Bool { self.company.withLock { $0 } }

  package func run() async throws {
    let network = try await self.member.open(at: MemberAddress(self.options.address, self.options.port))
    self.say(
      "\(self.options.name) gossips on \(network.endpoint), \(self.member.isEncrypted ? "encrypted" : "not encrypted")",
      at: Time.wallMicroseconds)
    let moments = Inbox<Moment>(capacity: 1024)
    await withTaskGroup(of: Void.self) { group in
      group.addTask(executorPreference: EventLoopExecutor(network.loop)) {
        await self.member.run(over: network) { news, membership in
          for news in news {
            let others = membership.known.filter { $0.name != membership.name }
            _ = moments.trySend(.news(news, others: others, microseconds: Time.wallMicroseconds))
          }
        }
      }
      group.addTask {
        // Ends by a stop, or by the limit.
        await cancelWhenGracefulShutdown {
          try? await Task.sleep(for: self.options.limit ?? .seconds(1_000_000_000))
        }
        _ = moments.trySend(.timeIsUp)
      }
      await self.member.inbox.send(.join(self.options.places.map(\.endpoint)))
      await self.tell(moments)
      group.cancelAll()
    }
    await network.close()
  }

  /// Tells what happens until this member has left.
  private func tell(_ moments: Inbox<Moment>) async {
    var last: [Member] = []
    while let moment = await moments.next(before: nil, on: ContinuousClock()) {
      switch moment {
      case .news(.departed, _, let microseconds):
        self.say("\(self.options.name) has left", at: microseconds)
        return
      case .news(let news, let others, let microseconds):
        last = others
        if !others.isEmpty { self.company.withLock { $0 = true } }
        self.say(Self.sentence(news, others: others), at: microseconds)
      case .timeIsUp:
        let now = Time.wallMicroseconds
        for member in last.sorted(by: { $0.name < $1.name }) { self.say("in the end: \(Self.line(member))", at: now) }
        await self.member.inbox.send(.leave)
      }
    }
  }

  private func say(_ sentence: String, at microseconds: Int64) {
    self.report("\(Timestamp(microseconds: microseconds).microText) \(sentence)")
  }

  // MARK: - Sentences

  private static func sentence(_ news: GossipMember.News, others: [Member]) -> String {
    switch news {
    case .settled:
      let living = others.count { !$0.liveness.isGone }
      return living == 0
        ? "nobody answers"
        : living == 1 ? "joined: there is 1 other member" : "joined: there are \(living) other members"
    case .told(let content): return "\(content.count) bytes from another member, for its own kind"
    case .departed: return "left"
    case .change(let change): return self.sentence(change, others: others)
    }
  }

  private static func sentence(_ change: Membership.Change, others: [Member]) -> String {
    func line(_ name: String) -> String { others.first { $0.name == name }.map(self.line) ?? name }
    switch change {
    case .joined(let name): return "joined: \(line(name))"
    case .updated(let name): return "changed: \(line(name))"
    case .suspected(let name, let accuser): return "suspected by \(accuser): \(line(name))"
    case .refuted(let name): return "not suspected any more: \(line(name))"
    case .failed(let name): return "dead: \(line(name))"
    case .left(let name): return "left: \(line(name))"
    case .lost(let name): return "lost: \(line(name))"
    case .recovered(let name): return "recovered: \(line(name))"
    case .accused(let accuser):
      // What a whole exchange says is of no one member.
      return others.contains { $0.name == accuser }
        ? "\(accuser) did not hear us, and was contradicted" : "others held us for dead, and were contradicted"
    case .mute(let name): return "answers over TCP and not over UDP: \(line(name))"
    case .conflict(let name, let endpoint): return "there is another \(name), at \(endpoint)"
    case .unreachable(let endpoint, let reason): return "cannot join at \(endpoint): \(reason)"
    case .incompatible(let reason): return "cannot be in one group with those: \(reason)"
    }
  }

  /// `node-1 192.0.2.1:7946 alive, incarnation 3, one of ours`.
  private static func line(_ member: Member) -> String {
    var parts = ["\(member.name) \(member.endpoint) \(member.liveness)", "incarnation \(member.incarnation)"]
    if NodeMeta.isOurs(member.meta) {
      let meta = NodeMeta(member.meta)
      parts.append(meta.isWatchable ? "can be watched" : "cannot be watched")
      if meta.isPassive { parts.append("owns no addresses") }
    }
    return parts.joined(separator: ", ")
  }
}
