import KubernetesModel
import Primitives

@testable import Balancer

/// The address that a literal stands for; a test with a wrong literal fails at the comparison.
func ip(_ text: String) -> IPAddress {
  IPAddress(text) ?? .v4(IPv4Address(bits: 0))
}

/// `namespace/name`.
func key(_ text: String) -> ObjectKey {
  let parts = text.split(separator: "/")
  return ObjectKey(namespace: String(parts[0]), name: String(parts.count > 1 ? parts[1] : ""))
}

/// An IPAddressPool in MetalLB's namespace.
func poolObject(
  _ name: String, _ addresses: [String], autoAssign: Bool? = nil, avoidBuggyIPs: Bool? = nil,
  serviceAllocation: IPAddressPool.ServiceAllocation? = nil, status: IPAddressPool.Status? = nil,
  labels: [String: String]? = nil, version: Int = 1
) -> IPAddressPool {
  IPAddressPool(
    metadata: ObjectMeta(
      name: name, namespace: "metallb-system", uid: "pool-\(name)", resourceVersion: "\(version)", labels: labels),
    spec: IPAddressPool.Spec(
      addresses: addresses, autoAssign: autoAssign, avoidBuggyIPs: avoidBuggyIPs, serviceAllocation: serviceAllocation),
    status: status)
}

/// Pools that are valid, by name.
func pools(_ objects: IPAddressPool...) -> [String: PoolConfiguration] {
  PoolResolution(objects).pools
}

extension EndpointsView {
  /// Usable endpoints on nodes, one for each time that a node is named.
  init(key: ObjectKey, service: ObjectKey?, isUsable: Bool, nodes: [String]) {
    self.init(
      key: key, service: service, isUsable: isUsable,
      counts: Dictionary(nodes.map { ($0, 1) }, uniquingKeysWith: +))
  }
}

/// A request with one TCP port.
func request(
  _ service: String, port: Int = 80, sharing: String? = nil, families: ServiceFamilies = .single(.ipv4),
  policy: FamilyPolicy = .singleStack, prefersIPv6: Bool = false, labels: [String: String] = [:]
) -> AllocationRequest {
  AllocationRequest(
    service: key(service), labels: labels, ports: [PortKey(protocol: "TCP", number: port)],
    sharing: sharing.map { SharingKey(sharing: $0) }, families: families, policy: policy, prefersIPv6: prefersIPv6)
}

extension Allocator {
  /// An allocator with these pools in force.
  init(_ objects: IPAddressPool..., namespaces: [String: [String: String]] = [:]) {
    self.init()
    _ = self.use(PoolResolution(objects).pools, namespaces: namespaces)
  }

  /// What a Service has, as text.
  func addresses(of service: String) -> [String] {
    self.allocation(of: key(service))?.addresses.map(\.description) ?? []
  }
}
