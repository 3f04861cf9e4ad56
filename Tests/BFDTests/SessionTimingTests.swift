import BFD
import TestKit
import Testing

/// How intervals are agreed upon, changed and kept (RFC 5880 sections 6.5, 6.6, 6.8.2 to 6.8.4, 6.8.7).
@Suite struct SessionTimingTests {
  private func isSend(_ action: Session.Action) -> Bool { if case .send = action { true } else { false } }

  @Test(arguments: [
    (Duration.milliseconds(50), Duration.milliseconds(10), Duration.milliseconds(50)),
    (.milliseconds(50), .milliseconds(200), .milliseconds(200)),
  ])
  func `packets go no faster than either end wants`(ours: Duration, theirs: Duration, agreed: Duration) {
    let neighbor = Neighbor(desiredMinTransmit: .seconds(60), requiredMinReceive: theirs)
    var session = Session.inState(.up, Settings(transmitInterval: ours), with: neighbor)
    #expect(session.reading.transmitInterval == agreed)
    let sent = session.run(from: .zero, until: .seconds(20))
    let gaps = zip(sent, sent.dropFirst()).map { $1.at - $0.at }
    #expect(gaps.count > 50)
    #expect(gaps.allSatisfy { (agreed * 0.75...agreed).contains($0) })
  }

  @Test func `with a multiplier of one no packet comes so late that the session ends`() {
    var neighbor = Neighbor()
    neighbor.desiredMinTransmit = .seconds(60)
    var session = Session.inState(.up, Settings(detectMultiplier: 1), with: neighbor)
    let sent = session.run(from: .zero, until: .seconds(59))
    let gaps = zip(sent, sent.dropFirst()).map { $1.at - $0.at }
    #expect(gaps.allSatisfy { (Duration.milliseconds(225)...(.milliseconds(270))).contains($0) })
  }

  @Test(arguments: [
    (UInt8(3), Duration.milliseconds(100), Duration.milliseconds(300), Duration.milliseconds(900)),
    (5, .milliseconds(1000), .milliseconds(300), .milliseconds(5000)),
    (255, .milliseconds(10), .milliseconds(10), .milliseconds(2550)),
  ])
  func `the detection time is what the neighbour multiplies and what both agreed on`(
    multiplier: UInt8, theirs: Duration, ours: Duration, expected: Duration
  ) {
    let neighbor = Neighbor(detectMultiplier: multiplier, desiredMinTransmit: theirs)
    let session = Session.inState(.up, Settings(receiveInterval: ours), with: neighbor)
    #expect(session.reading.detectionTime == expected)
  }

