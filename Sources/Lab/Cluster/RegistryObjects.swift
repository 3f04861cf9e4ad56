import KubernetesModel
import Logging

/// The objects of the lab's own registry, reached in process.
package struct RegistryObjects: ClusterObjects {
  private let registry: APIRegistry

  package init(_ registry: APIRegistry) {
    self.registry = registry
  }

  package func get(_ type: ResourceType, _ key: ObjectKey) async -> LabObject? {
    (try? await self.registry.get(type, key)).map { LabObject($0) }
  }

  package func list(_ type: ResourceType, namespace: String?) async -> [LabObject] {
    ((try? await self.registry.list(type, namespace: namespace))?.items ?? []).map { LabObject($0) }
  }

  package func perform(_ write: ClusterWrite) async -> ClusterWriteOutcome {
    do {
      switch write {
      case .create(let type, let object):
        return .done(LabObject(try await self.registry.create(object, as: type, namespace: object.namespace)))
      case .update(let type, let object):
        return .done(LabObject(try await self.registry.update(object, as: type)))
      case .updateStatus(let type, let object):
        return .done(LabObject(try await self.registry.update(object, as: type, subresource: "status")))
      case .bind(let key, let uid, let node):
        return try await self.bind(key, uid: uid, to: node)
      case .delete(let type, let key, let uid):
        var options = DeleteOptions(propagation: .background)
        options.expectedUID = uid
        try await self.registry.delete(type, key, options: options)
        let left = await self.get(type, key)
        return .done(left?.uid == uid ? left : nil)
      }
    } catch let failure as APIFailure {
      switch failure.code {
      case 404: return .notFound
      case 409 where failure.reason != "AlreadyExists": return .conflict
      default: return .refused(failure.message)
      }
    } catch {
      return .refused("\(error)")
    }
  }

  private func bind(_ key: ObjectKey, uid: String, to node: String) async throws -> ClusterWriteOutcome {
    var pod = try await self.registry.get(LabKind.pods, key)
    guard pod.uid == uid, pod[path: "spec", "nodeName"]?.string == nil else { return .conflict }
    pod.mutate("spec") { $0["nodeName"] = .string(node) }
    let bound = try await self.registry.update(pod, as: LabKind.pods)
    return .done(LabObject(bound))
  }

  package func remove(_ type: ResourceType, _ object: LabObject) async {
    var options = DeleteOptions(propagation: .background, gracePeriodSeconds: 0)
    options.expectedUID = object.uid
    _ = try? await self.registry.delete(type, object.key, options: options)
  }

  package func follow(_ type: ResourceType, _ deliver: @Sendable (ClusterChange) async -> Void) async {
    var known: [ObjectKey: LabObject] = [:]
    while !Task.isCancelled {
      guard let listing = try? await self.registry.list(type) else {
        try? await Task.sleep(for: .milliseconds(200))
        continue
      }
      var current: [ObjectKey: LabObject] = [:]
      for item in listing.items {
        let object = LabObject(item)
        current[object.key] = object
        await deliver(.applied(type, object))
      }
      for (key, object) in known where current[key]?.uid != object.uid { await deliver(.deleted(type, object)) }
      known = current
      await deliver(.synced(type))
      guard
        let stream = try? await self.registry.watch(
          type, options: ListOptions(resourceVersion: listing.resourceVersion))
      else { continue }
      for await event in stream {
        let object = LabObject(event.object)
        switch event.kind {
        case .added, .modified:
          known[object.key] = object
          await deliver(.applied(type, object))
        case .deleted:
          known[object.key] = nil
          await deliver(.deleted(type, object))
        case .bookmark, .error:
          break
        }
      }
    }
  }
}
