/// What one member says to another in a datagram.
package enum Message: Sendable, Hashable {
  case ping(Ping)
  case indirectPing(IndirectPing)
  case ack(Ack)
  /// An indirect ping with this number was tried, without an answer so far.
  case nack(sequence: UInt32)
  case suspect(Accusation)
  case alive(Alive)
  case dead(Accusation)
  /// Of the application on top; there is none that we know.
  case user([UInt8])
}

/// "Are you there?"
package struct Ping: Sendable, Hashable {
  package var sequence: UInt32
  /// Who is meant; empty = whoever listens there.
  package var node: String
  package var source: Source?

  package init(sequence: UInt32, node: String, source: Source? = nil) {
    self.sequence = sequence
    self.node = node
    self.source = source
  }
}

/// Who asks, and where the answer shall go.
package struct Source: Sendable, Hashable {
  package var node: String
  package var endpoint: MemberAddress

  package init(node: String, endpoint: MemberAddress) {
    self.node = node
    self.endpoint = endpoint
  }
}

/// "Ping that one for me."
package struct IndirectPing: Sendable, Hashable {
  package var sequence: UInt32
  package var target: MemberAddress
  package var node: String
  /// Whether an answer is wanted if the target gives none.
  package var wantsNack: Bool
  package var source: Source?

  package init(sequence: UInt32, target: MemberAddress, node: String, wantsNack: Bool, source: Source? = nil) {
    self.sequence = sequence
    self.target = target
    self.node = node
    self.wantsNack = wantsNack
    self.source = source
  }
}

/// "I am", or "it is".
package struct Ack: Sendable, Hashable {
  package var sequence: UInt32
  package var payload: [UInt8]

  package init(sequence: UInt32, payload: [UInt8] = []) {
    self.sequence = sequence
    self.payload = payload
  }
}

/// "That node does not answer", or "that node is gone"; a node that says so of itself leaves.
package struct Accusation: Sendable, Hashable {
  package var incarnation: UInt32
  package var node: String
  package var from: String

  package init(incarnation: UInt32, node: String, from: String) {
    self.incarnation = incarnation
    self.node = node
    self.from = from
  }
}

/// "This node lives, and this is what it is like."
package struct Alive: Sendable, Hashable {
  package var incarnation: UInt32
  package var node: String
  package var endpoint: MemberAddress
  package var meta: [UInt8]
  package var versions: ProtocolVersions?

  package init(
    incarnation: UInt32, node: String, endpoint: MemberAddress, meta: [UInt8] = [], versions: ProtocolVersions? = .ours
  ) {
    self.incarnation = incarnation
    self.node = node
    self.endpoint = endpoint
    self.meta = meta
    self.versions = versions
  }
}
