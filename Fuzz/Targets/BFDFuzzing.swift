import BFD
import Primitives

/// What arrives at the ports of BFD.
enum BFDFuzzing {
  /// A Control packet, and the same bytes as a frame that may hold an Echo packet of ours.
  @Sendable static func packets(_ input: [UInt8]) {
    if let packet = try? ControlPacket(decoding: input) {
      expect(packet.bytes.count == ControlPacket.length, "\(packet) is written as \(packet.bytes.count) bytes")
      expect((try? ControlPacket(decoding: packet.bytes)) == packet, "\(packet) is not read as it was written")
    }
    if let datagram = EchoDatagram(frame: input.span.bytes) {
      let header = [UInt8](repeating: 2, count: 12) + (datagram.address.family == .ipv4 ? [0x08, 0x00] : [0x86, 0xDD])
      let frame = header + datagram.bytes
      expect(EchoDatagram(frame: frame.span.bytes) == datagram, "\(datagram) is not read as it was written")
    }
  }

  @Sendable static func sessions(_ input: [UInt8]) {
    var script = FuzzScript(input)
    var play = BFDSessionPlay()
    while !script.isAtEnd { play.act(&script) }
  }
}

/// The sessions of a node, with neighbours that say anything.
private struct BFDSessionPlay {
  private var table = SessionTable(seed: 1)
  private var now = start
  /// What the node calls its sessions, as it said.
  private var discriminators: [SessionPath: Discriminator] = [:]
  private var up: Set<SessionPath> = []
  private var echoes: [EchoPacket] = []

  private static let paths = [
    SessionPath(peer: .v4(IPv4Address(10, 0, 0, 2))),
    SessionPath(peer: .v4(IPv4Address(10, 0, 0, 2)), interface: "eth1"),
    SessionPath(peer: .v4(IPv4Address(10, 0, 0, 2)), isMultihop: true),
    SessionPath(peer: .v6(IPv6Address(bits: 0xFE80 << 112 | 2)), interface: "eth0"),
  ]

  mutating func act(_ script: inout FuzzScript) {
    switch script.choice(8) {
    case 0, 1: self.pass(script.pause())
    case 2: self.handle(.wanted(Self.path(&script), Self.settings(&script)))
    case 3: if script.choice(4) == 0 { self.handle(.unwanted(Self.path(&script))) }
    case 4:
      guard var echo = self.echoes.last else { break }
      if script.choice(4) == 0 { echo.sequence = script.number() }
      self.handle(.echoReturned(echo))
    case 5:
      guard let packet = try? ControlPacket(decoding: script.bytes(24)) else { break }
      self.handle(.received(packet, Self.arrival(&script)))
    default:
      self.hear(&script)
    }
  }

  private static func path(_ script: inout FuzzScript) -> SessionPath { self.paths[script.choice(self.paths.count)] }

  private static func interval(_ script: inout FuzzScript) -> Duration {
    .milliseconds(10 * (1 + Int64(script.byte())))
  }

  private static func settings(_ script: inout FuzzScript) -> BFD.Settings {
    BFD.Settings(
      receiveInterval: Self.interval(&script), transmitInterval: Self.interval(&script),
      detectMultiplier: max(1, script.byte()), echo: script.bool() ? .every(Self.interval(&script)) : .off,
      isPassive: script.bool())
  }

  private static func arrival(_ script: inout FuzzScript) -> Arrival {
    let path = Self.path(&script)
    return Arrival(
      source: path.peer, destination: .v4(IPv4Address(10, 0, 0, 1)), interface: script.bool() ? "eth0" : "eth1",
      ttl: script.choice(8) == 0 ? script.byte() : 255, isMultihop: path.isMultihop)
  }

  /// A neighbour that knows with whom it talks.
  private mutating func hear(_ script: inout FuzzScript) {
    let flags = script.byte()
    guard let state = SessionState(rawValue: flags & 3), let mine = Discriminator(1 + UInt32(flags >> 7)) else {
      return
    }
    let arrival = Self.arrival(&script)
    let path = Self.paths.first {
      $0.peer == arrival.source && $0.isMultihop == arrival.isMultihop
        && ($0.interface == nil || $0.interface == arrival.interface) && self.discriminators[$0] != nil
    }
    let yours = flags & 64 == 0 ? path.flatMap { self.discriminators[$0] } : nil
    guard yours != nil || state == .down || state == .adminDown else { return }
    let packet = ControlPacket(
      diagnostic: Diagnostic(rawValue: script.byte()), state: state, isPoll: flags & 4 != 0, isFinal: flags & 8 != 0,
      wantsDemand: flags & 16 != 0, detectMultiplier: max(1, script.byte()), mine: mine, yours: yours,
      desiredMinTransmit: Self.interval(&script), requiredMinReceive: flags & 32 == 0 ? Self.interval(&script) : .zero,
      requiredMinEchoReceive: Self.interval(&script))
    self.handle(.received(packet, arrival))
  }

  private mutating func pass(_ pause: Duration) {
    var (now, table) = (self.now, self.table)
    passTime(of: &table, from: &now, to: self.now + pause) { actions, _, _ in self.perform(actions) }
    (self.now, self.table) = (now, table)
  }

  private mutating func handle(_ event: SessionTable.Event) {
    self.perform(self.table.handle(event, at: self.now))
  }

  private mutating func perform(_ actions: [SessionTable.Action]) {
    expect(actions.count <= 64, "\(actions.count) actions at once")
    for action in actions {
      switch action {
      case .send(let packet, let path):
        self.discriminators[path] = packet.mine
        expect((try? ControlPacket(decoding: packet.bytes)) == packet, "\(packet) is not read as it was written")
      case .sendEcho(let packet, let path, _):
        expect(!path.isMultihop, "an Echo packet over routers")
        self.echoes = self.echoes.suffix(7) + [packet]
      case .up(let path):
        expect(self.up.insert(path).inserted, "\(path) is up twice")
      case .down(let path, let outage):
        expect(self.up.remove(path) != nil, "\(path) is down without having been up")
        expect(!"\(outage)".isEmpty, "an outage without a reason")
      case .close(let path):
        expect(!self.up.contains(path), "\(path) is closed while it is up")
        self.discriminators[path] = nil
      case .discard(_, _, let reason):
        expect(!"\(reason)".isEmpty, "a packet is discarded without a reason")
      }
    }
    // Heap and table know the same sessions.
    expect(self.table.readings.count <= Self.paths.count, "more sessions than paths")
    expect(self.table.pendingAlarms <= 4096, "\(self.table.pendingAlarms) alarms are kept")
  }
}
