import BFD
import Primitives
import TestKit
import Testing

/// Two tables of ours that talk over a line with faults, in virtual time.
struct Simulation {
  struct Line {
    var loss = 0.0
    var delay = Duration.milliseconds(1)
    /// Up to this much more, so that packets overtake each other.
    var wobble = Duration.zero
    /// The ends whose packets are lost, all of them.
    var cut: Set<Side> = []
  }

  enum Side: Int, CaseIterable { case left, right }

  struct End {
    var table: SessionTable
    let path: SessionPath
    /// Of this end's clock, against true time.
    var drift = 1.0
    var ups: [Duration] = []
    var downs: [(at: Duration, outage: Outage)] = []

    var state: SessionState? { self.table.readings[self.path]?.state }
  }

  private struct Flight {
    let at: ContinuousClock.Instant
    let to: Side
    let packet: ControlPacket
  }

  var line = Line()
  var ends: [End]
  private var dice: SplitMix64
  private var flights: [Flight] = []
  private(set) var now = t0

  static let addresses = [IPAddress.v4(IPv4Address(198, 18, 0, 1)), .v4(IPv4Address(198, 18, 0, 2))]

  init(_ left: Settings, _ right: Settings, seed: UInt64) {
    self.dice = SplitMix64(seed: seed)
    self.ends = [0, 1].map { index in
      End(table: SessionTable(seed: seed &* 2 &+ UInt64(index)), path: SessionPath(peer: Self.addresses[1 - index]))
    }
    self.give(.wanted(self.ends[0].path, left), to: .left)
    self.give(.wanted(self.ends[1].path, right), to: .right)
  }

  var left: End { self.ends[0] }
  var right: End { self.ends[1] }

  /// The time that an end's own clock shows.
  private func local(_ side: Side) -> ContinuousClock.Instant { t0 + (self.now - t0) * self.ends[side.rawValue].drift }

  mutating func give(_ event: SessionTable.Event, to side: Side) {
    for action in self.ends[side.rawValue].table.handle(event, at: self.local(side)) {
      switch action {
      case .send(let packet, _): self.carry(packet, from: side)
      case .up: self.ends[side.rawValue].ups.append(self.now - t0)
      case .down(_, let outage): self.ends[side.rawValue].downs.append((self.now - t0, outage))
      case .sendEcho, .close, .discard: break
      }
    }
  }

  private mutating func carry(_ packet: ControlPacket, from side: Side) {
    guard !self.line.cut.contains(side), Double.random(in: 0..<1, using: &self.dice) >= self.line.loss else { return }
    let delay = self.line.delay + self.line.wobble * Double.random(in: 0...1, using: &self.dice)
    // What goes over the wire is bytes.
    guard let read = try? ControlPacket(decoding: packet.bytes) else { return }
    self.flights.append(Flight(at: self.now + delay, to: side == .left ? .right : .left, packet: read))
  }

  /// An end loses all that it knew, as a process does that is killed and started again.
  mutating func restart(_ side: Side, _ settings: Settings, seed: UInt64) {
    self.ends[side.rawValue].table = SessionTable(seed: seed)
    self.give(.wanted(self.ends[side.rawValue].path, settings), to: side)
  }

  mutating func run(for period: Duration) {
    let end = self.now + period
    while true {
      var next = end
      var due: Side?
      for side in [Side.left, .right] {
        guard let deadline = self.ends[side.rawValue].table.nextDeadline else { continue }
        // From the end's own clock to true time; never twice at one instant by rounding.
        let truly = t0 + (deadline - t0) / self.ends[side.rawValue].drift + .nanoseconds(1)
        if truly < next { (next, due) = (truly, side) }
      }
      let flight = self.flights.indices.min { self.flights[$0].at < self.flights[$1].at }
      if let flight, self.flights[flight].at <= next, self.flights[flight].at <= end {
        let arrived = self.flights.remove(at: flight)
        self.now = max(self.now, arrived.at)
        let (from, to) = (Self.addresses[1 - arrived.to.rawValue], Self.addresses[arrived.to.rawValue])
        self.give(
          .received(
            arrived.packet, Arrival(source: from, destination: to, interface: "eth0", ttl: 255, isMultihop: false)),
          to: arrived.to)
      } else if let due {
        self.now = max(self.now, next)
        self.give(.tick, to: due)
      } else {
        self.now = end
        return
      }
    }
  }
}

@Suite struct SimulationTests {
  static let fast = Settings(receiveInterval: .milliseconds(50), transmitInterval: .milliseconds(50))
  static let slow = Settings(receiveInterval: .seconds(1), transmitInterval: .milliseconds(700), detectMultiplier: 5)
  static let passive = Settings(isPassive: true)

  @Test(
    arguments: [(fast, fast), (fast, slow), (slow, passive), (Settings(), fast), (passive, fast)],
    [1, 2, 3] as [UInt64])
  func `two ends find each other and stay together`(settings: (Settings, Settings), seed: UInt64) {
    var simulation = Simulation(settings.0, settings.1, seed: seed)
    simulation.run(for: .seconds(100))
    for (end, other) in [(simulation.left, settings.1), (simulation.right, settings.0)] {
      #expect(end.state == .up)
      #expect(end.ups.count == 1 && end.downs.isEmpty, "\(end.downs)")
      #expect(end.ups.first.map { $0 < .milliseconds(1100) } == true)
      // What was agreed upon is what both were told to want.
      let mine = simulation.left.path == end.path ? settings.0 : settings.1
      let reading = end.table.readings[end.path]
      #expect(reading?.transmitInterval == max(mine.transmitInterval, other.receiveInterval))
      #expect(reading?.detectionTime == max(mine.receiveInterval, other.transmitInterval) * Int(other.detectMultiplier))
    }
  }

