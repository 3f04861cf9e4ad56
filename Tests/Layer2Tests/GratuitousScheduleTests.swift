import Primitives
import TestKit
import Testing

@testable import Layer2

@Suite struct GratuitousScheduleTests {
  static let first = IPAddress.v4(IPv4Address(192, 0, 2, 1))
  static let second = IPAddress.v4(IPv4Address(192, 0, 2, 2))

  /// A schedule without refresh, as upstream's.
  static func upstream() -> GratuitousSchedule {
    GratuitousSchedule(GratuitousSchedule.Settings(refreshInterval: .zero), seed: 1)
  }

  /// Ticks at each deadline up to an end, and returns what was sent when.
  static func play(
    _ schedule: inout GratuitousSchedule, until end: Duration
  ) -> [(after: Duration, address: IPAddress)] {
    var sent: [(after: Duration, address: IPAddress)] = []
    while let deadline = schedule.nextDeadline, deadline <= t0 + end {
      for action in schedule.handle(.tick, at: deadline) {
        switch action {
        case .sendBurst(let address, _): sent.append((deadline - t0, address))
        }
      }
    }
    return sent
  }

  @Test func `a fresh announcement is sent at once and every 1.1 s for 5 s, then never again`() {
    var schedule = Self.upstream()
    #expect(schedule.handle(.announced(Self.first), at: t0) == [.sendBurst(Self.first, on: .all)])
    let later = Self.play(&schedule, until: .seconds(3600))
    #expect(later.map(\.after) == [1100, 2200, 3300, 4400].map { .milliseconds($0) })
    #expect(schedule.nextDeadline == nil)
  }

