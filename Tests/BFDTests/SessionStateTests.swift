import BFD
import TestKit
import Testing

/// The state machine of RFC 5880 section 6.8.6: what each packet does in each state.
@Suite struct SessionStateTests {
  let neighbor = Neighbor()

  struct Cell: Sendable, CustomStringConvertible {
    let state: SessionState
    let received: SessionState
    let becomes: SessionState

    init(_ state: SessionState, _ received: SessionState, _ becomes: SessionState) {
      (self.state, self.received, self.becomes) = (state, received, becomes)
    }

    var description: String { "\(self.state) hears \(self.received)" }
  }

  static let cells = [
    Cell(.adminDown, .adminDown, .adminDown), Cell(.adminDown, .down, .adminDown),
    Cell(.adminDown, .initializing, .adminDown), Cell(.adminDown, .up, .adminDown),
    Cell(.down, .adminDown, .down), Cell(.down, .down, .initializing), Cell(.down, .initializing, .up),
    Cell(.down, .up, .down),
    Cell(.initializing, .adminDown, .down), Cell(.initializing, .down, .initializing),
    Cell(.initializing, .initializing, .up), Cell(.initializing, .up, .up),
    Cell(.up, .adminDown, .down), Cell(.up, .down, .down), Cell(.up, .initializing, .up), Cell(.up, .up, .up),
  ]

  @Test(arguments: cells) func `each packet in each state does what the RFC says`(cell: Cell) {
    var session = Session.inState(cell.state)
    #expect(session.reading.state == cell.state)
    let actions = session.handle(.received(self.neighbor.packet(cell.received)), at: t0)
    #expect(session.reading.state == cell.becomes)
    var expected: [Session.Action] = []
    if cell.state != cell.becomes {
      // A change is said at once, and what it means to others comes after it.
      switch cell.becomes {
      case .up:
        expected = [.send(session.says(.up, poll: true)), .up]
      case .down:
        expected = [.send(session.says(.down, diagnostic: .neighborSignaledSessionDown))]
        if cell.state == .up {
          expected.append(.down(cell.received == .down ? .neighborDown(.none) : .neighborDisabled))
        }
      case .initializing:
        expected = [.send(session.says(.initializing))]
      case .adminDown:
        break
      }
    }
    #expect(actions == expected)
  }

  @Test func `a session greets at once, and every second until somebody answers`() {
    var session = Session(Settings(), discriminator: Neighbor.session, seed: 3, at: t0)
    let greeting = Session.Action.send(session.says(.down, to: nil))
    #expect(session.nextDeadline == t0)
    #expect(session.handle(.tick, at: t0) == [greeting])
    let sent = session.run(from: .zero, until: .seconds(30))
    #expect(sent.allSatisfy { $0.action == greeting })
    let gaps = zip(sent, sent.dropFirst()).map { $1.at - $0.at }
    #expect(gaps.allSatisfy { (.milliseconds(750)...(.seconds(1))).contains($0) }, "\(gaps)")
    #expect(Set(gaps).count > 20, "jitter differs from packet to packet")
  }

  @Test func `who is passive says nothing until it is spoken to, and nothing again when it hears nothing more`() {
    var session = Session(Settings(isPassive: true), discriminator: Neighbor.session, seed: 1, at: t0)
    #expect(session.nextDeadline == nil)
    #expect(session.handle(.tick, at: t0 + .seconds(60)) == [])
    let answer = session.handle(.received(self.neighbor.packet(.down, to: nil)), at: t0 + .seconds(60))
    #expect(answer == [.send(session.says(.initializing))])
    let rest = session.run(from: .seconds(60), until: .seconds(120))
    // 3 x 300 ms of silence end it; one packet a second at most goes out before that.
    #expect(rest.count <= 1, "\(rest)")
    #expect(session.reading.state == .down)
    #expect(session.nextDeadline == nil)
  }

  @Test func `a session that hears nothing for the detection time goes down and says why`() {
    var session = Session.inState(.up)
    let done = session.run(from: .zero, until: .milliseconds(900))
    #expect(done.dropLast(2).allSatisfy { $0.action == .send(session.says(.up)) })
    let (last, before) = (done[done.count - 1], done[done.count - 2])
    // Whom it has not heard for so long it does not know (RFC 5880 section 6.8.1).
    #expect(before.action == .send(session.says(.down, diagnostic: .controlDetectionTimeExpired, to: nil)))
    #expect(last.action == .down(.detectionTimeExpired))
    #expect(last.at == .milliseconds(900))
    #expect(session.reading.diagnostic == .controlDetectionTimeExpired)
  }

  @Test func `a silence before the session was up is told to nobody here`() {
    var session = Session.inState(.initializing)
    let done = session.run(from: .zero, until: .seconds(5))
    #expect(
      done.contains { $0.action == .send(session.says(.down, diagnostic: .controlDetectionTimeExpired, to: nil)) })
    #expect(!done.contains { if case .down = $0.action { true } else { false } })
    #expect(session.reading.state == .down)
  }

  @Test func `a session that was disabled says so for a detection time and is finished`() {
    var session = Session.inState(.up)
    let goodbye = session.says(.adminDown, diagnostic: .administrativelyDown)
    #expect(session.handle(.disabled, at: t0) == [.send(goodbye), .down(.disabled)])
    #expect(session.handle(.disabled, at: t0) == [], "once is enough")
    let done = session.run(from: .zero, until: .seconds(60))
    #expect(done.last?.action == .finished)
    #expect(done.last?.at == .seconds(3))
    #expect(
      done.dropLast().allSatisfy { if case .send(let packet) = $0.action { packet.state == .adminDown } else { false } }
    )
    #expect((2...4).contains(done.dropLast().count))
    #expect(session.nextDeadline == nil)
  }

  @Test func `a disabled session that is wanted again begins anew`() {
    var session = Session.inState(.up)
    _ = session.handle(.disabled, at: t0)
    #expect(session.handle(.enabled, at: t0 + .seconds(1)) == [.send(session.says(.down))])
    #expect(session.handle(.enabled, at: t0 + .seconds(1)) == [], "it is enabled already")
    _ = session.handle(.received(self.neighbor.packet(.down)), at: t0 + .seconds(1))
    #expect(session.handle(.received(self.neighbor.packet(.up)), at: t0 + .seconds(1)).last == .up)
  }

  @Test func `switching BFD off is no failure of the path, all else is`() {
    #expect([Outage.neighborDisabled, .disabled].filter(\.isFailure) == [])
    let failures = [Outage.detectionTimeExpired, .echoFailed, .neighborDown(.pathDown)]
    #expect(failures.filter(\.isFailure) == failures)
    #expect(Outage.neighborDown(.pathDown).description == "the neighbor says that it is down: path down")
  }

  @Test func `a neighbour that restarts under another discriminator takes the session down and up again`() {
    var session = Session.inState(.up)
    var restarted = self.neighbor
    restarted.mine = .sample(78)
    #expect(
      session.handle(.received(restarted.packet(.down, to: nil)), at: t0) == [
        .send(session.says(.down, diagnostic: .neighborSignaledSessionDown, to: .sample(78))),
        .down(.neighborDown(.none)),
      ])
    #expect(
      session.handle(.received(restarted.packet(.down)), at: t0) == [
        .send(session.says(.initializing, diagnostic: .neighborSignaledSessionDown, to: .sample(78)))
      ])
    #expect(
      session.handle(.received(restarted.packet(.initializing)), at: t0) == [
        .send(session.says(.up, poll: true, to: .sample(78))), .up,
      ])
    #expect(session.counters.sessionUp == 2 && session.counters.sessionDown == 1)
  }
}
