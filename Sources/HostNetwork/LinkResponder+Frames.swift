import Glibc
import Layer2
import Primitives
import Runner

extension LinkResponder {
  /// One frame on its way to a link.
  struct Outgoing {
    let address: IPAddress
    let socket: PacketSocket
    let frame: LinkFrame
  }

  /// How many frames are answered before other sockets get their turn.
  private static let framesPerTurn = 64
  /// So many findings wait at most; of conflicts that go on, more are heard.
  private static let mostFindings = 4096

  // MARK: - What arrives

  /// Answers what has arrived on a socket.
  func answer(from socket: PacketSocket) {
    do throws(SystemError) {
      for _ in 0..<Self.framesPerTurn {
        guard let answer = try socket.receive({ self.answer(to: $0, on: socket.link) }) else { return }
        guard let (reply, address) = answer else { continue }
        try socket.send(reply.bytes)
        self.state.withLock { $0.counters[address, default: Counters()].responsesSent += 1 }
      }
    } catch {
      // The asker asks again, and the socket stays usable.
      self.report(error, on: socket)
    }
  }

  private func answer(to bytes: RawSpan, on link: Link) -> (LinkFrame, IPAddress)? {
    guard let frame = LinkFrame(decoding: bytes, family: link.family) else { return nil }
    return self.state.withLock { state in
      if let claim = frame.claim { self.hear(claim, on: link, &state) }
      guard case .reply(let reply, let address) = state.responder.answer(frame, on: link) else { return nil }
      state.counters[address, default: Counters()].requestsReceived += 1
      return (reply, address)
    }
  }

  /// Somebody on the link says that it has an address: what this machine itself says comes back where two of its
  /// interfaces are on one network.
  private func hear(_ claim: LinkFrame.Claim, on link: Link, _ state: inout State) {
    guard Self.concerns(claim.address, link, state), !state.ownHardware.contains(claim.holder) else { return }
    let now = Time.now
    if state.responder.interfaces(announcing: claim.address)?.contains(link.name) == true {
      if state.conflicts.hear(claim, at: now), state.findings.count < Self.mostFindings {
        state.findings.append(.contested(claim, interface: link.name))
        _ = self.changes.trySend(())
      }
    } else if case .reportOccupied? = state.probes.handle(.heard(claim), at: now).first {
      state.findings.append(.occupied(claim, interface: link.name))
      _ = self.changes.trySend(())
    }
  }

  // MARK: - What is due

  /// Takes an event of the schedule into account, and lets `run` look at its deadline anew.
  func handle(_ event: GratuitousSchedule.Event, at now: ContinuousClock.Instant) {
    self.take(event, at: now)
    _ = self.changes.trySend(())
  }

  /// Takes an event of the schedule into account, and sends the bursts that are due.
  func take(_ event: GratuitousSchedule.Event, at now: ContinuousClock.Instant) {
    let outgoing = self.state.withLock { state in
      state.schedule.handle(event, at: now).flatMap { action in
        switch action {
        case .sendBurst(let address, let reach): Self.burst(for: address, on: reach, state)
        }
      }
    }
    self.send(outgoing, at: now)
  }

  /// Takes an event of the probes into account, sends those that are due and keeps what was found.
  func take(probes event: AddressProbes.Event, at now: ContinuousClock.Instant) {
    let outgoing = self.state.withLock { state in
      state.probes.handle(event, at: now).flatMap { action -> [Outgoing] in
        switch action {
        case .sendProbe(let address):
          return Self.probes(for: address, state)
        case .reportFree(let address):
          state.probed[address] = nil
          self.neglect(address, &state)
          state.findings.append(.free(address))
          _ = self.changes.trySend(())
          return []
        case .reportOccupied:
          return []
        }
      }
    }
    for item in outgoing {
      do throws(SystemError) { try item.socket.send(item.frame.bytes) } catch { self.report(error, on: item.socket) }
    }
  }

  static func burst(for address: IPAddress, on reach: GratuitousSchedule.Reach, _ state: State) -> [Outgoing] {
    state.endpoints.values.filter { $0.link.family == address.family && reach.contains($0.link) }.flatMap { endpoint in
      state.responder.gratuitousFrames(for: address, on: endpoint.link).map {
        Outgoing(address: address, socket: endpoint.socket, frame: $0)
      }
    }
  }

  private static func probes(for address: IPAddress, _ state: State) -> [Outgoing] {
    state.endpoints.values.filter { Self.concerns(address, $0.link, state) }.map { endpoint in
      Outgoing(address: address, socket: endpoint.socket, frame: .probe(for: address, on: endpoint.link))
    }
  }

  // MARK: - Sending

  /// Sends frames, counts them, and has those repeated soon that found a queue full.
  func send(_ outgoing: [Outgoing], at now: ContinuousClock.Instant) {
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
    let id = LinkEndpoint.ID(socket.link)
    let isNews = self.state.withLock { state in
      guard let endpoint = state.endpoints[id], endpoint.socket === socket else { return false }
      defer { state.endpoints[id]?.failure = error.code }
      return endpoint.failure != error.code
    }
    guard isNews else { return }
    self.logger.warning(
      "frames are lost on interface",
      metadata: ["interface": "\(socket.link.name)", "family": "\(socket.link.family)", "reason": "\(error)"])
  }
}
