import BGP
import Balancer
import Logging
import NIOCore
import NIOPosix
import Primitives
import Runner
import Synchronization

/// The loop of one router: lends `Peer` its senses and hands.
///
///     advertise, reconfigure ─▶ PeerMailbox ─▶ Peer.handle ─▶ dial, send, close ─▶ BGPConnection ─▶ TCP
///     TCP ─▶ BGPFrameHandler ──────┘ ▲                 └─▶ report ─▶ log
///                              nextDeadline
///
/// One child task of the process for each router: whatever one of them does or fails to do, the others do not notice. When
/// the task is cancelled it says goodbye first.
final class BGPPeerLoop: Sendable {
  /// How the node stops.
  struct Farewell: Sendable {
    /// How long routers get to prefer other routes before ours are gone (RFC 8326).
    var drainTime = Duration.seconds(2)
    /// What the operator of the router reads.
    var text: String
  }

  let name: String
  private let addresses: NodeAddresses
  private let mailbox = PeerMailbox()
  private let farewell: Farewell
  private let logger: Logger
  private let router: Mutex<RouterAddress>
  private let published: Mutex<PeerReading>
  private let initial: Peer

  init(
    _ configuration: BGPPeerConfiguration, addresses: NodeAddresses, isRestarting: Bool, seed: UInt64,
    farewell: Farewell, logger: Logger
  ) {
    self.name = configuration.name
    self.addresses = addresses
    self.farewell = farewell
    let router = RouterAddress(configuration)
    self.router = Mutex(router)
    var logger = logger
    logger[metadataKey: "peer"] = .string(router.label)
    logger[metadataKey: "name"] = .string(configuration.name)
    self.logger = logger
    self.initial = Peer(PeerSettings(configuration), isRestarting: isRestarting, seed: seed)
    self.published = Mutex(PeerReading(self.initial, router))
  }

  // MARK: - Commands

  /// Settings that a session survives do not end it.
  func reconfigure(_ configuration: BGPPeerConfiguration) {
    let router = RouterAddress(configuration)
    let isElsewhere = self.router.withLock { current in
      defer { current = router }
      return current != router
    }
    self.mailbox.command(.reconfigured(PeerSettings(configuration), isReachedDifferently: isElsewhere))
  }

  func advertise(_ routes: [IPPrefix: Route?]) {
    self.mailbox.change(routes)
  }

  /// The forwarding path is down, or works again.
  func pathChanged(_ change: BFDPeers.PathChange) {
    switch change {
    case .failed: self.mailbox.command(.pathFailed)
    case .restored: self.mailbox.command(.pathRestored)
    }
  }

  /// The peer is no longer configured: the loop ends by itself.
  func remove() {
    self.mailbox.command(.stop(.removed))
  }

  /// What metrics and status show.
  var reading: PeerReading { self.published.withLock { $0 } }

  // MARK: - The loop

  func run() async {
    var peer = self.initial
    var connections: [ConnectionID: BGPConnection] = [:]
    var journal = PeerJournal(self.logger)
    self.perform(peer.handle(.start, at: Time.now), &connections, &journal)
    while !Task.isCancelled, !peer.isStopped {
      await self.mailbox.wait(until: peer.nextDeadline)
      self.step(&peer, &connections, &journal)
    }
    await self.sayGoodbye(&peer, &connections, &journal)
  }

  private func step(
    _ peer: inout Peer, _ connections: inout [ConnectionID: BGPConnection], _ journal: inout PeerJournal
  ) {
    let now = Time.now
    for event in self.mailbox.take() { self.perform(peer.handle(event, at: now), &connections, &journal) }
    if let deadline = peer.nextDeadline, deadline <= now {
      self.perform(peer.handle(.tick, at: now), &connections, &journal)
    }
    let reading = PeerReading(peer, self.router.withLock { $0 })
    self.published.withLock { $0 = reading }
  }

