import Balancer
import KubernetesClient
import KubernetesModel

/// Reads from a cluster what controller and speakers read, once.
struct ClusterReader {
  let client: KubernetesClient
  let namespace: String
  let configMap: String

  /// The configuration as it is in force: objects, and what the old ConfigMap stands for where there are none.
  func configuration() async throws(APIError) -> (objects: ConfigurationObjects, legacy: LegacyConfigMap?) {
    var objects = ConfigurationObjects()
    objects.pools = try await self.configuration(IPAddressPool.self, &objects)
    objects.l2Advertisements = try await self.configuration(L2Advertisement.self, &objects)
    objects.bgpAdvertisements = try await self.configuration(BGPAdvertisement.self, &objects)
    objects.bgpPeers = try await self.configuration(BGPPeer.self, &objects)
    objects.bfdProfiles = try await self.configuration(BFDProfile.self, &objects)
    objects.communities = try await self.configuration(CommunityAliases.self, &objects)
    if objects.bgpPeers?.contains(where: { $0.spec?.namesSecrets == true }) == true {
      // Who may not read secrets still learns everything else.
      objects.secrets = try? await self.objects(Secret.self, in: self.namespace)
    }
    guard let legacy = try await self.legacy() else { return (objects, nil) }
    guard let conversion = legacy.conversion(naming: .asWritten, namespace: self.namespace),
      !conversion.problems(of: legacy.key).contains(where: { $0.severity == .invalid })
    else { return (objects, legacy) }
    return (objects.filled(from: conversion), legacy)
  }

  /// The ConfigMap of MetalLB 0.8 to 0.12, if there is one that says anything.
  func legacy() async throws(APIError) -> LegacyConfigMap? {
    guard !self.configMap.isEmpty else { return nil }
    do throws(APIError) {
      let key = ObjectKey(namespace: self.namespace, name: self.configMap)
      let object = try await self.client.get(ConfigMap.self, key)
      return object.data?["config"] == nil ? nil : LegacyConfigMap(object, parse: YAMLText.document)
    } catch {
      if error.isNotFound || error.isForbidden { return nil }
      throw error
    }
  }

  /// All objects of a kind that can be read; none if the cluster does not know the kind.
  func objects<R: KubernetesResource>(
    _ type: R.Type, in namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil
  ) async throws(APIError) -> [R] {
    do throws(APIError) {
      let scope = ListScope(namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector)
      return try await self.client.list(R.self, in: scope).compactMap {
        if case .object(let object) = $0 { object } else { nil }
      }
    } catch {
      if error.isNotFound { return [] }
      throw error
    }
  }

  private func configuration<R: KubernetesResource>(
    _ type: R.Type, _ objects: inout ConfigurationObjects
  ) async throws(APIError) -> [R] {
    let items: [Decoded<R>]
    do throws(APIError) {
      items = try await self.client.list(R.self, in: ListScope(namespace: self.namespace))
    } catch {
      if error.isNotFound { return [] }
      throw error
    }
    var found: [R] = []
    for item in items {
      switch item {
      case .object(let object): found.append(object)
      case .malformed(let key, let reason):
        objects.malformed.append(.init(kind: R.type.kind, key: key, reason: reason))
      }
    }
    return found
  }
}
