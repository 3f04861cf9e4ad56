import BFD
import TestKit
import Testing

/// The Echo function (RFC 5880 sections 6.4, 6.8.5, 6.8.9).
@Suite struct SessionEchoTests {
  static let settings = Settings(echo: .every(.milliseconds(50)))
  let neighbor = Neighbor(requiredMinEchoReceive: .milliseconds(20))

  /// The Echo packets among what was done.
  private func echoes(_ done: [(at: Duration, action: Session.Action)]) -> [(at: Duration, packet: EchoPacket)] {
    done.compactMap { if case .sendEcho(let packet) = $0.action { ($0.at, packet) } else { nil } }
  }

  @Test func `both ends must want it, and the session must be up`() {
    var unwilling = Session.inState(.up, Self.settings, with: Neighbor(requiredMinEchoReceive: .zero))
    #expect(self.echoes(unwilling.run(from: .zero, until: .milliseconds(800))).isEmpty)
    var unasked = Session.inState(.up, Settings(), with: self.neighbor)
    #expect(self.echoes(unasked.run(from: .zero, until: .milliseconds(800))).isEmpty)
    var early = Session.inState(.initializing, Self.settings, with: self.neighbor)
    #expect(self.echoes(early.run(from: .zero, until: .milliseconds(800))).isEmpty)
    var both = Session.inState(.up, Self.settings, with: self.neighbor)
    let sent = self.echoes(both.run(from: .zero, until: .milliseconds(800)))
    #expect(sent.map(\.packet.sequence) == Array(1...UInt32(sent.count)))
    let gaps = zip(sent, sent.dropFirst()).map { $1.at - $0.at }
    #expect(gaps.count >= 15 && gaps.allSatisfy { (Duration.microseconds(37_500)...(.milliseconds(50))).contains($0) })
  }

  @Test func `the slower of the two paces counts`() {
    var session = Session.inState(.up, Self.settings, with: Neighbor(requiredMinEchoReceive: .milliseconds(200)))
    #expect((4...6).contains(self.echoes(session.run(from: .zero, until: .milliseconds(800))).count))
  }

  @Test func `a path that loops nothing costs nothing`() {
    var session = Session.inState(.up, Self.settings, with: self.neighbor)
    for round in 1...20 {
      _ = session.handle(.received(self.neighbor.packet(.up)), at: t0 + .milliseconds(300) * round)
      _ = session.run(from: .milliseconds(300) * round, until: .milliseconds(300) * (round + 1))
    }
    #expect(session.reading.state == .up)
    #expect(!session.reading.isEchoing)
    #expect(session.reading.detectionTime == .milliseconds(900), "packets go on detecting")
  }

  /// A session whose latest Echo packet has come back at `t0`.
  private func echoing() throws -> (session: Session, packet: EchoPacket) {
    var session = Session.inState(.up, Self.settings, with: self.neighbor)
    let packet = try #require(self.echoes(session.run(from: .zero, until: .zero)).last?.packet)
    #expect(session.handle(.echoReturned(packet), at: t0) == [])
    return (session, packet)
  }

  @Test func `once they come back they detect, and packets become slow`() throws {
    var (session, _) = try self.echoing()
    #expect(session.reading.isEchoing)
    #expect(session.reading.detectionTime == .seconds(3))
    let done = session.run(from: .zero, until: .milliseconds(150))
    #expect(done.last?.action == .down(.echoFailed))
    #expect(done.last?.at == .milliseconds(150))
    #expect(done.dropLast().last?.action == .send(session.says(.down, diagnostic: .echoFunctionFailed)))
    #expect(session.counters.sessionDown == 1)
  }

  @Test func `the neighbour is told that packets may be slow, and that they may not any more`() throws {
    var (session, _) = try self.echoing()
    let asking = session.handle(.received(self.neighbor.packet(.up, poll: true)), at: t0)
    #expect(asking == [.send(session.says(.up, final: true, receive: .seconds(1)))])
    _ = session.handle(.received(self.neighbor.packet(.up, final: true)), at: t0)
    // It loops no longer: its packets must detect again, and they count from when it has confirmed that.
    let unwilling = Neighbor(requiredMinEchoReceive: .zero)
    _ = session.handle(.received(unwilling.packet(.up)), at: t0)
    #expect(!session.reading.isEchoing)
    #expect(session.reading.detectionTime == .seconds(3))
    _ = session.handle(.received(unwilling.packet(.up, final: true)), at: t0)
    #expect(session.reading.detectionTime == .milliseconds(900))
  }

  @Test func `what was not sent, or came back before, proves nothing`() throws {
    let (session, packet) = try self.echoing()
    var foreign = packet
    foreign.key ^= 1
    var early = packet
    early.sequence += 1
    for packet in [foreign, early, packet] {
      var copy = session
      #expect(copy.handle(.echoReturned(packet), at: t0 + .milliseconds(10)) == [])
      #expect(copy == session, "\(packet)")
    }
  }

  @Test func `a session that comes up again begins without trust`() throws {
    var (session, packet) = try self.echoing()
    _ = session.handle(.received(self.neighbor.packet(.down)), at: t0)
    #expect(session.reading.detectionTime == .milliseconds(900), "nobody is up, nobody relies on what was")
    _ = session.handle(.received(self.neighbor.packet(.down)), at: t0)
    _ = session.handle(.received(self.neighbor.packet(.up)), at: t0)
    _ = session.handle(.echoReturned(packet), at: t0)
    #expect(session.reading.state == .up && !session.reading.isEchoing)
    #expect(self.echoes(session.run(from: .zero, until: .zero)).map(\.packet.sequence) == [2])
  }
}
