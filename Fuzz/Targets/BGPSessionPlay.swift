import BGP
import Primitives

/// A peer's machine, with a router at the other end that does as the script says: mostly what it should, and then anything.
///
/// The router keeps what it is told. When it has read everything it must have exactly what it should have, however often
/// the session went down on the way.
struct BGPSessionPlay {
  private var peer: Peer
  private var now = start
  /// The connections that are open, in the order in which they were made.
  private var connections: [ConnectionID] = []
  private var splitters: [ConnectionID: FrameSplitter] = [:]
  private var dialled: [ConnectionID] = []
  private var flushing: Set<ConnectionID> = []
  private var incoming: UInt64 = 0
  private var established: (connection: ConnectionID, agreement: Agreement)?
  /// Where the latest message came from: who completes a session with it has completed it there.
  private var speaking: ConnectionID?
  /// What the router has, and what it should have.
  private var table: Set<IPPrefix> = []
  private var desired: Set<IPPrefix> = []

  /// Our end of each connection, with the IPv6 address that its interface has now.
  private var endpoint = ConnectionEndpoint(
    local: .v4(IPv4Address(10, 0, 0, 1)), ipv6: IPv6Address(bits: 0x2001_0DB8 << 96 | 1),
    routerID: IPv4Address(10, 0, 0, 1))

  init(_ script: inout FuzzScript) {
    self.peer = Peer(Self.settings(&script), isRestarting: script.bool(), seed: 1)
    self.handle(.start)
  }

  private static func settings(_ script: inout FuzzScript) -> PeerSettings {
    let flags = script.byte()
    return PeerSettings(
      localASN: ASN(flags & 1 == 0 ? 64_512 : 4_200_000_001),
      remoteASN: [.exactly(ASN(64_513)), .internal, .external, .external][Int(flags >> 1 & 3)],
      holdTime: HoldTime(seconds: UInt16(script.byte())) ?? .standard,
      families: flags & 8 == 0 ? [.ipv4, .ipv6] : flags & 16 == 0 ? [.ipv4] : [.ipv6],
      restartTime: flags & 32 == 0 ? nil : .seconds(120), isPassive: flags & 64 != 0)
  }

  // MARK: - What happens

  mutating func act(_ script: inout FuzzScript) {
    switch script.choice(16) {
    case 0:
      self.pass(script.pause())
    case 1, 2:
      guard let connection = self.dialled.popLast() else { break }
      if script.bool() {
        self.handle(.connectFailed(connection, "refused"))
      } else {
        self.open(connection)
        self.handle(.connected(connection, self.endpoint))
      }
    case 3:
      self.incoming += 1
      let connection = ConnectionID(.incoming, self.incoming)
      self.open(connection)
      self.handle(.accepted(connection, self.endpoint))
    case 4, 5:
      self.introduce(&script)
    case 6:
      self.say(.keepalive, &script)
    case 7:
      self.receive(script.bytes(), on: self.connection(&script))
    case 8:
      self.receive(Frame(type: script.byte(), body: script.bytes()).bytes, on: self.connection(&script))
    case 9:
      self.say(.routeRefresh(RouteRefresh(.request, script.bool() ? .ipv4Unicast : .ipv6Unicast)), &script)
    case 10, 11:
      self.change(&script)
    case 12:
      self.flush()
    case 13:
      guard let connection = self.connection(&script) else { break }
      self.forget(connection)
      self.handle(.closed(connection, "reset by peer"))
    case 14:
      self.handle(.reconfigured(Self.settings(&script), isReachedDifferently: script.bool()))
    default:
      self.command(&script)
    }
  }

  private mutating func command(_ script: inout FuzzScript) {
    switch script.choice(16) {
    case 0: self.handle(.stop([.shutdown(script.text()), .removed, .restart][script.choice(3)]))
    case 1...3: self.handle(.drain)
    case 4...6: self.readdress(&script)
    case 7: self.handle(.reachable)
    case 8: self.handle(.moved)
    case 9: self.handle(.unreachable("the link is down"))
    case 10: self.handle(.pathRestored)
    default: self.handle(.pathFailed)
    }
  }

  /// The interface has another IPv6 address, or none.
  private mutating func readdress(_ script: inout FuzzScript) {
    let number = script.choice(3)
    self.endpoint.ipv6 = number == 0 ? nil : IPv6Address(bits: 0x2001_0DB8 << 96 | UInt128(number))
    for connection in self.connections { self.handle(.readdressed(connection, self.endpoint)) }
  }

  private mutating func pass(_ pause: Duration) {
    let end = self.now + pause
    var (now, peer) = (self.now, self.peer)
    passTime(of: &peer, from: &now, to: end) { actions, at, machine in
      self.now = at
      self.peer = machine
      self.perform(actions)
      machine = self.peer
    }
    (self.now, self.peer) = (now, peer)
  }

  private func connection(_ script: inout FuzzScript) -> ConnectionID? {
    self.connections.isEmpty ? nil : self.connections[script.choice(self.connections.count)]
  }

