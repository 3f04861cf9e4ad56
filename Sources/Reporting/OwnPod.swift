import KubernetesClient
import KubernetesModel
import Logging
import Runner

/// The pod that this process runs in, as the owner of what goes with it (contract section 1).
package struct OwnPod: Sendable {
  private let client: KubernetesClient
  private let namespace: String
  /// Nil = the process was not told, as when it runs outside a cluster.
  private let name: String?
  private let logger: Logger

  package init(_ client: KubernetesClient, namespace: String, name: String?, logger: Logger) {
    self.client = client
    self.namespace = namespace
    self.name = name
    self.logger = logger
  }

  private static let refusalLimit = 3

  /// Asks until there is an answer. Nil = it cannot be known, which has been said: objects then stay when the pod goes.
  package func reference() async -> OwnerReference? {
    guard let name = self.name else {
      self.logger.info("the name of the own pod is not known: what this process writes has no owner")
      return nil
    }
    var dice = SystemRandomNumberGenerator()
    var backoff = Backoff(base: .seconds(1), seed: dice.next())
    var refusals = 0
    while !Task.isCancelled {
      do throws(APIError) {
        let pod = try await self.client.get(Pod.self, ObjectKey(namespace: self.namespace, name: name))
        return pod.metadata.uid.map { OwnerReference(apiVersion: "v1", kind: "Pod", name: name, uid: $0) }
      } catch {
        // An API server that starts refuses everything until it has read its roles.
        if error.isRejection { refusals += 1 }
        guard error.isTransient || error.isRejection && refusals < Self.refusalLimit else {
          self.logger.warning(
            "the own pod cannot be read: what this process writes has no owner",
            metadata: ["pod": "\(self.namespace)/\(name)", "reason": .string(error.description)])
          return nil
        }
        try? await ContinuousClock().sleep(for: backoff.next())
      }
    }
    return nil
  }
}
