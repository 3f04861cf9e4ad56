import CLinux
import Glibc
import Runner
import Synchronization

/// One thread that waits for descriptors to become readable and calls their handlers.
///
/// Packet and netlink sockets are served here and not by an event loop of NIO, for three reasons. A packet socket stays
/// usable after a failed read (`ENETDOWN`, once each time its interface goes down), while a channel closes on it. The
/// raw sockets of IPv6 need `recvmsg`. And the answer to a packet has nothing to wait for behind it: a question costs
/// three system calls and no allocation of a channel's buffers, which doubles the answers per second of a busy link.
///
/// Handlers run on the thread of the loop, one after the other; they must not block. The thread ends with the loop.
package final class ReadinessLoop: Sendable {
  /// One watched descriptor; ends with ``ReadinessLoop/ignore(_:)``.
  package struct Registration: Sendable, Hashable {
    fileprivate let id: UInt64
  }

  /// How the thread competes for a processor.
  package enum Urgency: Sendable {
    case ordinary
    /// Before everything ordinary (SCHED_FIFO of sched(7)): for what is asleep nearly always, and must not wake late.
    case realTime
  }

  private let core: Core

  /// Whether the system has granted what was asked for; it takes the capability SYS_NICE.
  package let isAsUrgentAsAsked: Bool

  /// Starts the thread. `name` is what `top -H` shows: at most fifteen bytes.
  package init(name: String, urgency: Urgency = .ordinary) throws(SystemError) {
    self.core = try Core()
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(self.core)
    let result = pthread_create(&thread, nil, readinessThread, argument.toOpaque())
    guard result == 0 else {
      argument.release()
      throw SystemError("start the thread \(name)", code: result)
    }
    pthread_setname_np(thread, name)
    switch urgency {
    case .ordinary:
      self.isAsUrgentAsAsked = true
    case .realTime:
      var parameters = sched_param()
      // The middle: above everything ordinary, below the kernel's own urgent threads.
      parameters.sched_priority = 50
      self.isAsUrgentAsAsked = pthread_setschedparam(thread, SCHED_FIFO, &parameters) == 0
    }
    pthread_detach(thread)
  }

  deinit {
    self.core.stop()
  }

  /// When a handler is called.
  package enum Trigger: Sendable {
    /// As long as something is left to read: for handlers that read.
    case whileReadable
    /// Once for what has arrived: for handlers that only tell somebody who reads until nothing is left.
    case onArrival
  }

  /// Calls `handler` when the descriptor is readable or has failed, until the registration is ignored.
  package func watch(
    _ descriptor: Descriptor, _ trigger: Trigger = .whileReadable, handler: @escaping @Sendable () -> Void
  ) throws(SystemError) -> Registration {
    try self.core.watch(descriptor, trigger, handler: handler)
  }

  /// Stops calling a handler. One call may still be under way on the loop's thread.
  package func ignore(_ registration: Registration) {
    self.core.ignore(registration.id)
  }

  /// Returns when the thread has come round to it: it lives, and no handler hangs.
  package func turn() async {
    _ = await self.core.window.look { () }
  }
}

/// What the thread of a loop works with; outlives the loop until the thread has ended.
private final class Core: Sendable {
  private struct Watch {
    let descriptor: Descriptor
    let handler: @Sendable () -> Void
  }

  private struct State {
    var watches: [UInt64: Watch] = [:]
    var nextID: UInt64 = 1
    var isStopped = false
  }

  /// The identity of the descriptor that wakes the thread.
  private static let wakeUp: UInt64 = 0

  private let poll: Descriptor
  private let alarm: Descriptor
  private let state = Mutex(State())
  /// For those who ask for a sign of life.
  let window: Window<Void>

  init() throws(SystemError) {
    self.poll = try Descriptor(owning: epoll_create1(Int32(EPOLL_CLOEXEC)), "create an epoll descriptor")
    let alarm = try Descriptor(
      owning: eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)), "create an event descriptor")
    self.alarm = alarm
    self.window = Window { Self.ring(alarm) }
    try self.add(self.alarm, .whileReadable, id: Self.wakeUp)
  }

  func watch(
    _ descriptor: Descriptor, _ trigger: ReadinessLoop.Trigger, handler: @escaping @Sendable () -> Void
  ) throws(SystemError) -> ReadinessLoop.Registration {
    let id = self.state.withLock { state in
      defer { state.nextID += 1 }
      state.watches[state.nextID] = Watch(descriptor: descriptor, handler: handler)
      return state.nextID
    }
    do throws(SystemError) {
      try self.add(descriptor, trigger, id: id)
    } catch {
      self.ignore(id)
      throw error
    }
    return ReadinessLoop.Registration(id: id)
  }

  func ignore(_ id: UInt64) {
    guard let watch = self.state.withLock({ $0.watches.removeValue(forKey: id) }) else { return }
    epoll_ctl(self.poll.number, EPOLL_CTL_DEL, watch.descriptor.number, nil)
  }

  func stop() {
    self.state.withLock { $0.isStopped = true }
    Self.ring(self.alarm)
  }

  private static func ring(_ alarm: Descriptor) {
    var one: UInt64 = 1
    write(alarm.number, &one, MemoryLayout<UInt64>.size)
  }

  private func answerAlarm() {
    var count: UInt64 = 0
    read(self.alarm.number, &count, MemoryLayout<UInt64>.size)
    self.window.open(on: ())
  }

  func run() {
    let capacity = 32
    withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: capacity) { events in
      guard let base = events.baseAddress else { return }
      while !self.state.withLock({ $0.isStopped }) {
        let count = epoll_wait(self.poll.number, base, Int32(capacity), -1)
        // Fails only with EINTR: the arguments are constant and valid.
        guard count > 0 else { continue }
        for event in events[..<Int(count)] {
          guard event.data.u64 != Self.wakeUp else {
            self.answerAlarm()
            continue
          }
          // A handler may have ignored a registration further down in this batch.
          let handler = self.state.withLock { $0.watches[event.data.u64]?.handler }
          handler?()
        }
      }
    }
    self.window.close()
  }

  private func add(_ descriptor: Descriptor, _ trigger: ReadinessLoop.Trigger, id: UInt64) throws(SystemError) {
    let mode: UInt32 =
      switch trigger {
      case .whileReadable: 0
      case .onArrival: 1 << 31  // EPOLLET
      }
    var event = epoll_event(events: EPOLLIN.rawValue | mode, data: epoll_data(u64: id))
    guard epoll_ctl(self.poll.number, EPOLL_CTL_ADD, descriptor.number, &event) == 0 else {
      throw SystemError("watch descriptor \(descriptor.number)")
    }
  }
}

/// The body of the thread, outside of any isolation.
private func readinessThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  Unmanaged<Core>.fromOpaque(argument).takeRetainedValue().run()
  return nil
}
