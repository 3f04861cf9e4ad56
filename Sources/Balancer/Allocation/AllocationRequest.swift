import KubernetesModel
import Primitives

/// What a Service brings to an allocation, apart from which address or pool it asks for.
package struct AllocationRequest: Sendable, Hashable {
  package var service: ObjectKey
  package var labels: [String: String]
  package var ports: [PortKey]
  /// Nil = shares with nobody.
  package var sharing: SharingKey?
  package var families: ServiceFamilies
  package var policy: FamilyPolicy
  package var prefersIPv6: Bool

  package init(
    service: ObjectKey, labels: [String: String] = [:], ports: [PortKey] = [], sharing: SharingKey? = nil,
    families: ServiceFamilies = .single(.ipv4), policy: FamilyPolicy = .singleStack, prefersIPv6: Bool = false
  ) {
    self.service = service
    self.labels = labels
    self.ports = ports
    self.sharing = sharing
    self.families = families
    self.policy = policy
    self.prefersIPv6 = prefersIPv6
  }

  /// Fails if the cluster IPs have no families to speak of.
  package init(_ view: ServiceView) throws(ServiceFamilies.Failure) {
    self.init(
      service: view.key, labels: view.labels, ports: view.ports, sharing: view.sharing,
      families: try ServiceFamilies(of: view.clusterIPs), policy: view.policy, prefersIPv6: view.prefersIPv6)
  }
}

/// The addresses that a Service has, and what it holds them with.
package struct Allocation: Sendable, Hashable {
  package var pool: String
  /// One, or two of different families, in the order of the status.
  package var addresses: [IPAddress]
  package var sharing: SharingKey?
  /// Taken on the addresses, if those can be shared; else empty.
  package var ports: [PortKey]

  package init(pool: String, addresses: [IPAddress], sharing: SharingKey? = nil, ports: [PortKey] = []) {
    self.pool = pool
    self.addresses = addresses
    self.sharing = sharing
    self.ports = ports
  }
}