  private mutating func introduce(_ script: inout FuzzScript) {
    let flags = script.byte()
    let asn = ASN([64_513, 64_512, 4_200_000_001, 4_200_000_002][Int(flags & 3)])
    var capabilities: [Capability] = []
    if flags & 4 == 0 { capabilities += [.multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast)] }
    if flags & 8 == 0 { capabilities.append(.fourOctetASN(asn)) }
    if flags & 16 != 0 { capabilities.append(.extendedMessage) }
    if flags & 32 != 0 { capabilities.append(.enhancedRouteRefresh) }
    if flags & 64 != 0 {
      capabilities.append(
        .gracefulRestart(
          GracefulRestart(isRestarting: false, coversNotifications: flags & 128 != 0, restartSeconds: 60, families: []))
      )
    }
    let open = OpenMessage(
      shortASN: UInt16(truncatingIfNeeded: asn.number), holdSeconds: UInt16(script.byte()),
      identifier: IPv4Address(10, 0, 0, 2), capabilities: capabilities)
    self.say(.open(open), &script)
  }

  private mutating func say(_ message: BGP.Message, _ script: inout FuzzScript) {
    self.receive(message.bytes, on: self.connection(&script))
  }

  private mutating func receive(_ bytes: [UInt8], on connection: ConnectionID?) {
    guard let connection, var splitter = self.splitters[connection] else { return }
    splitter.append(bytes)
    self.splitters[connection] = splitter
    do throws(BGP.Notification) {
      while let frame = try splitter.next() {
        self.splitters[connection] = splitter
        self.speaking = connection
        self.handle(.received(connection, frame))
        guard self.splitters[connection] != nil else { return }
      }
    } catch {
      self.handle(.malformed(connection, error))
    }
  }

  private mutating func change(_ script: inout FuzzScript) {
    let route: Route? =
      script.bool()
      ? Route(prependCount: script.choice(4), communities: [Community(64_512, UInt16(script.byte()))]) : nil
    let isIPv6 = script.bool()
    var routes: [IPPrefix: Route?] = [:]
    for _ in 0..<(1 + script.choice(32)) {
      let number = script.byte()
      let address: IPAddress =
        isIPv6 ? .v6(IPv6Address(bits: UInt128(number) << 120)) : .v4(IPv4Address(bits: UInt32(number) << 24))
      guard let prefix = IPPrefix(address, length: 8) else { continue }
      routes[prefix] = .some(route)
      if route == nil { self.desired.remove(prefix) } else { self.desired.insert(prefix) }
    }
    self.handle(.routes(routes))
  }

  private mutating func flush() {
    for connection in self.flushing.sorted() {
      self.flushing.remove(connection)
      self.handle(.flushed(connection))
    }
  }

  /// Lets the router read everything, and looks at what it has.
  mutating func finish() {
    while !self.flushing.isEmpty { self.flush() }
    guard let agreement = self.established?.agreement else { return }
    let wanted = self.desired.filter { prefix in
      agreement.families.contains(prefix.family) && (prefix.family == .ipv4 || self.endpoint.ipv6 != nil)
    }
    expect(self.table == wanted, "the router has \(self.table.count) prefixes, and not its \(wanted.count)")
    expect(self.peer.routes.sentCount == wanted.count, "\(self.peer.routes.sentCount) prefixes are counted as sent")
  }

  // MARK: - What comes of it

  private mutating func open(_ connection: ConnectionID) {
    self.connections.append(connection)
    self.splitters[connection] = FrameSplitter()
  }

  private mutating func forget(_ connection: ConnectionID) {
    self.connections.removeAll { $0 == connection }
    self.splitters[connection] = nil
    self.flushing.remove(connection)
    if self.established?.connection == connection { self.established = nil }
  }

  private mutating func handle(_ event: Peer.Event) {
    self.perform(self.peer.handle(event, at: self.now))
  }

  private mutating func perform(_ actions: [Peer.Action]) {
    for action in actions {
      switch action {
      case .dial(let connection):
        self.dialled = [connection]
      case .abandon(let connection):
        self.dialled.removeAll { $0 == connection }
      case .send(let connection, let message):
        expect(self.connections.contains(connection), "\(message) is sent on \(connection), which is closed")
        self.read(message, on: connection)
      case .reportFlushed(let connection):
        expect(self.flushing.insert(connection).inserted, "two batches are on their way at once")
      case .close(let connection):
        self.forget(connection)
      case .report(.established(let agreement)):
        self.establish(agreement)
      case .report(let report):
        expect(!"\(report)".isEmpty, "a report that says nothing")
      }
    }
  }

  private mutating func establish(_ agreement: Agreement) {
    guard let connection = self.speaking else { return expect(false, "a session without a word from the router") }
    self.established = (connection, agreement)
    self.table = []
  }

  /// The router understands every message, and none of them is too long for it.
  private mutating func read(_ message: BGP.Message, on connection: ConnectionID) {
    let isEstablished = self.established?.connection == connection
    let format = isEstablished ? self.established?.agreement.format ?? .initial : .initial
    let bytes = message.bytes
    expect(bytes.count <= (format.allowsExtendedMessages ? 65_535 : 4096), "a message of \(bytes.count) octets")
    var splitter = FrameSplitter()
    splitter.append(bytes)
    do throws(BGP.Notification) {
      guard let frame = try splitter.next(), let message = try BGP.Message(decoding: frame, format) else {
        return expect(false, "the router ignores \(message)")
      }
      guard case .update(let update) = message else { return }
      expect(isEstablished, "routes on a connection that is not established")
      expect(update.faults.isEmpty, "the router finds faults in \(update)")
      self.table.subtract(update.withdrawn + (update.attributes.unreachable?.prefixes ?? []))
      self.table.formUnion(update.announced + (update.attributes.reachable?.prefixes ?? []))
    } catch {
      expect(false, "the router refuses \(message): \(error)")
    }
  }
}