  @Test func `a session that comes up asks until it is answered, and answers what it is asked`() {
    var session = Session.inState(.initializing)
    let neighbor = Neighbor()
    #expect(
      session.handle(.received(neighbor.packet(.up, poll: true)), at: t0)
        == [.send(session.says(.up, final: true)), .up], "an answer asks nothing itself")
    let sent = session.run(from: .zero, until: .milliseconds(300))
    #expect(sent.first?.action == .send(session.says(.up, poll: true)))
    #expect(session.handle(.received(neighbor.packet(.up, final: true)), at: t0 + .milliseconds(300)) == [])
    let later = session.run(from: .milliseconds(300), until: .milliseconds(900))
    #expect(later.first?.action == .send(session.says(.up)))
    #expect(
      session.handle(.received(neighbor.packet(.up, poll: true)), at: t0 + .milliseconds(900)) == [
        .send(session.says(.up, final: true))
      ])
  }

  @Test func `a slower pace is kept back until the neighbour has confirmed it`() {
    let neighbor = Neighbor(requiredMinReceive: .milliseconds(10))
    var session = Session.inState(.up, Settings(transmitInterval: .milliseconds(50)), with: neighbor)
    var slower = session.settings
    slower.transmitInterval = .milliseconds(500)
    #expect(session.handle(.configured(slower), at: t0) == [])
    #expect(session.reading.transmitInterval == .milliseconds(50))
    let asking = session.run(from: .zero, until: .milliseconds(300))
    #expect(asking.allSatisfy { $0.action == .send(session.says(.up, poll: true)) })
    #expect(asking.count >= 6)
    _ = session.handle(.received(neighbor.packet(.up, final: true)), at: t0 + .milliseconds(300))
    #expect(session.reading.transmitInterval == .milliseconds(500))
  }

  @Test func `a faster pace is taken up at once`() {
    let neighbor = Neighbor(desiredMinTransmit: .seconds(5), requiredMinReceive: .milliseconds(10))
    var session = Session.inState(.up, Settings(transmitInterval: .seconds(2)), with: neighbor)
    _ = session.run(from: .zero, until: .seconds(3))
    var faster = session.settings
    faster.transmitInterval = .milliseconds(20)
    _ = session.handle(.configured(faster), at: t0 + .seconds(3))
    #expect(session.reading.transmitInterval == .milliseconds(20))
    #expect(session.nextDeadline.map { $0 <= t0 + .seconds(3) + .milliseconds(20) } == true)
  }

  @Test func `a shorter detection time is kept back until the neighbour has confirmed that it sends faster`() {
    let neighbor = Neighbor(desiredMinTransmit: .milliseconds(10))
    var session = Session.inState(.up, Settings(receiveInterval: .milliseconds(300)), with: neighbor)
    var faster = session.settings
    faster.receiveInterval = .milliseconds(20)
    _ = session.handle(.configured(faster), at: t0)
    #expect(session.reading.detectionTime == .milliseconds(900))
    _ = session.handle(.received(neighbor.packet(.up)), at: t0)
    #expect(session.reading.detectionTime == .milliseconds(900))
    _ = session.handle(.received(neighbor.packet(.up, final: true)), at: t0)
    #expect(session.reading.detectionTime == .milliseconds(60))
  }

  @Test func `a change during a question is asked again, as the answer may be to the first`() {
    let neighbor = Neighbor(requiredMinReceive: .milliseconds(10))
    var session = Session.inState(.up, Settings(transmitInterval: .milliseconds(50)), with: neighbor)
    for interval in [100, 200] {
      var settings = session.settings
      settings.transmitInterval = .milliseconds(interval)
      _ = session.handle(.configured(settings), at: t0)
    }
    _ = session.handle(.received(neighbor.packet(.up, final: true)), at: t0)
    #expect(session.reading.transmitInterval == .milliseconds(50))
    _ = session.handle(.received(neighbor.packet(.up, final: true)), at: t0)
    #expect(session.reading.transmitInterval == .milliseconds(200))
  }

  @Test func `a neighbour in demand mode gets nothing but answers, changes and questions`() {
    var neighbor = Neighbor(desiredMinTransmit: .seconds(5))
    neighbor.wantsDemand = true
    var session = Session.inState(.up, with: neighbor)
    #expect(session.run(from: .zero, until: .seconds(10)).isEmpty)
    #expect(
      session.handle(.received(neighbor.packet(.up, poll: true)), at: t0 + .seconds(10)) == [
        .send(session.says(.up, final: true))
      ])
    var slower = session.settings
    slower.transmitInterval = .milliseconds(600)
    _ = session.handle(.configured(slower), at: t0 + .seconds(10))
    let asking = session.run(from: .seconds(10), until: .seconds(12))
    #expect(asking.count >= 3 && asking.allSatisfy { $0.action == .send(session.says(.up, poll: true)) }, "\(asking)")
    _ = session.handle(.received(neighbor.packet(.up, final: true)), at: t0 + .seconds(12))
    #expect(session.run(from: .seconds(12), until: .seconds(20)).isEmpty)
    // While it is not up, it is spoken to as everybody is.
    _ = session.handle(.received(neighbor.packet(.down)), at: t0 + .seconds(20))
    #expect(session.run(from: .seconds(20), until: .seconds(23)).contains { self.isSend($0.action) })
  }

  @Test func `a neighbour that wants no packets gets answers and changes only`() {
    let neighbor = Neighbor(desiredMinTransmit: .seconds(5), requiredMinReceive: .zero)
    var session = Session.inState(.up, with: neighbor)
    #expect(session.run(from: .zero, until: .seconds(10)).isEmpty)
    #expect(
      session.handle(.received(neighbor.packet(.up, poll: true)), at: t0 + .seconds(10)) == [
        .send(session.says(.up, final: true))
      ])
    #expect(session.handle(.received(neighbor.packet(.down)), at: t0 + .seconds(10)).count == 2)
  }

  @Test func `a thread that wakes late neither loses its place nor sends twice`() {
    let neighbor = Neighbor(desiredMinTransmit: .seconds(60))
    var session = Session.inState(.up, with: neighbor)
    #expect(session.handle(.tick, at: t0 + .seconds(5)) == [.send(session.says(.up))])
    #expect(session.handle(.tick, at: t0 + .seconds(5)) == [])
    #expect(session.nextDeadline.map { $0 > t0 + .seconds(5) } == true)
  }

  @Test func `settings say which intervals hardware may not know`() {
    #expect(Settings().uncommonIntervals == [.milliseconds(300)])
    #expect(Settings(receiveInterval: .milliseconds(50), transmitInterval: .milliseconds(10)).uncommonIntervals == [])
    #expect(
      Settings(receiveInterval: .milliseconds(50), transmitInterval: .milliseconds(51), echo: .every(.milliseconds(7)))
        .uncommonIntervals == [.milliseconds(7), .milliseconds(51)])
  }
}
