import Layer2
import Logging
import Primitives
import Runner
import Synchronization

/// Announces addresses to the neighbours on this machine's links: answers who asks, tells who did not, looks whether an
/// address is free before it is announced, and notices who else claims it afterwards.
///
///     frame ──▶ ReadinessLoop: PacketSocket ─▶ Responder ─▶ reply               (a thread of its own, never waits)
///                                           └▶ AddressProbes, ConflictWatch ─▶ findings
///     announce, withdraw, interfacesChanged ─▶ Responder, GratuitousSchedule ─▶ bursts   (the caller's thread)
///     deadlines ──▶ run(): GratuitousSchedule ─▶ bursts, AddressProbes ─▶ probes;
///                          findings ─▶ deliver                                           (a task)
///
/// The decisions are shared by the three under one lock, which nobody holds during a system call that sends: an address
/// is answered for when `announce` returns, and no longer when `withdraw` does. Links and frames are in files of their own
/// (`LinkResponder+Links.swift`, `LinkResponder+Frames.swift`).
package final class LinkResponder: Sendable {
  /// What was received and sent for one address (contract section 15).
  package struct Counters: Sendable, Hashable {
    package var requestsReceived: UInt64 = 0
    package var responsesSent: UInt64 = 0
    package var gratuitousSent: UInt64 = 0

    package init() {}
  }

  /// What was found out about an address on the wire.
  package enum Finding: Sendable, Hashable {
    /// Nobody has the address that was probed.
    case free(IPAddress)
    /// Somebody has the address that was probed.
    case occupied(LinkFrame.Claim, interface: String)
    /// Somebody else claims an address that is announced here.
    case contested(LinkFrame.Claim, interface: String)
  }

  /// The cover of the announced addresses of one family.
  struct Covering {
    var cover = AddressCover()
    /// The most addresses since the cover was made: half of that, and it is made anew.
    var count = 0
  }

  struct State {
    var responder = Responder()
    var schedule: GratuitousSchedule
    var probes: AddressProbes
    /// Where the addresses that are asked for would be announced.
    var probed: [IPAddress: InterfaceSet] = [:]
    var conflicts = ConflictWatch()
    var findings: [Finding] = []
    var coverings: [IPFamily: Covering] = [:]
    var endpoints: [LinkEndpoint.ID: LinkEndpoint] = [:]
    var selector: LinkSelector
    /// Where addresses can be announced: an endpoint each, except for those that could not be opened.
    var links: [Link] = []
    /// The indices of the links that have a carrier.
    var carriers: Set<Int> = []
    /// All hardware addresses of this machine: what they claim is no conflict.
    var ownHardware: Set<MACAddress> = []
    /// When to try again what could not be opened or joined.
    var retryAt: ContinuousClock.Instant?
    /// Why links could not be opened when that was tried last, which is told once.
    var complaints: [LinkEndpoint.ID: Int32] = [:]
    /// Those of withdrawn addresses stay, as counters must not fall.
    var counters: [IPAddress: Counters] = [:]
  }

  let loop: ReadinessLoop
  let reception: PacketSocket.Reception
  let logger: Logger
  let state: Mutex<State>
  /// Wakes `run()` when a deadline may have come closer, or there is something to deliver.
  let changes = Inbox<Void>(capacity: 1)

  package init(
    on loop: ReadinessLoop, exclusions: InterfaceExclusions = .standard, reception: PacketSocket.Reception = .ordinary,
    gratuitous settings: GratuitousSchedule.Settings = GratuitousSchedule.Settings(),
    probes probeSettings: AddressProbes.Settings = AddressProbes.Settings(), seed: UInt64, logger: Logger
  ) {
    self.loop = loop
    self.reception = reception
    self.logger = logger
    self.state = Mutex(
      State(
        schedule: GratuitousSchedule(settings, seed: seed), probes: AddressProbes(probeSettings, seed: ~seed),
        selector: LinkSelector(excluding: exclusions)))
  }

  /// Sends what is due and delivers what was found, until the task is cancelled; then closes the sockets.
  package func run(_ deliver: (Finding) async -> Void) async {
    while !Task.isCancelled {
      let deadline = self.state.withLock { state in
        [state.schedule.nextDeadline, state.probes.nextDeadline, state.retryAt].compactMap { $0 }.min()
      }
      _ = await self.changes.next(before: deadline, on: ContinuousClock())
      guard !Task.isCancelled else { break }
      let now = Time.now
      let opened = self.state.withLock { state in
        state.retryAt.map { $0 <= now } == true ? self.openMissing(&state, at: now) : []
      }
      if !opened.isEmpty { self.take(.linksChanged(opened), at: now) }
      self.take(.tick, at: now)
      self.take(probes: .tick, at: now)
      let findings = self.state.withLock { state in
        defer { state.findings = [] }
        return state.findings
      }
      for finding in findings { await deliver(finding) }
    }
    self.interfacesChanged([])
  }

  // MARK: - Commands

  /// Answers for an address from now on, on those of the interfaces that are there or will be, and tells the neighbours.
  package func announce(_ address: IPAddress, on interfaces: InterfaceSet) {
    let now = Time.now
    self.state.withLock { state in
      state.responder.announce(address, on: interfaces)
      self.attend(to: address, &state, at: now)
    }
    self.handle(.announced(address), at: now)
  }

  /// Answers for an address no longer. The neighbours are not told: the next owner does that.
  package func withdraw(_ address: IPAddress) {
    self.state.withLock { state in
      state.responder.withdraw(address)
      state.conflicts.forget(address)
      self.neglect(address, &state)
    }
    self.handle(.withdrawn(address), at: Time.now)
  }

  /// Asks whether anybody has an address, on the interfaces that it would be announced on; the answer is a finding. An
  /// address that somebody has is asked for again after a pause, until it is free.
  package func probe(_ address: IPAddress, on interfaces: InterfaceSet, again pause: Duration) {
    let now = Time.now
    self.state.withLock { state in
      state.probed[address] = interfaces
      self.attend(to: address, &state, at: now)
    }
    self.take(probes: .requested(address, again: pause), at: now)
    _ = self.changes.trySend(())
  }

  /// Asks no longer.
  package func abandonProbe(of address: IPAddress) {
    self.take(probes: .abandoned(address), at: Time.now)
    self.state.withLock { state in
      state.probed[address] = nil
      self.neglect(address, &state)
    }
  }

  /// Tells the neighbours of an announced address at once, as somebody else has claimed it.
  package func defend(_ address: IPAddress) {
    let outgoing = self.state.withLock { Self.burst(for: address, on: .all, $0) }
    self.send(outgoing, at: Time.now)
  }

  /// What was received and sent, for every address that was ever announced.
  package func counters() -> [IPAddress: Counters] {
    self.state.withLock { $0.counters }
  }
}
