import TestKit
import Testing

@testable import Runner

@Suite struct LoopWatchTests {
  /// Turns at once, until it is told to hang.
  private final class Loop: Sendable {
    private let gate: Inbox<Bool>

    init(turns: Int) {
      self.gate = Inbox(capacity: 16)
      for _ in 0..<turns { _ = self.gate.trySend(true) }
    }

    func turn() async { _ = await self.gate.next(before: nil, on: ContinuousClock()) }
    func goOn() { _ = self.gate.trySend(true) }
  }

  @Test func `a loop that hangs is told by its name after a while, until it turns again`() async {
    let clock = ManualClock(start: t0)
    let (sound, hanging) = (Loop(turns: 16), Loop(turns: 1))
    let watch = LoopWatch([.init("decisions") { await sound.turn() }, .init("layer 2") { await hanging.turn() }])
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await watch.run(on: clock) }
      // Both have turned once, and rest.
      await clock.sleepers(2)
      #expect(watch.stalls(at: t0 + .seconds(60)) == [], "nothing is owed between two questions")
      clock.advance(by: .seconds(3))
      // The one rests again; the other owes an answer since second 3.
      await clock.sleepers(1)
      #expect(watch.stalls(at: t0 + .seconds(18)) == [])
      let stalls = watch.stalls(at: t0 + .seconds(19))
      #expect(stalls == [LoopWatch.Stall(loop: "layer 2", silence: .seconds(16))])
      #expect(stalls.first?.description == "the loop of layer 2 has not turned for 16 s")
      hanging.goOn()
      await clock.sleepers(2)
      #expect(watch.stalls(at: t0 + .seconds(60)) == [])
      group.cancelAll()
    }
  }

  @Test func `of several loops those that hang are named`() async {
    let clock = ManualClock(start: t0)
    let loop = Loop(turns: 0)
    let watch = LoopWatch([.init("BGP", laggards: { ["rack-b", "rack-a"] }) { await loop.turn() }])
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await watch.run(on: clock) }
      while watch.stalls(at: t0 + .seconds(20)).isEmpty { await Task.yield() }
      #expect(
        watch.stalls(at: t0 + .seconds(20)).map(\.description)
          == ["the loop of BGP (rack-a, rack-b) has not turned for 20 s"])
      group.cancelAll()
    }
  }
}
