import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging
import Runner

/// Sees to it that the secret exists which encrypts the speakers' gossip (contract section 9.5).
///
/// One that exists is never touched, whatever is in it. One that is deleted comes back as it was, so that speakers that
/// start then can talk to those that have read it.
struct MemberlistSecretUpkeep: Sendable {
  let client: KubernetesClient
  let namespace: String
  let secret: ControllerOptions.MemberlistSecret
  let logger: Logger

  private var key: ObjectKey { ObjectKey(namespace: self.namespace, name: self.secret.name) }

  /// Runs until the task is cancelled.
  func run() async {
    let changes = Inbox<ObjectChange<Secret>>(capacity: 16)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.keep(told: changes) }
      group.addTask {
        // With the permission to read secrets but not to follow them, it is made at the start, as upstream does.
        let watcher = Watcher(
          self.client, Secret.self, namespace: self.namespace, fieldSelector: "metadata.name=\(self.secret.name)",
          logger: self.logger)
        await watcher.run { await changes.send($0) }
      }
      await group.next()
      group.cancelAll()
    }
  }

  private func keep(told changes: Inbox<ObjectChange<Secret>>) async {
    var data = await self.existing(or: nil)
    while !Task.isCancelled {
      switch await changes.next(before: nil, on: ContinuousClock()) {
      case .applied(let secret)? where secret.key == self.key: data = secret.data ?? data
      case .deleted(self.key)?: data = await self.existing(or: data)
      case .applied, .deleted, .malformed, .synced, nil: break
      }
    }
  }

  /// What is in the secret, which is made with this content, or a new key, if it is not there. Tries until that is done.
  private func existing(or data: [String: String]?) async -> [String: String]? {
    var dice = SystemRandomNumberGenerator()
    var backoff = Backoff(base: .seconds(1), seed: dice.next())
    while !Task.isCancelled {
      do throws(APIError) {
        if let found = try await self.find() { return found }
        return try await self.create(data ?? Self.newKey(using: &dice))
      } catch {
        if error == .cancelled { break }
        self.logger.error(
          "cannot make sure that the memberlist secret exists; trying again",
          metadata: ["secret": "\(self.key)", "reason": .string(error.description)])
        try? await ContinuousClock().sleep(for: backoff.next())
      }
    }
    return data
  }

  private func find() async throws(APIError) -> [String: String]? {
    do throws(APIError) {
      return try await self.client.get(Secret.self, self.key).data ?? [:]
    } catch {
      guard error.isNotFound else { throw error }
      return nil
    }
  }

  /// Creates the secret; if somebody else was faster, his is the one.
  private func create(_ data: [String: String]) async throws(APIError) -> [String: String]? {
    let metadata = ObjectMeta(
      name: self.key.name, namespace: self.key.namespace, ownerReferences: try await self.owner().map { [$0] })
    do throws(APIError) {
      try await self.client.create(Secret(metadata: metadata, type: "Opaque", data: data))
      self.logger.info("created the memberlist secret", metadata: ["secret": "\(self.key)"])
      return data
    } catch {
      guard error.isAlreadyExists else { throw error }
      return try await self.find()
    }
  }

  /// The Deployment of the controller, so that the secret goes when the product is removed.
  private func owner() async throws(APIError) -> OwnerReference? {
    guard let name = self.secret.deployment, !name.isEmpty else { return nil }
    let path = "/apis/apps/v1/namespaces/\(self.namespace)/deployments/\(name)"
    do throws(APIError) {
      let deployment = try await self.client.send(APIRequest(.get, path), as: JSONValue.self)
      guard let uid = deployment[path: "metadata", "uid"]?.string else { return nil }
      return OwnerReference(apiVersion: "apps/v1", kind: "Deployment", name: name, uid: uid)
    } catch {
      if error.isTransient { throw error }
      self.logger.warning(
        "the Deployment of the controller cannot be read: the memberlist secret has no owner",
        metadata: ["deployment": "\(self.namespace)/\(name)", "reason": .string(error.description)])
      return nil
    }
  }

  /// The base64 text, without padding, of 16 random bytes.
  static func newKey(using dice: inout some RandomNumberGenerator) -> [String: String] {
    let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &dice) }
    let text = Data(bytes).base64EncodedString().filter { $0 != "=" }
    return ["secretkey": Data(text.utf8).base64EncodedString()]
  }
}
