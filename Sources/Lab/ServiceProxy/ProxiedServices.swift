import KubernetesModel
import Primitives

/// The Services of a cluster and their endpoints as one node serves them, and the tables that follow from these.
struct ProxiedServices: Sendable {
  private let node: String
  private var services: [ObjectKey: LabObject] = [:]
  private var slices: [ObjectKey: [ObjectKey: LabObject]] = [:]
  private var tables = [
    ProxyTable(family: .ipv4, podNetwork: AddressPlan.podNetwork),
    ProxyTable(family: .ipv6, podNetwork: AddressPlan.podNetwork6),
  ]
  private var touched: Set<ObjectKey> = []

  init(node: String) {
    self.node = node
  }

  /// Whether there may be something to load.
  var hasChanges: Bool { !self.touched.isEmpty || self.tables.contains(where: \.hasChanges) }

  mutating func take(_ change: ClusterChange) {
    switch change {
    case .synced: break
    case .applied(LabKind.services, let service):
      self.services[service.key] = service
      self.touched.insert(service.key)
    case .deleted(LabKind.services, let service):
      self.services[service.key] = nil
      self.touched.insert(service.key)
    case .applied(_, let slice): self.put(slice.key, slice, of: Self.service(of: slice))
    case .deleted(_, let slice): self.put(slice.key, nil, of: Self.service(of: slice))
    }
  }

  private mutating func put(_ key: ObjectKey, _ slice: LabObject?, of service: ObjectKey) {
    self.slices[service, default: [:]][key] = slice
    if self.slices[service]?.isEmpty == true { self.slices[service] = nil }
    self.touched.insert(service)
  }

  private static func service(of slice: LabObject) -> ObjectKey {
    ObjectKey(namespace: slice.namespace, name: slice.labels[EndpointSlice.serviceNameLabel] ?? "")
  }

  /// What brings the node's tables in line, for `nft -f`; nil = they are. It counts as loaded from here on.
  mutating func transaction() -> String? {
    for key in self.touched {
      let slices = (self.slices[key] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
      for index in self.tables.indices {
        let family = self.tables[index].family
        let ports =
          self.services[key].map { ProxiedPort.ports(of: $0, slices: slices, node: self.node, family: family) } ?? []
        self.tables[index].put(key, ports)
      }
    }
    self.touched = []
    let parts = self.tables.indices.compactMap { self.tables[$0].transaction() }
    return parts.isEmpty ? nil : parts.joined()
  }

  /// Whatever the kernel has, the next transaction replaces it.
  mutating func forgetLoaded() {
    for index in self.tables.indices { self.tables[index].forgetLoaded() }
  }
}
