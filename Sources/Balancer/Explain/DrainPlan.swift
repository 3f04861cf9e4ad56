import KubernetesModel
import Primitives

/// What becomes of the Services that a node announces on the local network, once it is drained: who takes over which.
///
/// The speakers' own election is held on the cluster as it would be. Which speakers live is theirs to know; here the
/// readiness of the nodes tells.
package struct DrainPlan: Sendable, Equatable {
  package struct Move: Sendable, Hashable {
    package var service: ObjectKey
    package var addresses: [IPAddress]
    /// The node that takes over; nil = no other can announce it.
    package var successor: String?

    package init(service: ObjectKey, addresses: [IPAddress], successor: String?) {
      self.service = service
      self.addresses = addresses
      self.successor = successor
    }
  }

  package var node: String
  /// In the order of the Services' names.
  package var moves: [Move]

  package init(node: String, moves: [Move]) {
    self.node = node
    self.moves = moves
  }

  /// `announced` are the Services that the node announces now.
  package init(
    of node: String, announcing announced: Set<ObjectKey>, in cluster: AnnouncementExplanation.Cluster,
    at now: ContinuousClock.Instant
  ) {
    var drained = cluster
    for index in drained.nodes.indices where drained.nodes[index].name == node {
      drained.nodes[index].labels[NodeView.exclusionLabel] = NodeView.drainValue
    }
    var speaker = SpeakerState(
      settings: SpeakerState.Settings(node: node, loadBalancerClass: cluster.loadBalancerClass))
    for event in AnnouncementExplanation.events(company: cluster.services, in: drained) {
      _ = speaker.handle(event, at: now)
    }
    let addresses = Dictionary(cluster.services.map { ($0.key, $0.addresses) }) { first, _ in first }
    self.init(
      node: node,
      moves: announced.sorted().map { service in
        Move(service: service, addresses: addresses[service] ?? [], successor: speaker.owner(of: service))
      })
  }

  /// The Services that nobody would announce.
  package var stranded: [Move] { self.moves.filter { $0.successor == nil } }
}
