import Balancer
import Gossip

extension LiveMembers {
  /// What the gossip knows of the nodes that may own addresses.
  init(_ metas: [String: NodeMeta]) {
    self.init(
      Set(metas.keys),
      facts: metas.filter(\.value.electsByFacts).mapValues { Facts(interfaces: $0.interfaces, hardware: $0.hardware) })
  }
}
