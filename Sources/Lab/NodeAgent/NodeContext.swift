import Glibc
import KubernetesModel
import Logging
import Primitives
import Synchronization

/// What a node's agent and its pods have in common.
package struct NodeContext: Sendable {
  package let host: AddressPlan.Host
  package let lab: String
  package let objects: any ClusterObjects
  package let logs: PodLogs
  /// The directory that pods keep their volumes in.
  package let podsDirectory: String
  /// The path of this very binary.
  package let binary: String
  package let images: LocalImages
  /// What pods show to the API server, and what they know it by.
  package let tokens: @Sendable (_ namespace: String, _ serviceAccount: String) async -> String
  package let authority: String
  package let link: NodeLink
  package let logger: Logger

  /// Variables of ours that a container's process needs to start at all.
  static var inheritedEnvironment: [String] {
    let names: [String] = ["LD_LIBRARY_PATH"]
    return names.compactMap { name in getenv(name).map { "\(name)=\(String(cString: $0))" } }
  }
}

/// Whether a node reaches the control plane, as its last heartbeat found out.
///
/// The agents live in the lab's own process and could always reach it. What they read and write waits for the link, so
/// that a node that is cut off behaves like one.
package final class NodeLink: Sendable {
  private let isUp = Atomic(true)

  package init() {}

  package func set(up: Bool) { self.isUp.store(up, ordering: .relaxed) }

  /// Returns when the node is connected, or when the task is cancelled.
  package func connected() async {
    while !self.isUp.load(ordering: .relaxed), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(100)) }
  }
}
