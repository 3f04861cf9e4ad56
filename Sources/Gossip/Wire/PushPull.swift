import Primitives

/// All that one node knows of all, for exchange with another over a stream: what heals what datagrams have lost.
package struct PushPull: Sendable, Hashable {
  /// Whether the sender has just come.
  package var isJoin: Bool
  package var states: [NodeState]
  /// Of the application on top; passed over.
  package var userState: [UInt8]

  package init(isJoin: Bool, states: [NodeState], userState: [UInt8] = []) {
    self.isJoin = isJoin
    self.states = states
    self.userState = userState
  }
}

/// What the sender of a ``PushPull`` knows of one node.
package struct NodeState: Sendable, Hashable {
  package var node: String
  package var endpoint: MemberAddress
  package var meta: [UInt8]
  package var incarnation: UInt32
  package var liveness: Liveness
  package var versions: ProtocolVersions?

  package init(
    node: String, endpoint: MemberAddress, meta: [UInt8] = [], incarnation: UInt32, liveness: Liveness,
    versions: ProtocolVersions? = .ours
  ) {
    self.node = node
    self.endpoint = endpoint
    self.meta = meta
    self.incarnation = incarnation
    self.liveness = liveness
    self.versions = versions
  }
}

/// What is believed of a node; the raw values are the wire's.
package enum Liveness: UInt8, Sendable, Hashable, CaseIterable {
  case alive = 0
  /// Silent, and given time to refute that.
  case suspect = 1
  case dead = 2
  /// Gone of its own will.
  case left = 3

  package var isGone: Bool { self == .dead || self == .left }
}

/// What is said over a stream.
package enum StreamMessage: Sendable, Hashable {
  case pushPull(PushPull)
  case ping(Ping)
  case ack(Ack)
  case user([UInt8])
  /// Why the other side does not answer.
  case error(String)
}