  @Test func `two passive ends never speak`() {
    var simulation = Simulation(Self.passive, Self.passive, seed: 1)
    simulation.run(for: .seconds(60))
    #expect(simulation.left.state == .down && simulation.right.state == .down)
    #expect(simulation.left.table.readings.values.allSatisfy { $0.counters.controlOutput == 0 })
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>) func `a cut line is noticed within the detection time by both`(
    seed: UInt64
  ) {
    var simulation = Simulation(Self.fast, Self.fast, seed: seed)
    simulation.run(for: .seconds(5) + .milliseconds(Int64(seed) * 7))
    simulation.line.cut = [.left, .right]
    let cutAt = simulation.now - t0
    simulation.run(for: .seconds(1))
    for end in [simulation.left, simulation.right] {
      #expect(end.downs.map(\.outage) == [.detectionTimeExpired])
      let took = (end.downs.first?.at ?? .zero) - cutAt
      // The last packet was 50 ms old at most.
      #expect((Duration.milliseconds(99)...(.milliseconds(152))).contains(took), "\(took)")
    }
    simulation.line.cut = []
    simulation.run(for: .seconds(2))
    #expect(simulation.left.state == .up && simulation.right.state == .up)
    #expect(simulation.left.ups.count == 2 && simulation.right.ups.count == 2)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `a line that carries one direction only takes both ends down, as who misses packets says so`(seed: UInt64) {
    var simulation = Simulation(Self.fast, Self.fast, seed: seed)
    simulation.run(for: .seconds(5))
    simulation.line.cut = [.right]
    let cutAt = simulation.now - t0
    simulation.run(for: .seconds(5))
    #expect(simulation.left.downs.map(\.outage) == [.detectionTimeExpired])
    #expect(simulation.right.downs.map(\.outage) == [.neighborDown(.controlDetectionTimeExpired)])
    #expect(simulation.right.downs.first.map { $0.at - cutAt < .milliseconds(155) } == true)
    #expect(simulation.left.state == .down && simulation.right.state == .initializing)
    simulation.line.cut = []
    simulation.run(for: .seconds(2))
    #expect(simulation.left.state == .up && simulation.right.state == .up)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `a restarted end is back within seconds, and the other end knows that it was away`(seed: UInt64) {
    var simulation = Simulation(Self.fast, Self.fast, seed: seed)
    simulation.run(for: .seconds(5))
    simulation.restart(.right, Self.fast, seed: 1000 + seed)
    simulation.run(for: .seconds(3))
    #expect(simulation.left.downs.count == 1)
    #expect(simulation.left.ups.count == 2)
    #expect(simulation.left.state == .up && simulation.right.state == .up)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `packets that come late, twenty per cent fast or slow, and out of order do no harm`(seed: UInt64) {
    var simulation = Simulation(Self.fast, Self.fast, seed: seed)
    simulation.line = Simulation.Line(delay: .milliseconds(30), wobble: .milliseconds(40))
    simulation.ends[0].drift = 1.2
    simulation.ends[1].drift = 0.8
    simulation.run(for: .seconds(60))
    #expect(simulation.left.downs.isEmpty && simulation.right.downs.isEmpty)
    #expect(simulation.left.state == .up && simulation.right.state == .up)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `on a line that loses a third, sessions fall and always come back`(seed: UInt64) {
    var simulation = Simulation(Self.fast, Self.fast, seed: seed)
    simulation.line.loss = 0.33
    simulation.run(for: .seconds(120))
    #expect(!simulation.left.downs.isEmpty, "three in a row are lost now and then")
    simulation.line.loss = 0
    simulation.run(for: .seconds(5))
    for end in [simulation.left, simulation.right] {
      #expect(end.state == .up)
      #expect(end.ups.count == end.downs.count + 1, "each fall and each return is told once, in turn")
    }
  }

  @Test func `an end that is switched off is no failure to the other, and welcome when it is back`() {
    var simulation = Simulation(Self.fast, Self.fast, seed: 4)
    simulation.run(for: .seconds(5))
    simulation.give(.unwanted(simulation.right.path), to: .right)
    simulation.run(for: .seconds(10))
    #expect(simulation.left.downs.map(\.outage) == [.neighborDisabled])
    #expect(simulation.left.state == .down)
    #expect(simulation.right.table.readings.isEmpty)
    simulation.give(.wanted(simulation.right.path, Self.fast), to: .right)
    simulation.run(for: .seconds(2))
    #expect(simulation.left.state == .up && simulation.right.state == .up)
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `settings that change again and again, on a line that loses, never take the session down`(seed: UInt64) {
    var simulation = Simulation(Self.fast, Self.fast, seed: seed)
    simulation.line.loss = 0.02
    var dice = SplitMix64(seed: seed)
    simulation.run(for: .seconds(5))
    for _ in 0..<60 {
      let side = Bool.random(using: &dice) ? Simulation.Side.left : .right
      let settings = Settings(
        receiveInterval: .milliseconds(Int64.random(in: 10...500, using: &dice)),
        transmitInterval: .milliseconds(Int64.random(in: 10...500, using: &dice)), detectMultiplier: 10)
      simulation.give(.wanted(simulation.ends[side.rawValue].path, settings), to: side)
      simulation.run(for: .milliseconds(Int64.random(in: 1...3000, using: &dice)))
    }
    #expect(simulation.left.downs.isEmpty && simulation.right.downs.isEmpty)
  }
}
