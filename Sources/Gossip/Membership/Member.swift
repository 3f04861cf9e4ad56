import Primitives

/// What this node believes of one node of the group, itself included.
package struct Member: Sendable, Hashable {
  package let name: String
  package var endpoint: MemberAddress
  package var meta: [UInt8]
  package var versions: ProtocolVersions
  /// The node's own count of what it said about itself; of two claims the one with the higher number holds.
  package var incarnation: UInt32
  package var liveness: Liveness
  /// When the liveness became what it is.
  package var changedAt: ContinuousClock.Instant

  package init(
    name: String, endpoint: MemberAddress, meta: [UInt8] = [], versions: ProtocolVersions = .ours, incarnation: UInt32,
    liveness: Liveness, changedAt: ContinuousClock.Instant
  ) {
    self.name = name
    self.endpoint = endpoint
    self.meta = meta
    self.versions = versions
    self.incarnation = incarnation
    self.liveness = liveness
    self.changedAt = changedAt
  }

  /// Goes beyond an incarnation that somebody claimed, as far as there are numbers.
  mutating func outbid(_ incarnation: UInt32) {
    let (next, isOver) = max(self.incarnation, incarnation).addingReportingOverflow(1)
    self.incarnation = isOver ? .max : next
  }

  var claim: Alive {
    Alive(
      incarnation: self.incarnation, node: self.name, endpoint: self.endpoint, meta: self.meta, versions: self.versions)
  }

  var state: NodeState {
    NodeState(
      node: self.name, endpoint: self.endpoint, meta: self.meta, incarnation: self.incarnation, liveness: self.liveness,
      versions: self.versions)
  }
}
