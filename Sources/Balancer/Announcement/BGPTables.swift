import KubernetesModel
import Primitives

/// What the speaker knows of BGP: peers and advertisements, those of them that are for this node, and what is announced.
struct BGPTables: Sendable, Equatable {
  /// What must have been seen before anything is announced.
  enum Source: String, Sendable, Hashable, CaseIterable {
    case bgpPeers, bgpAdvertisements, communities, bfdProfiles, secrets
  }

  /// The advertisements in force for a pool, and what keeps others from being so.
  struct PoolAdvertisements: Sendable, Equatable {
    var fitting: [BGPAdvertisementConfiguration]
    var problems: [Problem]
  }

  var awaited = Set(Source.allCases)
  var peers = BGPPeerResolution()
  var advertisements = BGPAdvertisementResolution()
  /// This node, as the tables below take it to be.
  var node: NodeView?
  /// Whether routes carry the request to prefer others, as this node is about to announce nothing.
  var isDeparting = false
  /// The pools that have any advertisement, by name.
  var byPool: [String: PoolAdvertisements] = [:]
  /// The peers that this node has sessions with, by name.
  var localPeers: [String: BGPPeerConfiguration] = [:]
  var localPeerNames: Set<String> = []
  /// Those that were last asked for.
  var configuredPeers: [String: BGPPeerConfiguration] = [:]
  /// What is announced, by Service.
  var announcements: [ObjectKey: BGPAnnouncement] = [:]
  var routes = RouteTable()

  /// Puts the peers in place that are for this node.
  mutating func selectPeers() {
    self.localPeers = self.node.map { node in self.peers.peers.filter { $0.value.selects(node: node.labels) } } ?? [:]
    self.localPeerNames = Set(self.localPeers.keys)
  }

  /// Puts the advertisements of a pool in place; nil = it is not in force.
  ///
  /// Only those for this node can meet here, so it is the only node that counts.
  mutating func selectAdvertisements(forPool name: String, _ pool: PoolConfiguration?) {
    let selected = pool.map { self.advertisements.advertisements(for: $0, nodes: [self.node?.labels ?? [:]]) }
    self.byPool[name] = selected.flatMap { selected in
      selected.fitting.isEmpty && selected.problems.isEmpty
        ? nil : PoolAdvertisements(fitting: selected.fitting, problems: selected.problems)
    }
  }

  /// Everything that is wrong with BGP's part of the configuration.
  func problems(pools: PoolResolution) -> [Problem] {
    let nodes = self.node.map { [$0.labels] }
    var problems = self.peers.problems(nodes: nodes)
    problems += self.advertisements.problems(pools: { pools.exists($0) }, peers: { self.peers.exists($0) })
    for (name, selected) in self.byPool {
      problems += selected.problems
      guard let pool = pools.pools[name] else { continue }
      problems += self.advertisements.echoProblems(for: pool, fitting: selected.fitting, peers: self.localPeers)
    }
    return problems.sorted(by: Problem.precedes)
  }
}