  @Test func `announcing within the window sends nothing at once and moves the end of the window`() {
    var schedule = Self.upstream()
    _ = schedule.handle(.announced(Self.first), at: t0)
    #expect(schedule.handle(.announced(Self.first), at: t0 + .seconds(1)) == [])
    #expect(
      Self.play(&schedule, until: .seconds(60)).map(\.after)
        == [1100, 2200, 3300, 4400, 5500].map { .milliseconds($0) })
  }

  @Test func `announcing after the window begins a new one`() {
    var schedule = Self.upstream()
    _ = schedule.handle(.announced(Self.first), at: t0)
    _ = Self.play(&schedule, until: .seconds(60))
    #expect(schedule.handle(.announced(Self.first), at: t0 + .seconds(60)) == [.sendBurst(Self.first, on: .all)])
    #expect(schedule.nextDeadline == t0 + .seconds(60) + .milliseconds(1100))
  }

  @Test func `a withdrawn address is never sent again, and wants no tick`() {
    var schedule = Self.upstream()
    _ = schedule.handle(.announced(Self.first), at: t0)
    #expect(schedule.handle(.withdrawn(Self.first), at: t0 + .seconds(1)) == [])
    #expect(schedule.nextDeadline == nil)
    #expect(schedule.handle(.tick, at: t0 + .milliseconds(1100)) == [])
  }

  @Test func `an address that was withdrawn and comes back is fresh`() {
    var schedule = Self.upstream()
    _ = schedule.handle(.announced(Self.first), at: t0)
    _ = schedule.handle(.withdrawn(Self.first), at: t0 + .seconds(1))
    #expect(schedule.handle(.announced(Self.first), at: t0 + .seconds(1)) == [.sendBurst(Self.first, on: .all)])
    #expect(Self.play(&schedule, until: .seconds(60)).count == 4)
  }

  @Test func `a tick before a deadline does nothing`() {
    var schedule = Self.upstream()
    _ = schedule.handle(.announced(Self.first), at: t0)
    let before = schedule
    #expect(schedule.handle(.tick, at: t0 + .milliseconds(1099)) == [])
    #expect(schedule == before)
  }

  @Test func `addresses keep their own time`() {
    var schedule = Self.upstream()
    _ = schedule.handle(.announced(Self.first), at: t0)
    _ = schedule.handle(.announced(Self.second), at: t0 + .milliseconds(500))
    let sent = Self.play(&schedule, until: .seconds(60))
    #expect(
      sent.filter { $0.address == Self.first }.map(\.after) == [1100, 2200, 3300, 4400].map { .milliseconds($0) })
    #expect(
      sent.filter { $0.address == Self.second }.map(\.after) == [1600, 2700, 3800, 4900].map { .milliseconds($0) })
  }

  @Test func `what is due together is sent in the order of the addresses`() {
    var schedule = Self.upstream()
    _ = schedule.handle(.announced(Self.second), at: t0)
    _ = schedule.handle(.announced(Self.first), at: t0)
    #expect(
      schedule.handle(.tick, at: t0 + .milliseconds(1100)) == [
        .sendBurst(Self.first, on: .all), .sendBurst(Self.second, on: .all),
      ])
  }

  @Test func `a settled announcement is refreshed about once an interval, for ever`() {
    var schedule = GratuitousSchedule(.init(refreshInterval: .seconds(60)), seed: 7)
    _ = schedule.handle(.announced(Self.first), at: t0)
    let refreshes = Self.play(&schedule, until: .seconds(3600)).map(\.after).filter { $0 > .seconds(5) }
    #expect((53...67).contains(refreshes.count))
    for (earlier, later) in zip(refreshes, refreshes.dropFirst()) {
      #expect((Duration.seconds(54)...Duration.seconds(66)).contains(later - earlier))
    }
    #expect(Set(zip(refreshes, refreshes.dropFirst()).map { $1 - $0 }).count > 10)
  }

  @Test func `ten thousand announced together are refreshed evenly, and a tick costs what is due`() {
    var schedule = GratuitousSchedule(.init(refreshInterval: .seconds(60)), seed: 7)
    for bits in 0..<10_000 as Range<UInt32> {
      _ = schedule.handle(.announced(.v4(IPv4Address(bits: 0x0A00_0000 + bits))), at: t0)
    }
    _ = Self.play(&schedule, until: .seconds(70))
    let seconds = Self.play(&schedule, until: .seconds(670)).map { Int($0.after.components.seconds) }
    let perSecond = Dictionary(seconds.map { ($0, 1) }, uniquingKeysWith: +).values
    // 166.7 a second on average; a wave would be thousands.
    #expect(perSecond.count == 600)
    #expect(perSecond.allSatisfy { (100...250).contains($0) })
  }

  @Test func `a burst that found the queue full is repeated soon`() throws {
    var schedule = Self.upstream()
    _ = schedule.handle(.announced(Self.first), at: t0)
    #expect(schedule.handle(.postponed(Self.first), at: t0) == [])
    let deadline = try #require(schedule.nextDeadline)
    #expect((t0 + .milliseconds(20)...t0 + .milliseconds(100)).contains(deadline))
    #expect(schedule.handle(.tick, at: deadline) == [.sendBurst(Self.first, on: .all)])
    #expect(schedule.nextDeadline == deadline + .milliseconds(1100))
  }

  @Test func `a postponed burst of a withdrawn address is forgotten`() {
    var schedule = Self.upstream()
    #expect(schedule.handle(.postponed(Self.first), at: t0) == [])
    #expect(schedule.nextDeadline == nil)
  }

  @Test func `neighbours on a link that came up are told everything, and nobody else is`() {
    var schedule = GratuitousSchedule(.init(refreshInterval: .seconds(60)), seed: 7)
    _ = schedule.handle(.announced(Self.first), at: t0)
    _ = schedule.handle(.announced(Self.second), at: t0)
    _ = Self.play(&schedule, until: .seconds(6))
    let later = t0 + .seconds(6)
    let burst: [GratuitousSchedule.Action] = [
      .sendBurst(Self.first, on: .only([2])), .sendBurst(Self.second, on: .only([2])),
    ]
    #expect(schedule.handle(.linksChanged([2]), at: later) == burst)
    #expect(schedule.handle(.tick, at: later + .milliseconds(1100)) == burst)
    // Another one, within the time in which the first is told: both are, once the other has been told at once.
    #expect(
      schedule.handle(.linksChanged([3]), at: later + .milliseconds(1500)).first
        == .sendBurst(Self.first, on: .only([3])))
    #expect(
      schedule.handle(.tick, at: later + .milliseconds(2200)).first == .sendBurst(Self.first, on: .only([2, 3])))
    _ = Self.play(&schedule, until: .seconds(14))
    let refresh = schedule.nextDeadline.map { schedule.handle(.tick, at: $0) }
    #expect(refresh?.count == 1)
    #expect(
      refresh.map { [.sendBurst(Self.first, on: .all), .sendBurst(Self.second, on: .all)].contains($0[0]) } == true)
  }

  @Test
  func `what is being told everywhere is told at once on a link that comes up, and goes on being told everywhere`() {
    var schedule = Self.upstream()
    _ = schedule.handle(.announced(Self.first), at: t0)
    #expect(
      schedule.handle(.linksChanged([2]), at: t0 + .milliseconds(300)) == [.sendBurst(Self.first, on: .only([2]))])
    #expect(schedule.handle(.tick, at: t0 + .milliseconds(1100)) == [.sendBurst(Self.first, on: .all)])
  }

  @Test func `what is told on one link is told everywhere when it is announced once more`() {
    var schedule = Self.upstream()
    _ = schedule.handle(.announced(Self.first), at: t0)
    _ = Self.play(&schedule, until: .seconds(60))
    _ = schedule.handle(.linksChanged([2]), at: t0 + .seconds(60))
    #expect(
      schedule.handle(.announced(Self.first), at: t0 + .seconds(61)) == [.sendBurst(Self.first, on: .all)])
  }

  @Test func `an address that comes and goes leaves no trail of deadlines`() {
    var schedule = Self.upstream()
    // Its deadline comes first, so that nothing behind it is swept out for being at the front.
    _ = schedule.handle(.announced(Self.second), at: t0)
    for step in 1...10_000 {
      _ = schedule.handle(.announced(Self.first), at: t0 + .microseconds(step))
      _ = schedule.handle(.withdrawn(Self.first), at: t0 + .microseconds(step))
    }
    #expect(schedule.pendingDeadlines <= 2 * 2 + 64)
    #expect(schedule.nextDeadline == t0 + .milliseconds(1100))
  }

  @Test func `the same seed gives the same schedule`() {
    var left = GratuitousSchedule(seed: 3)
    var right = GratuitousSchedule(seed: 3)
    #expect(
      left.handle(.announced(Self.first), at: t0) == right.handle(.announced(Self.first), at: t0))
    #expect(Self.play(&left, until: .seconds(600)).map(\.after) == Self.play(&right, until: .seconds(600)).map(\.after))
    #expect(left == right)
  }
}
