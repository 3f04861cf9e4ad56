/// An event type that can say "nothing happened, but time passed".
package protocol Timed: Sendable {
  static var tick: Self { get }
}

/// The one shape of everything where order and time matter: a value that turns events into actions.
///
/// A machine does no I/O and reads no clock. It returns what is to be done, as plain data, and when it wants to be woken;
/// the run loop of the process (`Runner`) feeds it events and performs its actions, and is the only reader of the clock.
/// Performing an action never waits: its result comes back as a later event.
package protocol StateMachine: Sendable {
  associatedtype Event: Timed
  associatedtype Action: Sendable

  /// When the machine wants a `tick`, if nothing else happens before; nil = never.
  var nextDeadline: ContinuousClock.Instant? { get }

  /// Takes one event into account and returns what is to be done, in order.
  mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action]
}
