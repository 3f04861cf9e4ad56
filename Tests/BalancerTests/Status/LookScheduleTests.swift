import Balancer
import Testing

/// When a command that watches looks again.
@Suite struct LookScheduleTests {
  private let start = ContinuousClock.now

  private func schedule(_ events: LookSchedule.Event...) -> LookSchedule {
    var schedule = LookSchedule(every: .seconds(10), firstTook: .milliseconds(100), at: self.start)
    for event in events { #expect(schedule.handle(event, at: self.start) == []) }
    return schedule
  }

  @Test func `what the lists hold at the start is no change`() {
    let schedule = self.schedule(.changed(kind: 0), .changed(kind: 1), .synced(kind: 0), .changed(kind: 1))
    #expect(schedule.nextDeadline == self.start + .seconds(10))
  }

  @Test func `changes gather for a moment, and one look is for all of them`() {
    var schedule = self.schedule(.synced(kind: 0))
    let later = self.start + .seconds(3)
    #expect(schedule.handle(.changed(kind: 0), at: later) == [])
    #expect(schedule.handle(.changed(kind: 0), at: later + .milliseconds(200)) == [])
    #expect(schedule.nextDeadline == later + LookSchedule.pause)
    #expect(schedule.handle(.tick, at: later + LookSchedule.pause) == [.look])
    #expect(schedule.nextDeadline == later + LookSchedule.pause + .seconds(10))
  }

  @Test func `a storm of changes is looked at once a second, and less often where looking takes long`() {
    var schedule = self.schedule(.synced(kind: 0))
    var looks = 0
    for tenth in 0..<100 {
      looks += schedule.handle(.changed(kind: 0), at: self.start + .milliseconds(100 * tenth)).count
    }
    #expect((8...10).contains(looks))
    var slow = LookSchedule(every: .seconds(2), firstTook: .seconds(4), at: self.start)
    _ = slow.handle(.synced(kind: 0), at: self.start)
    #expect(slow.handle(.changed(kind: 0), at: self.start + .seconds(2)) == [])
    #expect(slow.nextDeadline == self.start + .seconds(8))
  }

  @Test func `without a change there is a look at the end of the interval`() {
    var schedule = self.schedule()
    #expect(schedule.handle(.tick, at: self.start + .seconds(9)) == [])
    #expect(schedule.handle(.tick, at: self.start + .seconds(10)) == [.look])
  }
}
