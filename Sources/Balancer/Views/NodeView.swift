import KubernetesModel
import Primitives

/// A Node in the fields that decide whether it may announce (contract section 4).
///
/// The kubelet's heartbeats leave the view equal, and so cost nothing.
package struct NodeView: Sendable, Hashable {
  /// How much the cluster believes in a node; the failure detector where no speaker gossips.
  package enum Readiness: Int, Sendable, Hashable, Comparable {
    /// The condition `Ready` is there and not `True`: the node is in trouble, or has not been heard of.
    case notReady
    /// There is no such condition: nobody has said anything of the node yet.
    case unreported
    case ready

    package static func < (left: Readiness, right: Readiness) -> Bool { left.rawValue < right.rawValue }
  }

  /// A node with this label takes no load-balancer traffic; any value will do.
  package static let exclusionLabel = "node.kubernetes.io/exclude-from-external-load-balancers"
  /// The value by which the label is known to be ours to take away.
  package static let drainValue = "metallb-drain"

  package var name: String
  package var labels: [String: String]
  package var readiness: Readiness
  /// Whether the network of the node is reported as not set up (`NetworkUnavailable=True`).
  package var isNetworkUnavailable: Bool
  /// What the node is known by on its networks.
  package var addresses: [IPAddress]

  package init(
    name: String, labels: [String: String] = [:], readiness: Readiness = .ready, isNetworkUnavailable: Bool = false,
    addresses: [IPAddress] = []
  ) {
    self.name = name
    self.labels = labels
    self.readiness = readiness
    self.isNetworkUnavailable = isNetworkUnavailable
    self.addresses = addresses
  }

  package init(_ node: Node) {
    let conditions = node.status?.conditions ?? []
    let ready = conditions.first { $0.type == "Ready" }
    self.init(
      name: node.key.name, labels: node.metadata.labels ?? [:],
      readiness: ready.map { $0.status == "True" ? .ready : .notReady } ?? .unreported,
      isNetworkUnavailable: conditions.contains { $0.type == "NetworkUnavailable" && $0.status == "True" },
      addresses: (node.status?.addresses ?? []).compactMap { IPAddress($0.address) })
  }

  package var isExcludedFromBalancing: Bool { self.labels[Self.exclusionLabel] != nil }

  /// Whether `metallb drain` has labelled the node.
  package var isDrained: Bool { self.labels[Self.exclusionLabel] == Self.drainValue }

  /// Whether the node is to announce nothing. Speakers can be told to ignore the label, but not one that means just them.
  package func isBarred(ignoringExclusion: Bool) -> Bool {
    self.isDrained || (self.isExcludedFromBalancing && !ignoringExclusion)
  }
}
