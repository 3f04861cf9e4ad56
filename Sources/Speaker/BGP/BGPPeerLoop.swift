import BGP
import Balancer
import Layer2
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
  private let directory: RouterDirectory
  private let mailbox = PeerMailbox()
  private let farewell: Farewell
  private let unaddressed: Logger
  private let router: Mutex<RouterAddress>
  private let published: Mutex<PeerReading>
  private let initial: Peer
  private let door = PeerDoor()
  /// Of keys that connections are to go over to.
  private let keyChanges = Mutex<[KeyChange]>([])
  /// Whether the addresses of this node have changed since the loop looked at them.
  private let isReaddressed = Atomic(false)
  /// Whether the router is at the other end of a link of this node, if it is on one at all.
  private let isNeighbour: Atomic<Bool>

  private typealias KeyChange = (old: AuthenticationKeys, new: AuthenticationKeys)

  init(
    _ configuration: BGPPeerConfiguration, addresses: NodeAddresses, directory: RouterDirectory, isRestarting: Bool,
    seed: UInt64, farewell: Farewell, logger: Logger
  ) {
    self.name = configuration.name
    self.addresses = addresses
    self.directory = directory
    self.farewell = farewell
    let router = RouterAddress(configuration)
    self.router = Mutex(router)
    self.isNeighbour = Atomic(configuration.isNeighbour)
    var logger = logger
    logger[metadataKey: "name"] = .string(configuration.name)
    self.unaddressed = logger
    self.initial = Peer(PeerSettings(configuration), isRestarting: isRestarting, seed: seed)
    self.published = Mutex(PeerReading(self.initial, router))
  }

  /// Names the router as it is configured now.
  private var logger: Logger {
    var logger = self.unaddressed
    logger[metadataKey: "peer"] = .string(self.router.withLock { $0.label })
    return logger
  }

  // MARK: - Commands

  /// Settings that a session survives do not end it.
  func reconfigure(_ configuration: BGPPeerConfiguration) {
    let router = RouterAddress(configuration)
    let (isElsewhere, keyChange) = self.router.withLock { current in
      defer { current = router }
      let keyChange = current.keyChange(to: router)
      return (current != router && keyChange == nil, keyChange)
    }
    self.isNeighbour.store(configuration.isNeighbour, ordering: .relaxed)
    if let keyChange { self.keyChanges.withLock { $0.append(keyChange) } }
    self.mailbox.command(.reconfigured(PeerSettings(configuration), isReachedDifferently: isElsewhere))
    // A router that did not answer may do so now.
    if keyChange != nil { self.mailbox.command(.reachable) }
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

  /// What is known of the router on an interface is different now; of no interest to a peer with an address.
  func routerChanged(
    on interface: String, from old: RouterDiscovery.Finding, to new: RouterDiscovery.Finding
  ) {
    guard self.router.withLock({ $0.remote }) == .interface(interface) else { return }
    switch (old, new) {
    case (let old, .router(let router)):
      self.logger.info(
        "router found", metadata: ["event": "routerFound", "ip": "\(router.address)", "interface": "\(interface)"])
      if case .router(let former) = old, router.isSame(as: former) {
        self.mailbox.command(.moved)
      } else {
        self.mailbox.command(.reachable)
      }
    case (.router, .missing(let absence)):
      self.mailbox.command(.unreachable(NoRouterYet(interface: interface, absence: absence).description))
    case (.missing, .missing):
      break
    }
  }

  /// The device of a VRF has come, is gone, or is another one of that name; of no interest to a peer elsewhere. Connections
  /// stay bound to the device that they were made by.
  func vrfChanged(_ vrf: String, wasThere: Bool, isThere: Bool) {
    guard self.router.withLock({ $0.vrf }) == vrf else { return }
    if wasThere { self.mailbox.command(.unreachable("the device \"\(vrf)\" of the VRF is gone")) }
    if isThere { self.mailbox.command(.reachable) }
  }

  /// The links that work are others. A router in another AS that is one hop away, and on none of them any more, notices that
  /// as well, as a rule, and lets its session go: who waited for the hold time would find it later than it is back.
  func linksChanged(from old: WorkingLinks, to new: WorkingLinks) {
    let router = self.router.withLock { $0 }
    guard self.isNeighbour.load(ordering: .relaxed), case .address(let address) = router.remote else { return }
    if new.haveFailed(to: address, in: router.vrf, since: old) {
      self.mailbox.command(.unreachable("the link to the router is down"))
    }
    if new.lead(to: address, in: router.vrf), !old.lead(to: address, in: router.vrf) {
      self.mailbox.command(.reachable)
    }
  }

  /// The addresses of this node are others, which routes may name as next hops.
  func addressesChanged() {
    self.isReaddressed.store(true, ordering: .releasing)
    self.mailbox.wake()
  }

  /// The peer is no longer configured: the loop ends by itself.
  func remove() {
    self.mailbox.command(.stop(.removed))
  }

  /// What metrics and status show.
  var reading: PeerReading { self.published.withLock { $0 } }

  /// Returns when the loop has come round to it, or ends.
  func turn() async { await self.mailbox.turn() }

  /// Whether the loop has been asked to turn, and has not.
  var isAskedToTurn: Bool { self.mailbox.isAskedToTurn }

  /// Whether a connection from an address can be the router's.
  func expects(_ remote: IPAddress, scope: UInt32, at local: IPAddress, in vrf: String?) -> Bool {
    let router = self.router.withLock { $0 }
    guard router.vrf == vrf, router.source == nil || router.source == local else { return false }
    switch router.remote {
    case .address(let address): return address == remote
    // At the other end of the link there is one router, whether it has been heard or not.
    case .interface(let name):
      guard case .v6(let address) = remote, address.isLinkLocal else { return false }
      return self.addresses.interface(named: name).map { UInt32(truncatingIfNeeded: $0.index) == scope } ?? false
    }
  }

  /// Whether the router has to sign what it sends.
  var isSigned: Bool { self.router.withLock { !$0.authentication.isNone } }

  /// What a packet of the router must at least have left of its TTL.
  var minimumTTL: UInt8? { self.router.withLock { $0.minimumTTL } }

  /// Takes a connection that the router has made; nil = there are enough.
  func accept(_ channel: any Channel) -> EventLoopFuture<Void>? {
    guard let identifier = self.door.admit(channel) else { return nil }
    let router = self.router.withLock { $0 }
    var options = SocketOptions(router)
    if case .keys(let keys) = router.authentication, let remote = IPAddress(channel.remoteAddress) {
      options.prefer(keys.first, for: remote)
    }
    return options.set(on: channel).flatMapThrowing {
      try channel.pipeline.syncOperations.addHandler(self.handler(of: identifier, router))
    }
  }

  private func handler(of identifier: ConnectionID, _ router: RouterAddress) -> BGPFrameHandler {
    BGPFrameHandler(identifier, self.mailbox, router) { [addresses] channel in
      addresses.endpoint(of: channel, to: router)
    }
  }

  // MARK: - The loop

  func run() async {
    var peer = self.initial
    var connections: [ConnectionID: BGPConnection] = [:]
    var journal = PeerJournal()
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
    let events = self.mailbox.take()
    connections.merge(self.door.takeArrivals()) { $1 }
    self.changeKeys(of: connections)
    for event in events { self.perform(peer.handle(event, at: now), &connections, &journal) }
    self.readdress(&peer, &connections, &journal, at: now)
    if let deadline = peer.nextDeadline, deadline <= now {
      self.perform(peer.handle(.tick, at: now), &connections, &journal)
    }
    self.publish(peer)
  }

  /// Comes after what connections have reported: one that has just been made may know the addresses of before.
  ///
  /// An address that is missing for a moment, as while a network is configured anew, is none to act upon: the connection
  /// tells whether it is gone.
  private func readdress(
    _ peer: inout Peer, _ connections: inout [ConnectionID: BGPConnection], _ journal: inout PeerJournal,
    at now: ContinuousClock.Instant
  ) {
    guard self.isReaddressed.exchange(false, ordering: .acquiring) else { return }
    let router = self.router.withLock { $0 }
    for (identifier, connection) in connections {
      guard let channel = connection.channel,
        self.addresses.has(IPAddress(channel.localAddress), on: router.interface, in: router.vrf),
        let endpoint = self.addresses.endpoint(of: channel, to: router)
      else { continue }
      self.perform(peer.handle(.readdressed(identifier, endpoint), at: now), &connections, &journal)
    }
  }

  /// Where the router keeps our routes over a restart it is told nothing; else it gets the time to prefer others.
  private func sayGoodbye(
    _ peer: inout Peer, _ connections: inout [ConnectionID: BGPConnection], _ journal: inout PeerJournal
  ) async {
    self.mailbox.close()
    self.door.shut()
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
    self.publish(peer)
  }

  private func publish(_ peer: Peer) {
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
        journal.note(report, in: self.logger)
      }
    }
    for (connection, rest) in bytes { connections[connection]?.write(rest) }
    for (connection, _) in connections where connections[connection]?.hasEnded == true {
      connections[connection] = nil
    }
  }

  /// A connection that cannot be told ends, and is made again.
  private func changeKeys(of connections: [ConnectionID: BGPConnection]) {
    let changes = self.keyChanges.withLock { changes in
      defer { changes = [] }
      return changes
    }
    for change in changes {
      self.logger.info(
        "TCP-AO keys changed",
        metadata: ["event": "keysChanged", "sendID": "\(change.new.first.sendID)", "count": "\(change.new.all.count)"])
      for connection in connections.values {
        let logger = self.logger
        connection.changeKeys(change.old, to: change.new) { error in
          logger.warning("a connection cannot go over to other keys", metadata: ["error": "\(error)"])
          connection.abandon()
        }
      }
    }
  }

  /// Begins to connect; the outcome comes back through the mailbox.
  private func dial(_ identifier: ConnectionID) -> BGPConnection {
    let connection = BGPConnection()
    let router = self.router.withLock { $0 }
    let mailbox = self.mailbox
    do {
      let remote = try self.socketAddress(of: router)
      BGPSockets.connect(to: remote, router, on: MultiThreadedEventLoopGroup.singleton) { channel in
        guard connection.attach(channel) else {
          return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(self.handler(of: identifier, router))
        }
      }.whenFailure { error in
        connection.abandon()
        mailbox.post(.connectFailed(identifier, ConnectionFailure.text(of: error, router)))
      }
    } catch {
      connection.abandon()
      mailbox.post(.connectFailed(identifier, "\(error)"))
    }
    return connection
  }

  private func socketAddress(of router: RouterAddress) throws -> SocketAddress {
    switch router.remote {
    case .address(let address): try SocketAddress(ipAddress: address.description, port: Int(router.port))
    case .interface(let name): try self.directory.socketAddress(on: name, port: router.port)
    }
  }
}
