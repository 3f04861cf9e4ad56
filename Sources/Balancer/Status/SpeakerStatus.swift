/// What one speaker tells of itself when somebody asks: everything that it knows of its announcements, routers and fellow
/// speakers, and no secret (Docs/decisions/0017-speakers-tell-what-they-know.md).
///
/// A projection of the states at one moment, never a second source of truth. Times are told as seconds before that moment,
/// so that the clocks of nodes need not agree. Within a version members are added and never taken away; readers pass over
/// those that they do not know.
package struct SpeakerStatus: Codable, Sendable, Hashable {
  package static let currentVersion = 1

  package var version: Int
  /// The version of the program.
  package var software: String
  package var node: String
  /// What has not been read from the cluster yet; empty once decisions are taken.
  package var awaiting: [String]
  package var layer2: Layer2Status
  package var bgp: BGPStatus
  /// Nil = the speakers do not gossip.
  package var gossip: GossipStatus?
  /// What is wrong with the configuration, a sentence each.
  package var problems: [String]

  package init(
    version: Int = Self.currentVersion, software: String, node: String, awaiting: [String] = [],
    layer2: Layer2Status = Layer2Status(), bgp: BGPStatus = BGPStatus(), gossip: GossipStatus? = nil,
    problems: [String] = []
  ) {
    self.version = version
    self.software = software
    self.node = node
    self.awaiting = awaiting
    self.layer2 = layer2
    self.bgp = bgp
    self.gossip = gossip
    self.problems = problems
  }
}

extension Duration {
  /// In seconds, to the millisecond, as status tells it.
  package var statusSeconds: Double {
    (Double(self.components.seconds) * 1000 + Double(self.components.attoseconds / 1_000_000_000_000_000)) / 1000
  }
}
