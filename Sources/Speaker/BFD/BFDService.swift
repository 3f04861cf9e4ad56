import BFD
import HostNetwork
import Logging
import Primitives
import Runner
import Synchronization

/// The BFD sessions of this node: sockets, clock and thread for a `SessionTable`.
///
///     datagram ──▶ ReadinessLoop "bfd": DatagramSocket ─▶ SessionTable ─▶ answer           (a thread of its own)
///     AlarmClock ─▶ the same thread: what has arrived first, then the deadlines
///     subscribe, update, unsubscribe ─▶ SessionTable ─▶ first words, last words            (the caller's thread)
///     up, down ──▶ the subscriber's observer, at once; and run(): the log                  (a task)
///
/// The thread runs before everything ordinary on the machine where that is permitted: at 10 ms times three, a thread that
/// waits its turn behind two busy ones would declare failures that are none. It therefore does nothing that can wait, logging
/// included. What is sent is sent under the lock, so that the packets of a session leave in the order that was decided.
package final class BFDService: Sendable {
  /// What the user of a session hears of it.
  package enum Change: Sendable, Hashable {
    case up
    /// Only after `up`. Whether the path has failed is in the outage: BFD that is switched off says nothing about it.
    case down(Outage)
  }

  /// Called on the thread of the sessions: must not wait.
  package typealias Observer = @Sendable (Change) -> Void

  /// A user's interest in a path; ends with ``BFDService/unsubscribe(_:)``.
  package struct Subscription: Sendable, Hashable {
    package let path: SessionPath
    fileprivate let id: UInt64
  }

  private struct State {
    var table: SessionTable
    var sockets = BFDSockets()
    var echoSockets = BFDEchoSockets()
    var observers: [SessionPath: [UInt64: Observer]] = [:]
    var nextID: UInt64 = 0
    /// When the alarm will ring.
    var alarmAt: ContinuousClock.Instant?
    var hasEnded = false
  }

  private let loop: ReadinessLoop
  private let alarm: AlarmClock
  private let state: Mutex<State>
  private let notices = Inbox<BFDNotice>(capacity: 256)
  private let logger: Logger

  package init(seed: UInt64, logger: Logger) throws(SystemError) {
    self.loop = try ReadinessLoop(name: "bfd", urgency: .realTime)
    self.alarm = try AlarmClock()
    self.state = Mutex(State(table: SessionTable(seed: seed)))
    self.logger = logger
    // The loop must not keep the service alive.
    _ = try self.loop.watch(self.alarm.descriptor) { [weak self] in self?.ring() }
  }

  // MARK: - Users

  /// Wants a session on a path. There is one however many want it, and the latest settings count. If it is up already, the
  /// observer hears that at once.
  package func subscribe(
    to path: SessionPath, _ settings: Settings, observer: @escaping Observer
  ) -> Subscription {
    let (subscription, isUp) = self.state.withLock { state in
      self.listen(&state) { (sockets) throws(SystemError) in try sockets.open(path, watch: self.watch) }
      state.nextID += 1
      state.observers[path, default: [:]][state.nextID] = observer
      return (Subscription(path: path, id: state.nextID), state.table.readings[path]?.state == .up)
    }
    _ = self.notices.trySend(.wanted(path, settings, isUrgent: self.loop.isAsUrgentAsAsked))
    if isUp { observer(.up) }
    self.take(.wanted(path, settings))
    return subscription
  }

  /// Lets a session run otherwise from now on; one that is up stays up.
  package func update(_ subscription: Subscription, _ settings: Settings) {
    self.take(.wanted(subscription.path, settings))
  }

  /// Wants the session no more: the observer hears nothing from now on. The session ends with its last subscription, and the
  /// peer is told that this is no failure.
  package func unsubscribe(_ subscription: Subscription) {
    let isUnwanted = self.state.withLock { state in
      state.observers[subscription.path]?[subscription.id] = nil
      guard state.observers[subscription.path]?.isEmpty == true else { return false }
      state.observers[subscription.path] = nil
      return true
    }
    if isUnwanted { self.take(.unwanted(subscription.path)) }
  }

  /// The sessions as they are.
  package func readings() -> [SessionPath: Session.Reading] {
    self.state.withLock { $0.table.readings }
  }

  /// Returns when the thread of the sessions has come round to it.
  package func turn() async { await self.loop.turn() }

  /// Runs until the task is cancelled and `user`, which runs meanwhile, has ended; then tells every peer that this is no
  /// failure, and closes the sockets.
  ///
  /// There are routers that take it for one all the same: whoever relies on a session says goodbye before it does.
  package func run(for user: @escaping @Sendable () async -> Void = {}) async {
    await withDiscardingTaskGroup { group in
      group.addTask { await user() }
      await self.writeLog()
    }
    let paths = self.state.withLock { Array($0.observers.keys) }
    for path in paths { self.take(.unwanted(path)) }
    self.state.withLock { state in
      state.hasEnded = true
      state.sockets.closeAll(on: self.loop)
      state.echoSockets.closeAll(on: self.loop)
    }
    self.alarm.set(in: nil)
  }

  /// Writes the log until the task is cancelled, and looks after sockets that could not be had.
  private func writeLog() async {
    var complaints = BFDComplaints()
    var careAt: ContinuousClock.Instant?
    while !Task.isCancelled {
      // However many notices come meanwhile.
      careAt = self.state.withLock { $0.sockets.needsCare } ? careAt ?? Time.now + .seconds(1) : nil
      if let notice = await self.notices.next(before: careAt, on: ContinuousClock()) {
        if complaints.admits(notice, at: Time.now) { notice.log(to: self.logger) }
      }
      guard !Task.isCancelled, let due = careAt, due <= Time.now else { continue }
      careAt = nil
      self.state.withLock { state in
        self.listen(&state) { (sockets) throws(SystemError) in
          try sockets.listenToAll(on: self.loop, watch: self.watch)
        }
      }
    }
  }

  // MARK: - The thread

  @Sendable private func watch(_ listener: BFDSockets.Listener) throws(SystemError) -> ReadinessLoop.Registration {
    try self.loop.watch(listener.socket.descriptor) { [weak self] in self?.drain(listener) }
  }

  /// Opens what there is to receive with; what fails is tried again by `run`, and is in the log.
  private func listen(_ state: inout State, _ body: (inout BFDSockets) throws(SystemError) -> Void) {
    do throws(SystemError) {
      try body(&state.sockets)
    } catch {
      _ = self.notices.trySend(.cannotListen(error))
    }
  }

  /// What arrived before a deadline was handled counts as in time, however late this thread is.
  private func ring() {
    self.alarm.acknowledge()
    let (listeners, echoes) = self.state.withLock { ($0.sockets.listeners, $0.echoSockets.receivers) }
    for listener in listeners { self.drain(listener) }
    for receiver in echoes { self.drainEchoes(receiver) }
    // The alarm has to be set anew even if the deadline is what it was.
    self.state.withLock { $0.alarmAt = nil }
    self.take(.tick)
  }

  /// How many packets are taken in before other sockets get their turn.
  private static let packetsPerTurn = 256

  /// Takes in what has arrived at a socket.
  private func drain(_ listener: BFDSockets.Listener) {
    do throws(SystemError) {
      for _ in 0..<Self.packetsPerTurn {
        guard let arrived = try listener.receive() else { return }
        switch arrived {
        case .control(let packet, let origin):
          let arrival = self.state.withLock { $0.sockets.arrival(origin, at: listener, now: Time.now) }
          self.take(.received(packet, arrival))
        case .malformed(let reason, let origin):
          _ = self.notices.trySend(.malformed(reason, from: origin.source.address))
        }
      }
    } catch {
      // Said by the kernel about an earlier packet of ours; the socket stays usable.
      _ = self.notices.trySend(.cannotReceive(error))
    }
  }

  /// Takes in the Echo packets that are back.
  private func drainEchoes(_ receiver: PacketSocket) {
    do throws(SystemError) {
      for _ in 0..<Self.packetsPerTurn {
        guard let datagram = try receiver.receive({ EchoDatagram(frame: $0) }) else { return }
        if let datagram { self.take(.echoReturned(datagram.packet)) }
      }
    } catch {
      _ = self.notices.trySend(.cannotReceive(error))
    }
  }

  // MARK: - Decisions

  /// Gives an event to the table, does what it says, and tells those who want to know.
  private func take(_ event: SessionTable.Event) {
    let calls = self.state.withLock { state -> [(Observer, Change)] in
      guard !state.hasEnded else { return [] }
      let now = Time.now
      var calls: [(Observer, Change)] = []
      for action in state.table.handle(event, at: now) { calls += self.perform(action, &state) }
      let deadline = state.table.nextDeadline
      if deadline != state.alarmAt {
        state.alarmAt = deadline
        self.alarm.set(in: deadline.map { $0 - now })
      }
      return calls
    }
    for (observer, change) in calls { observer(change) }
  }

  private func perform(_ action: SessionTable.Action, _ state: inout State) -> [(Observer, Change)] {
    switch action {
    case .send(let packet, let path):
      self.send(packet.bytes, on: path, &state)
      return []
    case .sendEcho(let packet, let path, let arrival):
      self.sendEcho(packet, on: path, arrival, &state)
      return []
    case .up(let path):
      _ = self.notices.trySend(.up(path))
      return self.tell(.up, about: path, state)
    case .down(let path, let outage):
      _ = self.notices.trySend(.down(path, outage))
      return self.tell(.down(outage), about: path, state)
    case .close(let path):
      state.sockets.close(path, on: self.loop)
      state.echoSockets.close(path, on: self.loop)
      _ = self.notices.trySend(.closed(path))
      return []
    case .discard(_, let arrival, let reason):
      _ = self.notices.trySend(.discarded(reason, arrival))
      return []
    }
  }

  private func tell(_ change: Change, about path: SessionPath, _ state: State) -> [(Observer, Change)] {
    (state.observers[path] ?? [:]).values.map { ($0, change) }
  }

  private func sendEcho(_ packet: EchoPacket, on path: SessionPath, _ arrival: Arrival, _ state: inout State) {
    do throws(SystemError) {
      try state.echoSockets.send(packet, on: path, arrival, loop: self.loop) { receiver throws(SystemError) in
        try self.loop.watch(receiver.descriptor) { [weak self] in self?.drainEchoes(receiver) }
      }
    } catch {
      // It counts as lost, which is what Echo packets are there to notice.
      guard state.echoSockets.failures.updateValue(error, forKey: path) != error else { return }
      _ = self.notices.trySend(.cannotSend(path, error))
    }
  }

  private func send(_ bytes: [UInt8], on path: SessionPath, _ state: inout State) {
    do throws(SystemError) {
      try state.sockets.send(bytes, on: path)
      if state.sockets.failures.removeValue(forKey: path) != nil { _ = self.notices.trySend(.recovered(path)) }
    } catch {
      // The next packet tries again; the log has it once.
      guard state.sockets.failures.updateValue(error, forKey: path) != error else { return }
      _ = self.notices.trySend(.cannotSend(path, error))
    }
  }
}
