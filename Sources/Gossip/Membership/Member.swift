import Primitives

/// What this node believes of one node of the group, itself included.
///
/// A large group has thousands, which are looked through, shuffled and copied all the time: what a node says of itself, and
/// hardly ever says anew, lies beside the 32 bytes of that, and copies share it.
package struct Member: Sendable, Hashable {
  /// In bytes; Kubernetes has at most 253. What is said of a node, and to it, has to fit into a datagram.
  static let longestName = 512

  private var profile: Profile
  /// The node's own count of what it said about itself; of two claims the one with the higher number holds.
  package var incarnation: UInt32
  package var liveness: Liveness
  /// When the liveness became what it is.
  package var changedAt: ContinuousClock.Instant

  package var name: String { self.profile.name }
  package var endpoint: MemberAddress { self.profile.endpoint }
  package var meta: [UInt8] { self.profile.meta }
  package var versions: ProtocolVersions { self.profile.versions }
  /// Whether it owns no address, as it says itself.
  var isPassive: Bool { self.profile.isPassive }
  /// Whether it can be watched closely, as it says itself.
  var isWatchable: Bool { self.profile.isWatchable }

  package init(
    name: String, endpoint: MemberAddress, meta: [UInt8] = [], versions: ProtocolVersions = .ours, incarnation: UInt32,
    liveness: Liveness, changedAt: ContinuousClock.Instant
  ) {
    self.profile = Profile(name: name, endpoint: endpoint, meta: meta, versions: versions)
    self.incarnation = incarnation
    self.liveness = liveness
    self.changedAt = changedAt
  }

  /// Takes what the node says of itself now.
  mutating func describe(endpoint: MemberAddress, meta: [UInt8], versions: ProtocolVersions) {
    let profile = Profile(name: self.name, endpoint: endpoint, meta: meta, versions: versions)
    if profile != self.profile { self.profile = profile }
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

/// What a node says of itself.
private final class Profile: Sendable, Hashable {
  let name: String
  let endpoint: MemberAddress
  let meta: [UInt8]
  let versions: ProtocolVersions
  let isPassive: Bool
  let isWatchable: Bool

  init(name: String, endpoint: MemberAddress, meta: [UInt8], versions: ProtocolVersions) {
    self.name = name
    self.endpoint = endpoint
    self.meta = meta
    self.versions = versions
    let content = NodeMeta(meta)
    self.isPassive = content.isPassive
    self.isWatchable = content.isWatchable
  }

  static func == (left: Profile, right: Profile) -> Bool {
    left === right
      || (left.name == right.name && left.endpoint == right.endpoint && left.meta == right.meta
        && left.versions == right.versions)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(self.name)
    hasher.combine(self.endpoint)
  }
}
