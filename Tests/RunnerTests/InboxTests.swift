import TestKit
import Testing

@testable import Runner

@Suite struct InboxTests {
  @Test func `elements come out in the order they went in`() async {
    let inbox = Inbox<Int>(capacity: 3)
    for element in 1...3 { #expect(inbox.trySend(element)) }
    var received: [Int?] = []
    for _ in 1...3 { received.append(await inbox.next(before: nil, on: ContinuousClock())) }
    #expect(received == [1, 2, 3])
  }

  @Test func `a full inbox takes nothing from those who cannot wait`() async {
    let inbox = Inbox<Int>(capacity: 1)
    #expect(inbox.trySend(1))
    #expect(!inbox.trySend(2))
    #expect(await inbox.next(before: nil, on: ContinuousClock()) == 1)
    #expect(inbox.trySend(3))
  }

  @Test func `a full inbox makes senders wait, and nothing overtakes them`() async {
    let inbox = Inbox<Int>(capacity: 1)
    let count = 50
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for element in 0..<count { #expect(await inbox.send(element)) }
      }
      var received: [Int] = []
      while received.count < count {
        if let element = await inbox.next(before: nil, on: ContinuousClock()) { received.append(element) }
        #expect(inbox.count <= 1)
      }
      #expect(received == Array(0..<count))
    }
  }

  @Test func `many senders lose nothing`() async {
    let inbox = Inbox<Int>(capacity: 4)
    await withTaskGroup(of: Void.self) { group in
      for sender in 0..<20 {
        group.addTask {
          for element in 0..<50 { await inbox.send(sender * 50 + element) }
        }
      }
      var received: Set<Int> = []
      while received.count < 1000 {
        if let element = await inbox.next(before: nil, on: ContinuousClock()) { received.insert(element) }
      }
      #expect(received == Set(0..<1000))
    }
  }

  @Test func `the reader is back at the deadline with nothing`() async {
    let clock = ManualClock(start: t0)
    let inbox = Inbox<Int>(capacity: 1)
    async let next = inbox.next(before: t0 + .seconds(5), on: clock)
    await clock.sleepers(1)
    clock.advance(by: .seconds(5))
    #expect(await next == nil)
  }

  @Test func `an element before the deadline ends the wait`() async {
    let clock = ManualClock(start: t0)
    let inbox = Inbox<Int>(capacity: 1)
    async let next = inbox.next(before: t0 + .seconds(5), on: clock)
    await clock.sleepers(1)
    #expect(inbox.trySend(7))
    #expect(await next == 7)
  }

  @Test func `a deadline that has passed does not hide an element that is there`() async {
    let clock = ManualClock(start: t0)
    let inbox = Inbox<Int>(capacity: 1)
    #expect(inbox.trySend(1))
    #expect(await inbox.next(before: t0 - .seconds(1), on: clock) == 1)
    #expect(await inbox.next(before: t0 - .seconds(1), on: clock) == nil)
  }

  @Test func `a finished inbox gives what is left and refuses the rest`() async {
    let inbox = Inbox<Int>(capacity: 2)
    #expect(inbox.trySend(1))
    inbox.finish()
    #expect(!inbox.trySend(2))
    #expect(await inbox.send(3) == false)
    #expect(await inbox.next(before: nil, on: ContinuousClock()) == 1)
    #expect(await inbox.next(before: nil, on: ContinuousClock()) == nil)
    #expect(inbox.isFinished)
  }

  @Test func `a cancelled sender is let go and its element is not delivered`() async {
    let inbox = Inbox<Int>(capacity: 1)
    #expect(inbox.trySend(1))
    await withTaskGroup(of: Bool.self) { group in
      group.addTask { await inbox.send(2) }
      group.cancelAll()
      #expect(await group.next() == false)
    }
    #expect(await inbox.next(before: nil, on: ContinuousClock()) == 1)
    #expect(inbox.count == 0)
  }

  @Test func `a cancelled reader is let go`() async {
    let inbox = Inbox<Int>(capacity: 1)
    await withTaskGroup(of: Int?.self) { group in
      group.addTask { await inbox.next(before: nil, on: ContinuousClock()) }
      group.cancelAll()
      #expect(await group.next() == .some(nil))
    }
  }
}
