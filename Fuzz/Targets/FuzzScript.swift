import Primitives

/// Bytes read as a script: what happens to a machine, and with what. Where they end, everything is zero.
struct FuzzScript {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) {
    self.rest = bytes[...]
  }

  var isAtEnd: Bool { self.rest.isEmpty }

  mutating func byte() -> UInt8 { self.rest.popFirst() ?? 0 }

  /// One of so many things.
  mutating func choice(_ count: Int) -> Int { Int(self.byte()) % count }

  mutating func bool() -> Bool { self.byte() & 1 == 1 }

  mutating func number() -> UInt32 { (0..<4).reduce(0) { number, _ in number << 8 | UInt32(self.byte()) } }

  /// As many bytes as the next one says.
  mutating func bytes() -> [UInt8] { self.bytes(Int(self.byte())) }

  mutating func bytes(_ count: Int) -> [UInt8] {
    defer { self.rest = self.rest.dropFirst(count) }
    return Array(self.rest.prefix(count))
  }

  mutating func text() -> String { String(decoding: self.bytes(), as: UTF8.self) }

  /// Everything that is left.
  mutating func remainder() -> [UInt8] {
    defer { self.rest = [] }
    return Array(self.rest)
  }

  /// From a millisecond to more than a day.
  mutating func pause() -> Duration {
    let scale = self.byte()
    return .milliseconds((1 + Int64(scale & 0x0F)) << Int64(scale >> 4))
  }
}

/// Lets time pass up to an instant, with the ticks that the machine asks for on the way.
///
/// A machine that wants the next tick at once, again and again, would keep a processor busy for ever.
func passTime<Machine: StateMachine>(
  of machine: inout Machine, from now: inout ContinuousClock.Instant, to end: ContinuousClock.Instant,
  perform: ([Machine.Action], ContinuousClock.Instant, inout Machine) -> Void
) {
  var ticks = 0
  var ticksAtOnce = 0
  while let deadline = machine.nextDeadline, deadline <= end, ticks < 256 {
    ticks += 1
    if deadline > now {
      now = deadline
      ticksAtOnce = 0
    }
    ticksAtOnce += 1
    expect(ticksAtOnce <= 64, "the machine wants a tick at once for the 65th time")
    perform(machine.handle(.tick, at: now), now, &machine)
  }
  now = max(now, end)
}

/// Any instant: what counts is the time that passes since.
let start = ContinuousClock.now
