/// What a speaker knows of the group of speakers that it gossips with.
package struct GossipStatus: Codable, Sendable, Hashable {
  /// One node of the group, as this one believes it to be.
  package struct Member: Codable, Sendable, Hashable {
    package var name: String
    package var address: String
    /// `alive`, `suspect`, `dead` or `left`.
    package var state: String
    /// For how long it has been so.
    package var seconds: Double
    /// The node's own count of what it said of itself.
    package var incarnation: UInt32
    /// Whether it may own addresses.
    package var isCandidate: Bool
    /// Whether it is one of ours that can be watched closely.
    package var isWatchable: Bool

    package init(
      name: String, address: String, state: String, seconds: Double, incarnation: UInt32, isCandidate: Bool,
      isWatchable: Bool
    ) {
      self.name = name
      self.address = address
      self.state = state
      self.seconds = seconds
      self.incarnation = incarnation
      self.isCandidate = isCandidate
      self.isWatchable = isWatchable
    }
  }

  package var members: [Member]
  package var isEncrypted: Bool
  /// How much the node doubts itself; 0 = all is well.
  package var healthScore: Int

  package init(members: [Member], isEncrypted: Bool, healthScore: Int) {
    self.members = members
    self.isEncrypted = isEncrypted
    self.healthScore = healthScore
  }
}