  /// Where the router keeps our routes over a restart it is told nothing; else it gets the time to prefer others.
  private func sayGoodbye(
    _ peer: inout Peer, _ connections: inout [ConnectionID: BGPConnection], _ journal: inout PeerJournal
  ) async {
    self.mailbox.close()
    if !peer.isStopped {
      if peer.isRestartGraceful {
        self.perform(peer.handle(.stop(.restart), at: Time.now), &connections, &journal)
      } else {
        if peer.state == .established, peer.routes.sentCount > 0 {
          await self.drain(&peer, &connections, &journal)
        }
        self.perform(peer.handle(.stop(.shutdown(self.farewell.text)), at: Time.now), &connections, &journal)
      }
    }
    for connection in connections.values { await connection.waitForEnd() }
    let reading = PeerReading(peer, self.router.withLock { $0 })
    self.published.withLock { $0 = reading }
  }

  private func drain(
    _ peer: inout Peer, _ connections: inout [ConnectionID: BGPConnection], _ journal: inout PeerJournal
  ) async {
    let end = Time.now + self.farewell.drainTime
    self.perform(peer.handle(.drain, at: Time.now), &connections, &journal)
    let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
    while Time.now < end, peer.state == .established {
      // The task may have been cancelled, and then nothing else of it waits.
      try? await eventLoop.scheduleTask(in: .milliseconds(50)) {}.futureResult.get()
      self.step(&peer, &connections, &journal)
    }
  }

  // MARK: - Hands

  private func perform(
    _ actions: [Peer.Action], _ connections: inout [ConnectionID: BGPConnection], _ journal: inout PeerJournal
  ) {
    var bytes: [ConnectionID: [UInt8]] = [:]
    for action in actions {
      switch action {
      case .dial(let connection):
        connections[connection] = self.dial(connection)
      case .abandon(let connection):
        connections.removeValue(forKey: connection)?.abandon()
      case .send(let connection, let message):
        bytes[connection, default: []] += message.bytes
      case .reportFlushed(let connection):
        let mailbox = self.mailbox
        connections[connection]?.write(bytes.removeValue(forKey: connection) ?? []) {
          mailbox.post(.flushed(connection))
        }
      case .close(let connection):
        if let rest = bytes.removeValue(forKey: connection) { connections[connection]?.write(rest) }
        connections[connection]?.finish()
      case .report(let report):
        journal.note(report)
      }
    }
    for (connection, rest) in bytes { connections[connection]?.write(rest) }
    for (connection, _) in connections where connections[connection]?.hasEnded == true {
      connections[connection] = nil
    }
  }

  /// Begins to connect; the outcome comes back through the mailbox.
  private func dial(_ identifier: ConnectionID) -> BGPConnection {
    let connection = BGPConnection()
    let router = self.router.withLock { $0 }
    let (mailbox, addresses) = (self.mailbox, self.addresses)
    do {
      let remote = try self.socketAddress(of: router)
      BGPSockets.connect(to: remote, router, on: MultiThreadedEventLoopGroup.singleton) { channel in
        guard connection.attach(channel) else {
          return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        return channel.eventLoop.makeCompletedFuture {
          let handler = BGPFrameHandler(identifier, mailbox, router) { channel in
            guard let local = IPAddress(channel.localAddress), let remote = IPAddress(channel.remoteAddress) else {
              return nil
            }
            return addresses.endpoint(local: local, remote: remote)
          }
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }.whenFailure { error in
        mailbox.post(.connectFailed(identifier, ConnectionFailure.text(of: error, router)))
      }
    } catch {
      mailbox.post(.connectFailed(identifier, "\(error)"))
    }
    return connection
  }

  private func socketAddress(of router: RouterAddress) throws -> SocketAddress {
    switch router.remote {
    case .address(let address): try SocketAddress(ipAddress: address.description, port: Int(router.port))
    case .interface(let name): throw NoRouterYet(interface: name)
    }
  }

  /// Nobody has been heard at the other end of a link.
  private struct NoRouterYet: Error, CustomStringConvertible {
    let interface: String

    var description: String { "no router has been heard on interface \"\(self.interface)\"" }
  }
}
