import Balancer
import Glibc
import Logging
import NIOCore
import NIOPosix
import Primitives
import Runner
import Synchronization

/// Waits for routers that connect to us, and hands their connections to the loops of their peers.
///
///     TCP ─▶ AcceptPacer ─▶ who is that? ─┬─▶ BGPPeerLoop.accept ─▶ Peer: collisions, OPEN, ...
///                                         └─▶ a stranger: reset, told in the log now and then
///
/// Keys for signatures are the listening socket's: the kernel answers a router that has one only if it signs. A port that
/// somebody else has is tried again, so that a speaker can wait for its predecessor to leave.
final class BGPListener: Sendable {
  /// Hands a connection to whom it is for; nil = to nobody.
  typealias Reception = @Sendable (_ remote: IPAddress, _ scope: UInt32, _ local: IPAddress) -> BGPPeerLoop?

  private static let retryInterval = Duration.seconds(5)

  private struct State {
    var channels: [IPFamily: any Channel] = [:]
    var passwords: [SocketAddress: Password] = [:]
    /// Those whose key the kernel has: nobody else with a password is let in.
    var signed: Set<SocketAddress> = []
  }

  private let port: UInt16
  private let logger: Logger
  private let state = Mutex(State())
  private let refusals = Mutex(RefusalLog())

  init(port: UInt16, logger: Logger) {
    self.port = port
    self.logger = logger
  }

  /// The routers that sign, all of them, with their keys.
  func setPasswords(_ passwords: [SocketAddress: Password]) {
    let changes = self.state.withLock { state -> [(any Channel, SocketAddress, Password?)] in
      let old = state.passwords
      state.passwords = passwords
      var changes: [(any Channel, SocketAddress, Password?)] = []
      for address in Set(old.keys).union(passwords.keys) where old[address] != passwords[address] {
        state.signed.remove(address)
        guard let channel = state.channels[address.family] else { continue }
        changes.append((channel, address, passwords[address]))
      }
      return changes
    }
    for (channel, address, password) in changes { self.sign(channel, address, password) }
  }

  private func sign(_ channel: any Channel, _ address: SocketAddress, _ password: Password?) {
    var options = SocketOptions(address.family)
    options.sign(with: password, for: address)
    let logger = self.logger
    options.set(on: channel).whenComplete { result in
      switch result {
      case .success:
        self.state.withLock { if let password, $0.passwords[address] == password { $0.signed.insert(address) } }
      case .failure(let error):
        logger.error(
          "the key of a router cannot be set, so that it cannot connect",
          metadata: ["ip": "\(address)", "error": "\(error)"])
      }
    }
  }

  /// Listens until the task is cancelled.
  func run(_ receive: @escaping Reception) async {
    await withDiscardingTaskGroup { group in
      for family in IPFamily.allCases { group.addTask { await self.listen(to: family, receive) } }
    }
  }

  private func listen(to family: IPFamily, _ receive: @escaping Reception) async {
    var complaint: String?
    while !Task.isCancelled {
      do {
        let channel = try await BGPSockets.listen(at: self.port, family, on: MultiThreadedEventLoopGroup.singleton) {
          self.configure($0, receive)
        }
        let passwords = self.state.withLock { state in
          state.channels[family] = channel
          return state.passwords
        }
        for (address, password) in passwords where address.family == family { self.sign(channel, address, password) }
        self.logger.info(
          "listening for routers", metadata: ["port": "\(self.port)", "family": .string(family.description)])
        await withTaskCancellationHandler {
          try? await channel.closeFuture.get()
        } onCancel: {
          channel.close(promise: nil)
        }
        self.state.withLock { state in
          state.channels[family] = nil
          state.signed = state.signed.filter { $0.family != family }
        }
      } catch {
        let text = Self.text(of: error)
        if text != complaint {
          self.logger.warning(
            "cannot listen for routers; it is tried again",
            metadata: ["port": "\(self.port)", "family": .string(family.description), "reason": .string(text)])
        }
        complaint = text
        try? await ContinuousClock().sleep(for: Self.retryInterval)
      }
    }
  }

  private static func text(of error: any Error) -> String {
    guard let error = error as? IOError else { return "\(error)" }
    let text = String(cString: strerror(error.errnoCode))
    return error.errnoCode == EACCES ? "\(text): ports below 1024 take the capability NET_BIND_SERVICE" : text
  }

  /// A failure closes the connection.
  private func configure(_ channel: any Channel, _ receive: Reception) -> EventLoopFuture<Void> {
    guard let remote = IPAddress(channel.remoteAddress), let local = IPAddress(channel.localAddress) else {
      return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
    }
    guard let loop = receive(remote, channel.remoteAddress?.scope ?? 0, local) else {
      return self.refuse(channel, remote, "no peer with that address takes one")
    }
    guard !loop.hasPassword || self.hasKey(of: channel.remoteAddress) else {
      return self.refuse(channel, remote, "the key of its password is not in place yet")
    }
    guard let minimum = loop.minimumTTL else { return self.admit(channel, remote, to: loop) }
    return SocketOptions.arrivalTTL(of: channel).flatMap { ttl in
      guard let ttl, ttl >= minimum else {
        return self.refuse(channel, remote, "it is further away than the peer's ttlSecurityHops allow")
      }
      return self.admit(channel, remote, to: loop)
    }
  }

  private func admit(_ channel: any Channel, _ remote: IPAddress, to loop: BGPPeerLoop) -> EventLoopFuture<Void> {
    loop.accept(channel) ?? self.refuse(channel, remote, "the router has too many connections")
  }

  private func refuse(_ channel: any Channel, _ remote: IPAddress, _ reason: String) -> EventLoopFuture<Void> {
    if let silentCount = self.refusals.withLock({ $0.note(remote, for: reason, at: Time.now) }) {
      self.logger.warning(
        "refused a connection",
        metadata: [
          "event": "connectionRefused", "ip": "\(remote)", "reason": .string(reason), "others": "\(silentCount)",
        ])
    }
    var options = SocketOptions(remote.family)
    options.resetOnClose()
    return options.set(on: channel).flatMap { channel.eventLoop.makeFailedFuture(Refused()) }
  }

  /// Whether the kernel has let only somebody in who signs.
  private func hasKey(of router: SocketAddress?) -> Bool {
    guard var router else { return false }
    router.port = 0
    return self.state.withLock { $0.signed.contains(router) }
  }

  private struct Refused: Error {}
}

extension SocketAddress {
  /// The number of the interface that a link-local address is meant on.
  var scope: UInt32 {
    guard case .v6(let address) = self else { return 0 }
    return address.address.sin6_scope_id
  }

  var family: IPFamily {
    if case .v4 = self { .ipv4 } else { .ipv6 }
  }
}
