import Balancer
import Layer2
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
/// somebody else has is tried again, so that a speaker can wait for its predecessor to leave; so is a VRF that does not exist.
///
/// Each VRF has a listener of its own, as the kernel gives connections in a VRF to sockets that are bound to it.
final class BGPListener: Sendable {
  /// Hands a connection to whom it is for; nil = to nobody.
  typealias Reception = @Sendable (_ remote: IPAddress, _ scope: UInt32, _ local: IPAddress) -> BGPPeerLoop?

  private static let retryInterval = Duration.seconds(5)

  private struct Refusal: Hashable {
    let address: IPAddress
    let reason: String
  }

  private struct State {
    var channels: [IPFamily: any Channel] = [:]
    var signatures: [SocketAddress: BGPPeerConfiguration.Authentication] = [:]
    /// Those whose key the kernel has: nobody else with a password is let in.
    var signed: Set<SocketAddress> = []
    /// The number of the VRF's device that the sockets are bound to.
    var device: Int?
    var isStopped = false
  }

  private let port: UInt16
  private let vrf: String?
  private let logger: Logger
  private let state = Mutex(State())
  private let refusals = Mutex(RecurrenceLog<Refusal>())

  init(port: UInt16, vrf: String? = nil, logger: Logger) {
    self.port = port
    self.vrf = vrf
    var logger = logger
    if let vrf { logger[metadataKey: "vrf"] = .string(vrf) }
    self.logger = logger
  }

  /// Nobody waits for routers in this VRF any more: `run` returns.
  func stop() {
    self.closeSockets { $0.isStopped = true }
  }

  /// A VRF that went and came back is another one to the kernel, and sockets stay bound to the one that went.
  func interfacesChanged(_ interfaces: [Interface]) {
    guard let vrf = self.vrf else { return }
    let device = interfaces.first { $0.name == vrf }?.index
    guard self.state.withLock({ $0.device != device }) else { return }
    self.closeSockets { $0.device = device }
  }

  private func closeSockets(_ change: (inout State) -> Void) {
    let channels = self.state.withLock { state in
      change(&state)
      return Array(state.channels.values)
    }
    for channel in channels { channel.close(promise: nil) }
  }

  /// The routers that sign, all of them, with what they do it with.
  func setSignatures(_ signatures: [SocketAddress: BGPPeerConfiguration.Authentication]) {
    typealias Authentication = BGPPeerConfiguration.Authentication
    let changes = self.state.withLock {
      state -> [(any Channel, SocketAddress, old: Authentication, new: Authentication)] in
      let old = state.signatures
      state.signatures = signatures
      var changes: [(any Channel, SocketAddress, old: Authentication, new: Authentication)] = []
      for address in Set(old.keys).union(signatures.keys) where old[address] != signatures[address] {
        state.signed.remove(address)
        guard let channel = state.channels[address.family] else { continue }
        changes.append((channel, address, old[address] ?? .none, signatures[address] ?? .none))
      }
      return changes
    }
    for (channel, address, old, new) in changes { self.sign(channel, address, old: old, new: new) }
  }

  private func sign(
    _ channel: any Channel, _ address: SocketAddress, old: BGPPeerConfiguration.Authentication,
    new: BGPPeerConfiguration.Authentication
  ) {
    var forgetting = SocketOptions(address.family)
    var signing = forgetting
    forgetting.stopSigning(with: old, for: address)
    signing.sign(with: new, for: address, isListening: true)
    let logger = self.logger
    // What the kernel did not take before it cannot forget.
    forgetting.set(on: channel).flatMapError { _ in channel.eventLoop.makeSucceededVoidFuture() }
      .flatMap { [signing] in signing.set(on: channel) }
      .whenComplete { result in
        switch result {
        case .success:
          self.state.withLock { if !new.isNone, $0.signatures[address] == new { $0.signed.insert(address) } }
        case .failure(let error):
          logger.error(
            "the key of a router cannot be set, so that it cannot connect",
            metadata: ["ip": "\(address)", "error": "\(error)"])
        }
      }
  }

  /// Listens until the task is cancelled, or it is stopped.
  func run(_ receive: @escaping Reception) async {
    await withDiscardingTaskGroup { group in
      for family in IPFamily.allCases { group.addTask { await self.listen(to: family, receive) } }
    }
  }

  private func listen(to family: IPFamily, _ receive: @escaping Reception) async {
    var complaint: String?
    while !Task.isCancelled, !self.state.withLock({ $0.isStopped }) {
      do {
        let channel = try await BGPSockets.listen(
          at: self.port, family, vrf: self.vrf, on: MultiThreadedEventLoopGroup.singleton
        ) {
          self.configure($0, receive)
        }
        let (signatures, isStopped) = self.state.withLock { state in
          state.channels[family] = channel
          return (state.signatures, state.isStopped)
        }
        if isStopped { channel.close(promise: nil) }
        for (address, signature) in signatures where address.family == family {
          self.sign(channel, address, old: .none, new: signature)
        }
        complaint = nil
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
        let text = ConnectionFailure.text(listeningIn: self.vrf, error)
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

  /// A failure closes the connection.
  private func configure(_ channel: any Channel, _ receive: Reception) -> EventLoopFuture<Void> {
    guard let remote = IPAddress(channel.remoteAddress), let local = IPAddress(channel.localAddress) else {
      return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
    }
    guard let loop = receive(remote, channel.remoteAddress?.scope ?? 0, local) else {
      return self.refuse(channel, remote, "no peer with that address takes one")
    }
    guard !loop.isSigned || self.hasKey(of: channel.remoteAddress) else {
      return self.refuse(channel, remote, "the key that it signs with is not in place yet")
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
    if let silentCount = self.refusals.withLock({ $0.note(Refusal(address: remote, reason: reason), at: Time.now) }) {
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
