import Primitives
import TestKit
import Testing

@testable import Runner

/// Repeats what it hears, and rings two seconds after it was wound.
private struct Alarm: StateMachine, Equatable {
  enum Event: Timed, Equatable {
    case tick, wound, said(String)
  }

  enum Action: Equatable {
    case ring(after: Duration)
    case repeated(String)
  }

  private(set) var nextDeadline: ContinuousClock.Instant?

  mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .wound:
      self.nextDeadline = now + .seconds(2)
      return []
    case .said(let word):
      return [.repeated(word)]
    case .tick:
      guard let deadline = self.nextDeadline, deadline <= now else { return [] }
      self.nextDeadline = nil
      return [.ring(after: t0.duration(to: now))]
    }
  }
}

@Suite struct RunLoopTests {
  @Test func `events become actions in order, and the loop ends with the inbox`() async {
    let inbox = Inbox<Alarm.Event>(capacity: 10)
    let loop = RunLoop<Alarm, ManualClock>(inbox: inbox, clock: ManualClock(start: t0))
    for word in ["a", "b", "c"] { #expect(inbox.trySend(.said(word))) }
    inbox.finish()
    var performed: [Alarm.Action] = []
    await loop.run(Alarm()) { actions, _ in performed += actions }
    #expect(performed == [.repeated("a"), .repeated("b"), .repeated("c")])
  }

  @Test func `a machine gets its tick when its deadline comes`() async {
    let clock = ManualClock(start: t0)
    let inbox = Inbox<Alarm.Event>(capacity: 10)
    let heard = Inbox<Alarm.Action>(capacity: 10)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await RunLoop<Alarm, ManualClock>(inbox: inbox, clock: clock).run(Alarm()) { actions, _ in
          for action in actions { #expect(heard.trySend(action)) }
        }
      }
      await inbox.send(.wound)
      await clock.sleepers(1)
      clock.advance(by: .seconds(1))
      await inbox.send(.said("still asleep"))
      #expect(await heard.next(before: nil, on: ContinuousClock()) == .repeated("still asleep"))
      await clock.sleepers(1)
      clock.advance(by: .seconds(1))
      #expect(await heard.next(before: nil, on: ContinuousClock()) == .ring(after: .seconds(2)))
      group.cancelAll()
    }
  }

  @Test func `a stream of events does not keep a tick waiting`() async {
    let clock = ManualClock(start: t0)
    let inbox = Inbox<Alarm.Event>(capacity: 10)
    for event in [.wound, .said("a"), .said("b")] as [Alarm.Event] { #expect(inbox.trySend(event)) }
    inbox.finish()
    var performed: [Alarm.Action] = []
    await RunLoop<Alarm, ManualClock>(inbox: inbox, clock: clock).run(Alarm()) { actions, _ in
      performed += actions
      if actions == [.repeated("a")] { clock.advance(by: .seconds(3)) }
    }
    #expect(performed == [.repeated("a"), .ring(after: .seconds(3)), .repeated("b")])
  }

  @Test func `a cancelled loop returns its machine`() async {
    let inbox = Inbox<Alarm.Event>(capacity: 10)
    await withTaskGroup(of: Alarm.self) { group in
      group.addTask {
        await RunLoop<Alarm, ContinuousClock>(inbox: inbox).run(Alarm()) { _, _ in }
      }
      group.cancelAll()
      #expect(await group.next() == Alarm())
    }
  }
}

@Suite struct WindowTests {
  @Test func `a look sees the machine when the loop opens the window`() async {
    let knocks = Inbox<Bool>(capacity: 1)
    let window = Window<Int> { _ = knocks.trySend(true) }
    async let seen = window.look { $0 * 2 }
    _ = await knocks.next(before: nil, on: ContinuousClock())
    window.open(on: 21)
    #expect(await seen == 42)
  }

  @Test func `nobody waits at a window that is closed`() async {
    let window = Window<Int> {}
    window.close()
    #expect(await window.look { $0 } == nil)
  }

  @Test func `a cancelled look is over`() async {
    let window = Window<Int> {}
    await withTaskGroup(of: Int?.self) { group in
      group.addTask { await window.look { $0 } }
      group.cancelAll()
      #expect(await group.next() == .some(nil))
    }
  }
}

@Suite struct ChildTasksTests {
  @Test func `everything that is started runs, never more than the limit at once`() async {
    let tasks = ChildTasks(limit: 2, capacity: 100)
    let events = Inbox<Int>(capacity: 300)
    for _ in 0..<50 {
      let isStarted = tasks.start {
        await events.send(1)
        await Task.yield()
        await events.send(-1)
      }
      #expect(isStarted)
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await tasks.run() }
      var running = 0
      var most = 0
      for _ in 0..<100 {
        running += await events.next(before: nil, on: ContinuousClock()) ?? 0
        most = max(most, running)
      }
      #expect(running == 0)
      #expect((1...2).contains(most))
      group.cancelAll()
    }
  }

  @Test func `too many waiting are refused`() {
    let tasks = ChildTasks(limit: 1, capacity: 1)
    #expect(tasks.start {})
    #expect(!tasks.start {})
  }
}
