import Gossip
import Primitives

/// A group of members on a network that exists in virtual time only: datagrams take a while, get lost, and do not cross
/// the borders of a partition.
///
/// Messages go through the codec as bytes. What happens at one instant happens in the order in which it was caused, and
/// all dice come from one seed: a run can be repeated exactly. Loss delays streams, as TCP repeats what was lost: the first
/// of a connection after a second, all else after a fifth of one.
package struct GroupSimulation {
  /// What happens at an instant.
  private enum Occurrence {
    case datagram([UInt8], from: Int, to: Int)
    case answer(Membership.ExchangeID, StreamMessage?, to: Int)
    case wake(Int)

    /// Whom it happens to.
    var receiver: Int {
      switch self {
      case .datagram(_, _, let index), .answer(_, _, let index), .wake(let index): index
      }
    }
  }

  private struct Entry {
    let at: ContinuousClock.Instant
    let order: UInt64
    let occurrence: Occurrence
  }

  private struct Participant {
    var membership: Membership
    var isRunning = true
    /// Until when it does nothing, and what comes waits.
    var pausedUntil: ContinuousClock.Instant?
    /// Which side of a partition it is on.
    var side = 0
    /// The earliest wake that is scheduled.
    var wakeAt: ContinuousClock.Instant?
  }

  /// How much is lost of datagrams, each way.
  package var loss = 0.0
  /// What is reported, by whom and when.
  package var reports: [(at: ContinuousClock.Instant, by: Int, change: Membership.Change)] = []
  package var datagramCount = 0
  package var byteCount = 0
  /// Of what was said over streams.
  package var streamByteCount = 0
  package private(set) var now: ContinuousClock.Instant

  private var participants: [Participant] = []
  private var indices: [MemberAddress: Int] = [:]
  private var queue: [Entry] = []
  private var order: UInt64 = 0
  private var dice: SplitMix64
  private let codec = WireCodec(key: nil)
  private let settings: Settings
  private let watchSettings: WatchSettings

  /// A group of strangers, or one that has been together for long.
  package init(
    size: Int, settings: Settings = .lan, watchSettings: WatchSettings = WatchSettings(), areTogether: Bool = false,
    seed: UInt64, at start: ContinuousClock.Instant
  ) {
    self.settings = settings
    self.watchSettings = watchSettings
    self.dice = SplitMix64(seed: seed)
    self.now = start
    for index in 0..<size {
      self.participants.append(Participant(membership: self.membership(index)))
      self.indices[Self.endpoint(index)] = index
    }
    let everybody = (areTogether ? 0..<size : 0..<0).map { index in
      Member(
        name: Self.name(index), endpoint: Self.endpoint(index), meta: NodeMeta().bytes, incarnation: 1,
        liveness: .alive, changedAt: start)
    }
    for index in 0..<size {
      self.participants[index].membership.assume(everybody)
      self.schedule(index)
    }
  }

  package static func name(_ index: Int) -> String { "node-\(index)" }

  package static func endpoint(_ index: Int) -> MemberAddress {
    MemberAddress(.v4(IPv4Address(bits: 0x0A00_0001 + UInt32(index))), 7946)
  }

  private mutating func membership(_ index: Int) -> Membership {
    Membership(
      name: Self.name(index), endpoint: Self.endpoint(index), meta: NodeMeta().bytes, settings: self.settings,
      watchSettings: self.watchSettings, seed: self.dice.next(), at: self.now)
  }

  // MARK: - What is done to it

  /// A member is told of some others.
  package mutating func join(_ index: Int, to others: [Int]) {
    self.handle(.join(others.map(Self.endpoint)), by: index)
  }

  package mutating func watch(_ index: Int, _ others: [Int]) {
    self.handle(.watch(Set(others.map(Self.name))), by: index)
  }

  /// A member ends without a word.
  package mutating func kill(_ index: Int) {
    self.participants[index].isRunning = false
  }

  /// A member that ended starts again, knowing nothing.
  package mutating func restart(_ index: Int) {
    self.participants[index] = Participant(membership: self.membership(index), side: self.participants[index].side)
    self.schedule(index)
  }

  package mutating func leave(_ index: Int) {
    self.handle(.leave, by: index)
  }

  /// A member does nothing for a while, as when its process gets no time; then all at once.
  package mutating func pause(_ index: Int, for duration: Duration) {
    self.participants[index].pausedUntil = self.now + duration
  }

  /// Puts members on another side, where they hear each other only.
  package mutating func separate(_ indices: some Sequence<Int>, onto side: Int) {
    for index in indices { self.participants[index].side = side }
  }

  package mutating func heal() {
    self.separate(self.participants.indices, onto: 0)
  }

  // MARK: - What is seen of it

  package subscript(index: Int) -> Membership { self.participants[index].membership }

  package var running: [Int] { self.participants.indices.filter { self.participants[$0].isRunning } }

  /// How many of the running members see exactly these as alive.
  package func agreement(on indices: some Sequence<Int>) -> Int {
    let names = Set(indices.map(Self.name))
    return self.running.count { self.participants[$0].membership.candidates == names }
  }

  /// How many of the running members hold so many for alive.
  package func agreement(onCount count: Int) -> Int {
    self.running.count { self.participants[$0].membership.livingCount == count }
  }

  /// Lets time pass until `isDone`, or up to a limit; returns how long it took, nil if it did not happen. Looking costs as
  /// much as the group is large, so it is done at intervals.
  @discardableResult
  package mutating func run(
    upTo limit: Duration, every interval: Duration = .milliseconds(25),
    until isDone: (GroupSimulation) -> Bool = { _ in false }
  ) -> Duration? {
    let (start, end) = (self.now, self.now + limit)
    var looked = self.now
    while let next = self.queue.first, next.at <= end {
      self.pop()
      self.now = next.at
      self.perform(next)
      if self.now - looked >= interval {
        looked = self.now
        if isDone(self) { return self.now - start }
      }
    }
    self.now = end
    return isDone(self) ? limit : nil
  }

  // MARK: - The network

  private mutating func perform(_ entry: Entry) {
    if let until = self.participants[entry.occurrence.receiver].pausedUntil, until > self.now {
      if case .wake(let index) = entry.occurrence, self.participants[index].wakeAt == self.now {
        self.participants[index].wakeAt = until
      }
      return self.enqueue(entry.occurrence, after: until - self.now)
    }
    switch entry.occurrence {
    case .wake(let index):
      guard self.participants[index].wakeAt == self.now else { return }
      self.participants[index].wakeAt = nil
      self.handle(.tick, by: index)
    case .datagram(let bytes, let sender, let receiver):
      let messages = self.codec.read(datagram: bytes).messages
      self.handle(.received(messages, from: Self.endpoint(sender)), by: receiver)
    case .answer(let exchange, let message, let index):
      if let message {
        self.handle(.answered(exchange, message), by: index)
      } else {
        self.handle(.unanswered(exchange, reason: "no answer"), by: index)
      }
    }
  }

  private mutating func handle(_ event: Membership.Event, by index: Int) {
    guard self.participants[index].isRunning else { return }
    for action in self.participants[index].membership.handle(event, at: self.now) { self.perform(action, by: index) }
    self.schedule(index)
  }

  private mutating func perform(_ action: Membership.Action, by index: Int) {
    switch action {
    case .send(let packet, let endpoint):
      var dice = self.dice
      let bytes = self.codec.datagram(packet, nonce: Nonce(using: &dice))
      self.dice = dice
      self.datagramCount += 1
      self.byteCount += bytes.count
      guard let receiver = self.reachable(endpoint, from: index), !self.isLost() else { return }
      self.enqueue(.datagram(bytes, from: index, to: receiver), after: self.delay())
    case .exchange(let exchange, let message, let endpoint, let limit):
      let delay = self.streamDelay()
      guard let receiver = self.reachable(endpoint, from: index), self.participants[receiver].isRunning,
        (self.participants[receiver].pausedUntil ?? self.now) <= self.now, delay < limit
      else { return self.enqueue(.answer(exchange, nil, to: index), after: limit) }
      let answer = self.answer(of: receiver, to: message)
      self.streamByteCount += self.size(message) + (answer.map(self.size) ?? 0)
      self.enqueue(.answer(exchange, answer, to: index), after: delay)
    case .report(let change):
      self.reports.append((self.now, index, change))
    case .departed:
      self.participants[index].isRunning = false
    case .answer, .settled, .deliver:
      break
    }
  }

  /// A stream is answered at once, and the answer is what takes time.
  private mutating func answer(of index: Int, to message: StreamMessage) -> StreamMessage? {
    var answer: StreamMessage?
    for action in self.participants[index].membership.handle(.requested(message, on: 0), at: self.now) {
      if case .answer(_, let message) = action { answer = message } else { self.perform(action, by: index) }
    }
    self.schedule(index)
    return answer
  }

  private func reachable(_ endpoint: MemberAddress, from index: Int) -> Int? {
    guard let receiver = self.indices[endpoint],
      self.participants[receiver].side == self.participants[index].side
    else { return nil }
    return receiver
  }

  private mutating func delay() -> Duration { self.dice.jittered(.microseconds(500), by: 0.8) }

  private mutating func isLost() -> Bool { Double.random(in: 0..<1, using: &self.dice) < self.loss }

  /// Four legs: two to connect, two for what is said and answered.
  private mutating func streamDelay() -> Duration {
    var delay = self.delay() * 4
    for patience in [Duration.seconds(1), .seconds(1), .milliseconds(200), .milliseconds(200)] {
      var wait = patience
      while delay < .seconds(60), self.isLost() {
        delay += wait
        wait *= 2
      }
    }
    return delay
  }

  private func size(_ message: StreamMessage) -> Int {
    var dice = SplitMix64(seed: 1)
    return self.codec.stream(message, nonce: Nonce(using: &dice)).count
  }

  // MARK: - The queue: a heap by instant

  private mutating func schedule(_ index: Int) {
    guard self.participants[index].isRunning, let deadline = self.participants[index].membership.nextDeadline
    else { return }
    let at = max(deadline, self.now)
    if let wakeAt = self.participants[index].wakeAt, wakeAt <= at { return }
    self.participants[index].wakeAt = at
    self.enqueue(.wake(index), after: at - self.now)
  }

  private mutating func enqueue(_ occurrence: Occurrence, after delay: Duration) {
    self.order += 1
    self.queue.append(Entry(at: self.now + delay, order: self.order, occurrence: occurrence))
    var child = self.queue.count - 1
    while child > 0, Self.comesFirst(self.queue[child], self.queue[(child - 1) / 2]) {
      self.queue.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func pop() {
    self.queue.swapAt(0, self.queue.count - 1)
    self.queue.removeLast()
    var parent = 0
    while true {
      var first = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < self.queue.count && Self.comesFirst(self.queue[child], self.queue[first]) {
        first = child
      }
      if first == parent { return }
      self.queue.swapAt(parent, first)
      parent = first
    }
  }

  private static func comesFirst(_ left: Entry, _ right: Entry) -> Bool {
    left.at == right.at ? left.order < right.order : left.at < right.at
  }
}
