import Primitives

/// Looks whether anybody has an address, before this node announces it (RFC 5227 section 2.1; RFC 4862 section 5.4).
///
///                     ┌─────────── nobody claims it: free ──────────▶ (done)
///     ──requested──▶ asking ──somebody claims it──▶ occupied
///                     ▲                                │
///                     └────────── now and then ────────┘
///
/// It asks three times within 600 ms, not the several seconds of the RFCs: a host that is up answers in milliseconds, and
/// a Service shall not wait longer than that for its first packet. An address that is occupied is asked for again at
/// intervals, and found free once a whole round of questions stays without an answer.
package struct AddressProbes: StateMachine, Equatable {
  package enum Event: Sendable, Hashable, Timed {
    case tick
    /// With the pause after which an address that somebody has is asked for again.
    case requested(IPAddress, again: Duration)
    /// The answer does not matter any more.
    case abandoned(IPAddress)
    case heard(LinkFrame.Claim)
  }

  package enum Action: Sendable, Hashable {
    case sendProbe(IPAddress)
    /// Nobody has the address.
    case reportFree(IPAddress)
    /// Somebody has it; once for each that has.
    case reportOccupied(LinkFrame.Claim)
  }

  package struct Settings: Sendable, Hashable {
    package var questions: Int
    /// Between the questions, and after the last.
    package var interval: Duration

    package init(questions: Int = 3, interval: Duration = .milliseconds(200)) {
      self.questions = questions
      self.interval = interval
    }
  }

  private enum State: Sendable, Hashable {
    /// After so many questions; the holder is who was found the last time.
    case asking(asked: Int, holder: MACAddress?)
    case occupied(MACAddress)
  }

  private let settings: Settings
  private var dice: SplitMix64
  private var states: [IPAddress: State] = [:]
  private var pauses: [IPAddress: Duration] = [:]
  private var deadlines = AddressDeadlines()

  package init(_ settings: Settings = Settings(), seed: UInt64) {
    self.settings = settings
    self.dice = SplitMix64(seed: seed)
  }

  package var nextDeadline: ContinuousClock.Instant? { self.deadlines.next }

  /// The addresses that are asked for, or occupied.
  package var addresses: some Collection<IPAddress> { self.states.keys }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .tick:
      return self.due(at: now)
    case .requested(let address, let pause):
      self.pauses[address] = pause
      guard self.states[address] == nil else { return [] }
      return [self.ask(address, asked: 0, holder: nil, at: now)]
    case .abandoned(let address):
      self.states[address] = nil
      self.pauses[address] = nil
      self.deadlines.set(address, to: nil)
      return []
    case .heard(let claim):
      guard let state = self.states[claim.address] else { return [] }
      self.states[claim.address] = .occupied(claim.holder)
      self.deadlines.set(claim.address, to: now + self.dice.jittered(self.pauses[claim.address] ?? .zero, by: 0.1))
      switch state {
      case .asking(_, claim.holder), .occupied(claim.holder): return []
      case .asking, .occupied: return [.reportOccupied(claim)]
      }
    }
  }

  private mutating func due(at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    while let address = self.deadlines.takeDue(at: now) {
      switch self.states[address] {
      case .asking(let asked, let holder) where asked < self.settings.questions:
        actions.append(self.ask(address, asked: asked, holder: holder, at: now))
      case .asking:
        self.states[address] = nil
        self.pauses[address] = nil
        actions.append(.reportFree(address))
      case .occupied(let holder):
        actions.append(self.ask(address, asked: 0, holder: holder, at: now))
      case nil:
        break
      }
    }
    return actions
  }

  private mutating func ask(
    _ address: IPAddress, asked: Int, holder: MACAddress?, at now: ContinuousClock.Instant
  ) -> Action {
    self.states[address] = .asking(asked: asked + 1, holder: holder)
    self.deadlines.set(address, to: now + self.settings.interval)
    return .sendProbe(address)
  }
}

extension LinkFrame {
  /// The question of a host that has not got the address yet: without a sender address, so that no neighbour's table
  /// changes by it.
  package static func probe(for address: IPAddress, on link: Link) -> LinkFrame {
    switch address {
    case .v4(let target):
      .arp(
        ARPFrame(
          destination: .broadcast, source: link.hardwareAddress, operation: .request,
          senderHardware: link.hardwareAddress, sender: IPv4Address(bits: 0), targetHardware: MACAddress(bits: 0),
          target: target))
    case .v6(let target):
      .neighbor(
        NeighborFrame(
          destination: target.solicitedNodeGroup.groupHardware, source: link.hardwareAddress, sender: .unspecified,
          receiver: target.solicitedNodeGroup, target: target, message: .solicitation(senderHardware: nil)))
    }
  }
}
