import Gossip
import Primitives

/// A member of a group in which everybody says anything.
struct MembershipPlay {
  private var membership = Membership(
    name: "own", endpoint: Self.place(0), seed: 1, at: start)
  private var now = start
  private var exchanges: [Membership.ExchangeID] = []
  private var hasLeft = false
  private let codec = WireCodec(key: nil)

  private static func place(_ number: UInt8) -> MemberAddress {
    MemberAddress(.v4(IPv4Address(10, 0, 0, number)), 7946)
  }
  private static let names = ["own", "a", "b", "c"]

  mutating func act(_ script: inout FuzzScript) {
    switch script.choice(10) {
    case 0, 1: self.pass(script.pause())
    case 2: self.handle(.join((0..<(1 + script.choice(3))).map { _ in Self.place(script.byte()) }))
    case 3: self.handle(.watch(Set((0..<script.choice(4)).map { _ in Self.name(&script) })))
    case 4:
      guard let exchange = self.exchanges.popLast() else { break }
      if script.bool() {
        self.handle(.answered(exchange, Self.streamMessage(&script)))
      } else {
        self.handle(.unanswered(exchange, reason: "refused"))
      }
    case 5: self.handle(.requested(Self.streamMessage(&script), on: 1))
    case 6:
      self.handle(.received(self.codec.read(datagram: script.bytes()).messages, from: Self.place(script.byte())))
    case 7 where script.byte() == 0:
      self.hasLeft = true
      self.handle(.leave)
    default:
      let messages = (0..<(1 + script.choice(4))).map { _ in Self.message(&script) }
      self.handle(.received(messages, from: Self.place(script.byte())))
    }
  }

  private static func name(_ script: inout FuzzScript) -> String {
    let number = script.choice(8)
    return number < Self.names.count ? Self.names[number] : "\(number)\(script.byte())"
  }

  private static func message(_ script: inout FuzzScript) -> Gossip.Message {
    let accusation = { (script: inout FuzzScript) in
      Accusation(incarnation: Self.incarnation(&script), node: Self.name(&script), from: Self.name(&script))
    }
    switch script.choice(8) {
    case 0: return .ping(Ping(sequence: script.number(), node: Self.name(&script)))
    case 1:
      return .indirectPing(
        IndirectPing(
          sequence: script.number(), target: Self.place(script.byte()), node: Self.name(&script),
          wantsNack: script.bool()))
    case 2: return .ack(Ack(sequence: UInt32(script.byte())))
    case 3: return .nack(sequence: UInt32(script.byte()))
    case 4: return .suspect(accusation(&script))
    case 5: return .dead(accusation(&script))
    default:
      return .alive(
        Alive(
          incarnation: Self.incarnation(&script), node: Self.name(&script), endpoint: Self.place(script.byte()),
          meta: script.bytes(), versions: Self.versions(&script)))
    }
  }

  private static func streamMessage(_ script: inout FuzzScript) -> StreamMessage {
    switch script.choice(6) {
    case 0: return .ping(Ping(sequence: script.number(), node: Self.name(&script)))
    case 1: return .ack(Ack(sequence: UInt32(script.byte())))
    case 2: return .error(script.text())
    default:
      let states = (0..<script.choice(6)).map { _ in
        NodeState(
          node: Self.name(&script), endpoint: Self.place(script.byte()), meta: script.bytes(),
          incarnation: Self.incarnation(&script), liveness: Liveness.allCases[script.choice(4)],
          versions: Self.versions(&script))
      }
      return .pushPull(PushPull(isJoin: script.bool(), states: states))
    }
  }

  /// Mostly a small number, now and then one of the highest.
  private static func incarnation(_ script: inout FuzzScript) -> UInt32 {
    let byte = script.byte()
    return byte < 0xF0 ? UInt32(byte) : .max - UInt32(byte & 0x0F)
  }

  private static func versions(_ script: inout FuzzScript) -> ProtocolVersions? {
    switch script.choice(8) {
    case 0: nil
    case 1: ProtocolVersions(minimum: script.byte(), maximum: script.byte(), current: script.byte())
    default: .ours
    }
  }

  private mutating func pass(_ pause: Duration) {
    var (now, membership) = (self.now, self.membership)
    passTime(of: &membership, from: &now, to: self.now + pause) { actions, _, machine in
      self.membership = machine
      self.perform(actions)
    }
    (self.now, self.membership) = (now, membership)
  }

  private mutating func handle(_ event: Membership.Event) {
    let actions = self.membership.handle(event, at: self.now)
    self.perform(actions)
  }

  private mutating func perform(_ actions: [Membership.Action]) {
    // Whatever others say of it, a node knows that it lives.
    let own = self.membership.own
    expect(self.hasLeft || own.liveness == .alive, "a node that runs takes itself for \(own.liveness)")
    expect(own.endpoint == Self.place(0), "a node took over another place")
    for action in actions {
      switch action {
      case .send(let packet, _):
        let datagram = self.codec.datagram(packet, nonce: GossipFuzzing.nonce)
        expect(datagram.count <= 65_507, "a datagram of \(datagram.count) bytes")
        let reading = self.codec.read(datagram: datagram)
        expect(
          reading.problems.isEmpty && reading.messages.count == packet.messages.count, "\(packet) is read as \(reading)"
        )
      case .exchange(let exchange, let message, with: _, within: _):
        self.exchanges = self.exchanges.suffix(7) + [exchange]
        self.check(message)
      case .answer(_, let message):
        if let message { self.check(message) }
      case .report, .deliver, .settled, .departed:
        break
      }
    }
  }

  private func check(_ message: StreamMessage) {
    var reader = self.codec.streamReader()
    let read = try? reader.append(self.codec.stream(message, nonce: GossipFuzzing.nonce))
    expect(read == message, "\(message) is not read as it was written")
  }
}
