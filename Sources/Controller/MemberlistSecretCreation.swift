import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging
import Runner

/// Makes the secret that encrypts the speakers' gossip, if there is none yet (contract section 9.5).
struct MemberlistSecretCreation: Sendable {
  let client: KubernetesClient
  let namespace: String
  let secret: ControllerOptions.MemberlistSecret
  let logger: Logger

  /// Tries until the secret exists or the task is cancelled.
  func run() async {
    var dice = SystemRandomNumberGenerator()
    var backoff = Backoff(base: .seconds(1), seed: dice.next())
    while !Task.isCancelled {
      do throws(APIError) {
        try await self.createIfMissing()
        return
      } catch {
        if error == .cancelled { return }
        self.logger.error(
          "cannot make sure that the memberlist secret exists; trying again",
          metadata: ["secret": "\(self.namespace)/\(self.secret.name)", "reason": .string(error.description)])
        try? await ContinuousClock().sleep(for: backoff.next())
      }
    }
  }

  private func createIfMissing() async throws(APIError) {
    let key = ObjectKey(namespace: self.namespace, name: self.secret.name)
    do throws(APIError) {
      _ = try await self.client.get(Secret.self, key)
      return
    } catch {
      guard error.isNotFound else { throw error }
    }
    let owner = try await self.owner()
    var dice = SystemRandomNumberGenerator()
    do throws(APIError) {
      try await self.client.create(Self.secret(key, owner: owner, using: &dice))
      self.logger.info("created the memberlist secret", metadata: ["secret": "\(key)"])
    } catch {
      guard error.isAlreadyExists else { throw error }
    }
  }

  /// The Deployment of the controller, so that the secret goes when the product is removed.
  private func owner() async throws(APIError) -> OwnerReference? {
    guard let name = self.secret.deployment else { return nil }
    let path = "/apis/apps/v1/namespaces/\(self.namespace)/deployments/\(name)"
    let deployment = try await self.client.send(APIRequest(.get, path), as: JSONValue.self)
    guard let uid = deployment[path: "metadata", "uid"]?.string else { return nil }
    return OwnerReference(apiVersion: "apps/v1", kind: "Deployment", name: name, uid: uid)
  }

  /// The key is the base64 text, without padding, of 16 random bytes.
  static func secret(
    _ key: ObjectKey, owner: OwnerReference?, using dice: inout some RandomNumberGenerator
  ) -> Secret {
    let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &dice) }
    let text = Data(bytes).base64EncodedString().filter { $0 != "=" }
    return Secret(
      metadata: ObjectMeta(name: key.name, namespace: key.namespace, ownerReferences: owner.map { [$0] }),
      type: "Opaque", data: ["secretkey": Data(text.utf8).base64EncodedString()])
  }
}
