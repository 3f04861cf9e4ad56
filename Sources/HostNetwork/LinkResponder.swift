import Glibc
import Layer2
import Logging
import Primitives
import Runner
import Synchronization

/// Announces addresses to the neighbours on this machine's links: answers who asks, and tells who did not.
///
///     frame ──▶ ReadinessLoop: PacketSocket ─▶ Responder ─▶ reply                (a thread of its own, never waits)
///     announce, withdraw, interfacesChanged ─▶ Responder, GratuitousSchedule ─▶ bursts   (the caller's thread)
///     deadlines ──▶ run(): GratuitousSchedule ─▶ bursts                                   (a task)
///
/// The decisions are shared by the three under one lock, which nobody holds during a system call that sends: an address
/// is answered for when `announce` returns, and no longer when `withdraw` does.
package final class LinkResponder: Sendable {
  /// What was received and sent for one address (contract section 15).
  package struct Counters: Sendable, Hashable {
    package var requestsReceived: UInt64 = 0
    package var responsesSent: UInt64 = 0
    package var gratuitousSent: UInt64 = 0

    package init() {}
  }

  private struct Endpoint {
    let socket: PacketSocket
    let registration: ReadinessLoop.Registration
    /// The error that was reported last.
    var failure: Int32?
  }

  private struct State {
    var responder = Responder()
    var schedule: GratuitousSchedule
    var cover = AddressCover()
    /// The most addresses since the cover was made: half of that, and it is made anew.
    var coveredCount = 0
    /// By the index of the interface.
    var endpoints: [Int: Endpoint] = [:]
    /// Where addresses can be announced: an endpoint each, except for those that could not be opened.
    var links: [Link] = []
    /// The indices of the links that have a carrier.
    var carriers: Set<Int> = []
    /// When to try again the links that could not be opened.
    var retryAt: ContinuousClock.Instant?
    /// Those of withdrawn addresses stay, as counters must not fall.
    var counters: [IPAddress: Counters] = [:]
  }

  private struct Outgoing {
    let address: IPAddress
    let socket: PacketSocket
    let frame: ARPFrame
  }

  private let loop: ReadinessLoop
  private let exclusions: InterfaceExclusions
  private let logger: Logger
  private let state: Mutex<State>
  /// Wakes `run()` when a deadline may have come closer.
  private let changes = Inbox<Void>(capacity: 1)

  package init(
    on loop: ReadinessLoop, exclusions: InterfaceExclusions = .standard,
    gratuitous settings: GratuitousSchedule.Settings = GratuitousSchedule.Settings(), seed: UInt64, logger: Logger
  ) {
    self.loop = loop
    self.exclusions = exclusions
    self.logger = logger
    self.state = Mutex(State(schedule: GratuitousSchedule(settings, seed: seed)))
  }

  /// Sends what is due, until the task is cancelled; then closes the sockets.
  package func run() async {
    while !Task.isCancelled {
      let deadline = self.state.withLock { state in
        [state.schedule.nextDeadline, state.retryAt].compactMap { $0 }.min()
      }
      _ = await self.changes.next(before: deadline, on: ContinuousClock())
      guard !Task.isCancelled else { break }
      let now = Time.now
      let hasNews = self.state.withLock { state in
        state.retryAt.map { $0 <= now } == true && self.openMissing(&state, at: now)
      }
      if hasNews { self.take(.linkChanged, at: now) }
      self.take(.tick, at: now)
    }
    self.interfacesChanged([])
  }

  // MARK: - Commands

  /// Answers for an address from now on, on those of the interfaces that are there or will be, and tells the neighbours.
  package func announce(_ address: IPAddress, on interfaces: InterfaceSet) {
    self.state.withLock { state in
      state.responder.announce(address, on: interfaces)
      state.coveredCount = max(state.coveredCount, state.responder.count)
      if case .v4(let address) = address, state.cover.include(address) { self.attachFilters(&state) }
    }
    self.handle(.announced(address), at: Time.now)
  }

  /// Answers for an address no longer. The neighbours are not told: the next owner does that.
  package func withdraw(_ address: IPAddress) {
    self.state.withLock { state in
      state.responder.withdraw(address)
      if 2 * state.responder.count < state.coveredCount {
        state.coveredCount = state.responder.count
        state.cover = AddressCover(state.responder.addresses.compactMap(\.ipv4))
        self.attachFilters(&state)
      }
    }
    self.handle(.withdrawn(address), at: Time.now)
  }

  /// Opens a socket on each link that has come and closes those on links that have gone; neighbours on a link that has
  /// come, or has its carrier back, are told everything.
  package func interfacesChanged(_ interfaces: [Interface]) {
    let now = Time.now
    let links = self.exclusions.links(among: interfaces, for: .ipv4)
    let carriers = Set(interfaces.filter(\.hasCarrier).map(\.index)).intersection(links.map(\.index))
    let hasNews = self.state.withLock { state in
      self.close(&state, except: links)
      defer { state.carriers = carriers }
      state.links = links
      return self.openMissing(&state, at: now) || !carriers.isSubset(of: state.carriers)
    }
    if hasNews { self.handle(.linkChanged, at: now) } else { _ = self.changes.trySend(()) }
  }

  /// The links on which addresses can be announced now.
  package var links: [Link] {
    self.state.withLock { state in state.endpoints.values.map(\.socket.link).sorted { $0.index < $1.index } }
  }

  /// What was received and sent, for every address that was ever announced.
  package func counters() -> [IPAddress: Counters] {
    self.state.withLock { $0.counters }
  }

  // MARK: - Links

  /// Opens the links that have no socket; true if there were some and it worked.
  private func openMissing(_ state: inout State, at now: ContinuousClock.Instant) -> Bool {
    var hasOpened = false
    state.retryAt = nil
    for link in state.links where state.endpoints[link.index] == nil {
      do {
        state.endpoints[link.index] = try self.open(link, cover: state.cover)
        self.logger.info("announcing on interface", metadata: ["interface": "\(link.name)"])
        hasOpened = true
      } catch {
        self.logger.warning(
          "cannot announce on interface", metadata: ["interface": "\(link.name)", "reason": "\(error)"])
        state.retryAt = now + .seconds(1)
      }
    }
    return hasOpened
  }

  private func open(_ link: Link, cover: AddressCover) throws(SystemError) -> Endpoint {
    let socket = try PacketSocket(.arp, on: link, filter: .questions(on: link, about: cover))
    // The loop must not keep the responder alive, nor the responder's sockets their handlers.
    let registration = try self.loop.watch(socket.descriptor) { [weak self] in self?.answer(from: socket) }
    return Endpoint(socket: socket, registration: registration)
  }

  private func close(_ state: inout State, except links: [Link]) {
    let staying = Set(links)
    for (index, endpoint) in state.endpoints where !staying.contains(endpoint.socket.link) {
      self.loop.ignore(endpoint.registration)
      state.endpoints[index] = nil
      self.logger.info("no longer announcing on interface", metadata: ["interface": "\(endpoint.socket.link.name)"])
    }
  }

  /// Tells the kernel what is announced. A link whose filter cannot be replaced would miss questions: it is opened anew.
  private func attachFilters(_ state: inout State) {
    for (index, endpoint) in state.endpoints {
      let link = endpoint.socket.link
      do {
        try endpoint.socket.attach(.questions(on: link, about: state.cover))
      } catch {
        self.logger.warning(
          "cannot announce on interface", metadata: ["interface": "\(link.name)", "reason": "\(error)"])
        self.loop.ignore(endpoint.registration)
        state.endpoints[index] = nil
        state.retryAt = Time.now + .seconds(1)
      }
    }
  }

  // MARK: - Frames

  /// How many frames are answered before other sockets get their turn.
  private static let framesPerTurn = 64

  /// Answers what has arrived on a socket.
  private func answer(from socket: PacketSocket) {
    do throws(SystemError) {
      for _ in 0..<Self.framesPerTurn {
        guard let reply = try socket.receive({ self.reply(to: $0, on: socket.link) }) else { return }
        guard let reply else { continue }
        try socket.send(reply.bytes)
        self.state.withLock { $0.counters[.v4(reply.sender), default: Counters()].responsesSent += 1 }
      }
    } catch {
      // The asker asks again, and the socket stays usable.
      self.report(error, on: socket)
    }
  }

  private func reply(to bytes: RawSpan, on link: Link) -> ARPFrame? {
    guard let frame = try? ARPFrame(decoding: bytes) else { return nil }
    return self.state.withLock { state in
      guard case .reply(let reply) = state.responder.answer(frame, on: link) else { return nil }
      state.counters[.v4(reply.sender), default: Counters()].requestsReceived += 1
      return reply
    }
  }

  /// Takes an event of the schedule into account, and lets `run` look at its deadline anew.
  private func handle(_ event: GratuitousSchedule.Event, at now: ContinuousClock.Instant) {
    self.take(event, at: now)
    _ = self.changes.trySend(())
  }

  /// Takes an event of the schedule into account, and sends the bursts that are due.
  private func take(_ event: GratuitousSchedule.Event, at now: ContinuousClock.Instant) {
    let outgoing = self.state.withLock { state in
      state.schedule.handle(event, at: now).flatMap { action in
        switch action {
        case .sendBurst(let address): Self.burst(for: address, state)
        }
      }
    }
    self.send(outgoing, at: now)
  }

  private static func burst(for address: IPAddress, _ state: State) -> [Outgoing] {
    state.endpoints.values.flatMap { endpoint in
      state.responder.gratuitousFrames(for: address, on: endpoint.socket.link).map {
        Outgoing(address: address, socket: endpoint.socket, frame: $0)
      }
    }
  }

  /// Sends frames, counts them, and has those repeated soon that found a queue full.
  private func send(_ outgoing: [Outgoing], at now: ContinuousClock.Instant) {
    var postponed: Set<IPAddress> = []
    var sent: [IPAddress: UInt64] = [:]
    for item in outgoing where !postponed.contains(item.address) {
      do throws(SystemError) {
        try item.socket.send(item.frame.bytes)
        sent[item.address, default: 0] += 1
      } catch {
        if error.code == EAGAIN || error.code == ENOBUFS {
          postponed.insert(item.address)
        } else {
          self.report(error, on: item.socket)
        }
      }
    }
    guard !outgoing.isEmpty else { return }
    self.state.withLock { state in
      for (address, count) in sent { state.counters[address, default: Counters()].gratuitousSent += count }
      for address in postponed { _ = state.schedule.handle(.postponed(address), at: now) }
    }
  }

  /// Logs the first of equal failures of a link. That an interface is down or gone is not one: the monitor tells that.
  private func report(_ error: SystemError, on socket: PacketSocket) {
    guard ![ENETDOWN, ENXIO, ENODEV].contains(error.code) else { return }
    let isNews = self.state.withLock { state in
      guard let endpoint = state.endpoints[socket.link.index], endpoint.socket === socket else { return false }
      defer { state.endpoints[socket.link.index]?.failure = error.code }
      return endpoint.failure != error.code
    }
    guard isNews else { return }
    self.logger.warning(
      "frames are lost on interface", metadata: ["interface": "\(socket.link.name)", "reason": "\(error)"])
  }
}

extension IPAddress {
  fileprivate var ipv4: IPv4Address? {
    guard case .v4(let address) = self else { return nil }
    return address
  }
}
