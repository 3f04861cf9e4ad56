import Gossip
import Primitives
import TestKit

/// A node named alpha in a group, with what tests ask of it.
struct Node {
  var membership: Membership
  var now = t0

  /// `others` are already known, each alive at incarnation 1.
  init(knowing others: [String] = [], settings: Settings = .lan, watchSettings: WatchSettings = WatchSettings()) {
    self.membership = Membership(
      name: "alpha", endpoint: alpha, meta: NodeMeta().bytes, settings: settings, watchSettings: watchSettings,
      seed: 1, at: t0)
    for name in others { self.hear(.alive(Node.claim(name))) }
  }

  /// The numbers of nodes by name: beta is 2, gamma 3, and so on.
  static let names = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]

  static func endpoint(of name: String) -> MemberAddress {
    .node(UInt8(truncatingIfNeeded: (Self.names.firstIndex(of: name) ?? 99) + 1))
  }

  static func claim(_ name: String, incarnation: UInt32 = 1, meta: NodeMeta = NodeMeta()) -> Alive {
    Alive(incarnation: incarnation, node: name, endpoint: Self.endpoint(of: name), meta: meta.bytes)
  }

  static func accusation(_ name: String, incarnation: UInt32 = 1, from: String = "beta") -> Accusation {
    Accusation(incarnation: incarnation, node: name, from: from)
  }

  /// What follows from an event.
  @discardableResult
  mutating func handle(_ event: Membership.Event) -> [Membership.Action] {
    self.membership.handle(event, at: self.now)
  }

  @discardableResult
  mutating func hear(_ messages: Message..., from source: MemberAddress = beta) -> [Membership.Action] {
    self.handle(.received(messages, from: source))
  }

  /// Lets time pass, with ticks where they are due; whoever is asked in the meantime answers as `reply` says.
  @discardableResult
  mutating func pass(
    _ duration: Duration, reply: (Message, MemberAddress) -> Message? = { _, _ in nil }
  ) -> [Membership.Action] {
    let end = self.now + duration
    var all: [Membership.Action] = []
    while let deadline = self.membership.nextDeadline, deadline <= end {
      self.now = max(deadline, self.now)
      let actions = self.handle(.tick)
      all += actions
      for (message, endpoint) in actions.messages {
        if let answer = reply(message, endpoint) { all += self.handle(.received([answer], from: endpoint)) }
      }
    }
    self.now = end
    return all
  }
}

/// Everybody answers every ping.
func acknowledge(_ message: Message, _ endpoint: MemberAddress) -> Message? {
  guard case .ping(let ping) = message else { return nil }
  return .ack(Ack(sequence: ping.sequence))
}

/// Everybody but one node answers.
func acknowledge(except silent: MemberAddress) -> (Message, MemberAddress) -> Message? {
  { message, endpoint in endpoint == silent ? nil : acknowledge(message, endpoint) }
}

extension [Membership.Action] {
  /// The messages in datagrams, with where they go.
  var messages: [(message: Message, to: MemberAddress)] {
    self.flatMap { action -> [(Message, MemberAddress)] in
      guard case .send(let packet, let endpoint) = action else { return [] }
      let codec = WireCodec(key: nil)
      return packet.messages.flatMap { codec.read(datagram: $0).messages }.map { ($0, endpoint) }
    }
  }

  func messages(to endpoint: MemberAddress) -> [Message] {
    self.messages.filter { $0.to == endpoint }.map(\.message)
  }

  var changes: [Membership.Change] {
    self.compactMap { action in
      guard case .report(let change) = action else { return nil }
      return change
    }
  }
}
