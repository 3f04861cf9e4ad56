import Gossip
import Primitives

/// A group of members on a network that exists in virtual time only: datagrams take a while, get lost, and do not cross
/// the borders of a partition.
///
/// Messages go through the codec as bytes. What happens at one instant happens in the order in which it was caused, and
/// all dice come from one seed: a run can be repeated exactly.
struct GroupSimulation {
  /// What happens at an instant.
  private enum Occurrence {
    case datagram([UInt8], from: Int, to: Int)
    case answer(Membership.ExchangeID, StreamMessage?, to: Int)
    case wake(Int)
  }

  private struct Entry {
    let at: ContinuousClock.Instant
    let order: UInt64
    let occurrence: Occurrence
  }

  private struct Participant {
    var membership: Membership
    var isRunning = true
    /// Which side of a partition it is on.
    var side = 0
    /// The earliest wake that is scheduled.
    var wakeAt: ContinuousClock.Instant?
  }

  /// How much is lost of datagrams, each way.
  var loss = 0.0
  /// What is reported, by whom and when.
  private(set) var reports: [(at: ContinuousClock.Instant, by: Int, change: Membership.Change)] = []
  private(set) var datagramCount = 0
  private(set) var byteCount = 0
  private(set) var now: ContinuousClock.Instant

  private var participants: [Participant] = []
  private var indices: [MemberAddress: Int] = [:]
  private var queue: [Entry] = []
  private var order: UInt64 = 0
  private var dice: SplitMix64
  private let codec = WireCodec(key: nil)
  private let settings: Settings

  init(size: Int, settings: Settings = .lan, seed: UInt64, at start: ContinuousClock.Instant) {
    self.settings = settings
    self.dice = SplitMix64(seed: seed)
    self.now = start
    for index in 0..<size {
      self.participants.append(Participant(membership: self.membership(index)))
      self.indices[Self.endpoint(index)] = index
      self.schedule(index)
    }
  }

  static func name(_ index: Int) -> String { "node-\(index)" }

  static func endpoint(_ index: Int) -> MemberAddress {
    MemberAddress(.v4(IPv4Address(bits: 0x0A00_0001 + UInt32(index))), 7946)
  }

  private mutating func membership(_ index: Int) -> Membership {
    Membership(
      name: Self.name(index), endpoint: Self.endpoint(index), meta: NodeMeta().bytes, settings: self.settings,
      seed: self.dice.next(), at: self.now)
  }

  // MARK: - What is done to it

  /// A member is told of some others.
  mutating func join(_ index: Int, to others: [Int]) {
    self.handle(.join(others.map(Self.endpoint)), by: index)
  }

  mutating func watch(_ index: Int, _ others: [Int]) {
    self.handle(.watch(Set(others.map(Self.name))), by: index)
  }

  /// A member ends without a word.
  mutating func kill(_ index: Int) {
    self.participants[index].isRunning = false
  }

  /// A member that ended starts again, knowing nothing.
  mutating func restart(_ index: Int) {
    self.participants[index] = Participant(membership: self.membership(index), side: self.participants[index].side)
    self.schedule(index)
  }

  mutating func leave(_ index: Int) {
    self.handle(.leave, by: index)
  }

  /// Puts members on another side, where they hear each other only.
  mutating func separate(_ indices: some Sequence<Int>, onto side: Int) {
    for index in indices { self.participants[index].side = side }
  }

  mutating func heal() {
    self.separate(self.participants.indices, onto: 0)
  }

  // MARK: - What is seen of it

  subscript(index: Int) -> Membership { self.participants[index].membership }

  var running: [Int] { self.participants.indices.filter { self.participants[$0].isRunning } }

  /// How many of the running members see exactly these as alive.
  func agreement(on indices: some Sequence<Int>) -> Int {
    let names = Set(indices.map(Self.name))
    return self.running.count { self.participants[$0].membership.candidates == names }
  }

  /// Lets time pass until `isDone`, or up to a limit; returns how long it took, nil if it did not happen.
  mutating func run(upTo limit: Duration, until isDone: (GroupSimulation) -> Bool = { _ in false }) -> Duration? {
    let (start, end) = (self.now, self.now + limit)
    var looked = self.now
    while let next = self.queue.first, next.at <= end {
      self.pop()
      self.now = next.at
      self.perform(next.occurrence)
      // Looking costs as much as the group is large.
      if self.now - looked >= .milliseconds(25) {
        looked = self.now
        if isDone(self) { return self.now - start }
      }
    }
    self.now = end
    return isDone(self) ? limit : nil
  }

  // MARK: - The network

  private mutating func perform(_ occurrence: Occurrence) {
    switch occurrence {
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
      guard let receiver = self.reachable(endpoint, from: index),
        Double.random(in: 0..<1, using: &self.dice) >= self.loss
      else { return }
      self.enqueue(.datagram(bytes, from: index, to: receiver), after: self.delay())
    case .exchange(let exchange, let message, let endpoint, let limit):
      guard let receiver = self.reachable(endpoint, from: index), self.participants[receiver].isRunning else {
        self.enqueue(.answer(exchange, nil, to: index), after: limit)
        return
      }
      self.enqueue(.answer(exchange, self.answer(of: receiver, to: message), to: index), after: self.delay() * 3)
    case .report(let change):
      self.reports.append((self.now, index, change))
    case .departed:
      self.participants[index].isRunning = false
    case .answer, .settled:
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
