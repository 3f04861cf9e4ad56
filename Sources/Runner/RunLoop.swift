import Primitives

/// The loop that lends a state machine its senses and hands: it owns the machine as a local variable, feeds it events and
/// the passing of time, and performs what the machine asks for.
///
///     senders ──▶ Inbox ──event──▶ machine.handle(event, at: now) ──actions──▶ perform
///                       ──nextDeadline passed──▶ handle(.tick, at: now)
///
/// `perform` is not `async`: what has to wait is started as a child task of the process's shell, and its outcome is sent to
/// the inbox as an event. One instant is read for one event, so that everything an event causes happens at one time.
package struct RunLoop<Machine: StateMachine, C: Clock>: Sendable where C.Instant == ContinuousClock.Instant {
  private let inbox: Inbox<Machine.Event>
  private let clock: C

  package init(inbox: Inbox<Machine.Event>, clock: C) {
    self.inbox = inbox
    self.clock = clock
  }

  /// Runs until the task is cancelled or the inbox is finished and empty; returns the machine for its last words.
  ///
  /// `perform` sees the machine after the event, for projections of its state: metrics, health, status.
  @discardableResult
  package func run(
    _ initial: sending Machine, perform: (_ actions: [Machine.Action], _ machine: Machine) -> Void
  ) async -> Machine {
    var machine = initial
    while !Task.isCancelled {
      let event = await self.inbox.next(before: machine.nextDeadline, on: self.clock)
      if let event {
        perform(machine.handle(event, at: self.clock.now), machine)
        // A machine that is busy still gets its ticks in time.
        if let deadline = machine.nextDeadline, deadline <= self.clock.now {
          perform(machine.handle(.tick, at: self.clock.now), machine)
        }
      } else if Task.isCancelled || self.inbox.isFinished {
        break
      } else {
        perform(machine.handle(.tick, at: self.clock.now), machine)
      }
    }
    return machine
  }
}

extension RunLoop {
  /// The same for a machine that only translates and waits for nobody: its actions are performed one after the other, and
  /// the next event is read when the last of them is through.
  package func relay(_ initial: sending Machine, perform: (Machine.Action) async -> Void) async {
    var machine = initial
    while !Task.isCancelled {
      let event = await self.inbox.next(before: machine.nextDeadline, on: self.clock)
      if event == nil, Task.isCancelled || self.inbox.isFinished { return }
      for action in machine.handle(event ?? .tick, at: self.clock.now) { await perform(action) }
    }
  }
}

extension RunLoop where C == ContinuousClock {
  package init(inbox: Inbox<Machine.Event>) {
    self.init(inbox: inbox, clock: ContinuousClock())
  }
}
