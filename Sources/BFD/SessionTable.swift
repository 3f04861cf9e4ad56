import HeapModule
import Primitives

/// All BFD sessions of this node: tells each packet's session, and when the next of them wants to be woken.
///
/// A packet that names our discriminator is for that session; one that names none is told by where it came from (RFC 5880
/// section 6.3). Either way it must come from the session's peer, over the kind of path that the session is for, and from
/// near enough (RFC 5881 section 5, RFC 5883 section 5).
///
/// A tick costs what is due. The heap holds one valid entry a session, for a time at which it may want something: a deadline
/// that moves away, as that of detection does with each packet, leaves its entry where it is until that time has come.
package struct SessionTable: StateMachine {
  package enum Event: Sendable, Hashable, Timed {
    case tick
    case received(ControlPacket, Arrival)
    case echoReturned(EchoPacket)
    /// A session is wanted on a path, or is to run otherwise from now on.
    case wanted(SessionPath, Settings)
    /// No session is wanted on a path any more.
    case unwanted(SessionPath)
  }

  package enum Action: Sendable, Hashable {
    case send(ControlPacket, on: SessionPath)
    /// To be handed to the peer, which was last heard in this way.
    case sendEcho(EchoPacket, on: SessionPath, heard: Arrival)
    case up(SessionPath)
    case down(SessionPath, Outage)
    /// Nothing will be sent on a path any more.
    case close(SessionPath)
    case discard(ControlPacket, Arrival, Discard)
  }

  /// Why a packet has no session.
  package enum Discard: Error, Sendable, Hashable {
    case unknownPeer
    case unknownDiscriminator(Discriminator)
    /// The discriminator is that of a session with somebody else, or on another kind of path.
    case foreignDiscriminator(Discriminator)
    case tooFar(minimumTTL: UInt8)
  }

  private struct Entry: Equatable {
    let path: SessionPath
    var session: Session
    /// How the peer was heard last.
    var arrival: Arrival?
    /// The time of its entry in the heap.
    var alarm: ContinuousClock.Instant?
  }

  private struct Alarm: Hashable, Comparable {
    let at: ContinuousClock.Instant
    let session: UInt32

    static func < (left: Alarm, right: Alarm) -> Bool {
      left.at == right.at ? left.session < right.session : left.at < right.at
    }
  }

  /// What a packet without our discriminator is told by.
  private struct Origin: Hashable {
    let peer: IPAddress
    let isMultihop: Bool
  }

  private var dice: SplitMix64
  private var entries: [Discriminator: Entry] = [:]
  private var discriminators: [SessionPath: Discriminator] = [:]
  private var origins: [Origin: [Discriminator]] = [:]
  private var alarms = Heap<Alarm>()

  package init(seed: UInt64) {
    self.dice = SplitMix64(seed: seed)
  }

  package var nextDeadline: ContinuousClock.Instant? { self.alarms.min?.at }

  /// How many deadlines are kept.
  package var pendingAlarms: Int { self.alarms.count }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .tick:
      return self.tick(at: now)
    case .received(let packet, let arrival):
      do throws(Discard) {
        let discriminator = try self.session(for: packet, arrival)
        self.entries[discriminator]?.arrival = arrival
        return self.pass(.received(packet), to: discriminator, at: now)
      } catch {
        return [.discard(packet, arrival, error)]
      }
    case .echoReturned(let packet):
      return self.pass(.echoReturned(packet), to: packet.session, at: now)
    case .wanted(let path, let settings):
      return self.want(path, settings, at: now)
    case .unwanted(let path):
      guard let discriminator = self.discriminators[path] else { return [] }
      return self.pass(.disabled, to: discriminator, at: now)
    }
  }

  /// The sessions as they are, for metrics and operators; those that only say goodbye included.
  package var readings: [SessionPath: Session.Reading] {
    self.discriminators.compactMapValues { self.entries[$0]?.session.reading }
  }

  private mutating func tick(at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    while let alarm = self.alarms.min, alarm.at <= now {
      self.alarms.removeMin()
      guard let discriminator = Discriminator(alarm.session), self.entries[discriminator]?.alarm == alarm.at else {
        continue
      }
      self.entries[discriminator]?.alarm = nil
      actions += self.pass(.tick, to: discriminator, at: now)
    }
    return actions
  }

  private mutating func want(_ path: SessionPath, _ settings: Settings, at now: ContinuousClock.Instant) -> [Action] {
    var settings = settings
    // Nobody but a neighbour can be handed what is addressed to ourselves (RFC 5883 section 4).
    if path.isMultihop { settings.echo = .off }
    // FRR addresses its IPv6 Echo packets to us and not to itself: nobody would return them, and it would take the session
    // down. Ours, which are addressed to ourselves, go out where the other end asks for them (RFC 5881 section 4).
    settings.invitesEcho = path.peer.family == .ipv4
    if let known = self.discriminators[path] {
      return self.pass(.configured(settings), to: known, at: now) + self.pass(.enabled, to: known, at: now)
    }
    var discriminator = Discriminator.random(using: &self.dice)
    while self.entries[discriminator] != nil { discriminator = .random(using: &self.dice) }
    let session = Session(settings, discriminator: discriminator, seed: self.dice.next(), at: now)
    self.entries[discriminator] = Entry(path: path, session: session)
    self.discriminators[path] = discriminator
    self.origins[Origin(peer: path.peer, isMultihop: path.isMultihop), default: []].append(discriminator)
    return self.pass(.tick, to: discriminator, at: now)
  }

  private mutating func forget(_ discriminator: Discriminator, _ path: SessionPath) {
    self.entries[discriminator] = nil
    self.discriminators[path] = nil
    let origin = Origin(peer: path.peer, isMultihop: path.isMultihop)
    self.origins[origin]?.removeAll { $0 == discriminator }
    if self.origins[origin]?.isEmpty == true { self.origins[origin] = nil }
  }

  /// Gives an event to a session and puts the path to its actions.
  private mutating func pass(
    _ event: Session.Event, to discriminator: Discriminator, at now: ContinuousClock.Instant
  ) -> [Action] {
    guard let entry = self.entries[discriminator],
      let actions = self.entries[discriminator]?.session.handle(event, at: now)
    else { return [] }
    self.setAlarm(of: discriminator)
    let path = entry.path
    return actions.compactMap { action in
      switch action {
      case .send(let packet): return .send(packet, on: path)
      case .sendEcho(let packet): return entry.arrival.map { .sendEcho(packet, on: path, heard: $0) }
      case .up: return .up(path)
      case .down(let outage): return .down(path, outage)
      case .finished:
        self.forget(discriminator, path)
        return .close(path)
      }
    }
  }

  private mutating func setAlarm(of discriminator: Discriminator) {
    guard let entry = self.entries[discriminator], let deadline = entry.session.nextDeadline else { return }
    if let alarm = entry.alarm, alarm <= deadline { return }
    self.entries[discriminator]?.alarm = deadline
    self.alarms.insert(Alarm(at: deadline, session: discriminator.number))
  }

  // MARK: - Demultiplexing

  /// The session that a packet is for.
  private func session(for packet: ControlPacket, _ arrival: Arrival) throws(Discard) -> Discriminator {
    let discriminator =
      if let yours = packet.yours {
        try self.named(yours, arrival)
      } else {
        try self.unnamed(arrival)
      }
    let minimumTTL = arrival.isMultihop ? self.entries[discriminator]?.session.settings.minimumTTL ?? 255 : 255
    guard arrival.ttl >= minimumTTL else { throw .tooFar(minimumTTL: minimumTTL) }
    return discriminator
  }

  private func named(_ discriminator: Discriminator, _ arrival: Arrival) throws(Discard) -> Discriminator {
    guard let path = self.entries[discriminator]?.path else { throw .unknownDiscriminator(discriminator) }
    guard path.admits(arrival) else { throw .foreignDiscriminator(discriminator) }
    return discriminator
  }

  private func unnamed(_ arrival: Arrival) throws(Discard) -> Discriminator {
    let candidates = self.origins[Origin(peer: arrival.source, isMultihop: arrival.isMultihop)] ?? []
    var best: (discriminator: Discriminator, precision: Int)?
    for candidate in candidates {
      guard let path = self.entries[candidate]?.path, path.admits(arrival) else { continue }
      if path.precision > best?.precision ?? -1 { best = (candidate, path.precision) }
    }
    guard let best else { throw .unknownPeer }
    return best.discriminator
  }
}

extension SessionTable.Discard: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownPeer: "no session is configured with its sender"
    case .unknownDiscriminator(let discriminator): "there is no session \(discriminator), or not any more"
    case .foreignDiscriminator(let discriminator): "session \(discriminator) is with somebody else, or on another path"
    case .tooFar(let minimumTTL): "it came from too far away: a TTL of \(minimumTTL) is the least"
    }
  }
}
