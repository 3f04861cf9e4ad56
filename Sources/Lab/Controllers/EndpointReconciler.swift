import KubernetesModel
import Primitives

/// Writes the EndpointSlices, and the older Endpoints object, of the Services that select pods.
package enum EndpointReconciler {
  static let managedByLabel = "endpointslice.kubernetes.io/managed-by"
  static let manager = "endpointslice-controller.k8s.io"
  static let perSlice = 100

  /// Brings what exists for one Service (nil: it is gone) in line with its pods.
  package static func reconcile(
    _ service: LabObject?, pods: [LabObject], slices: [LabObject], endpoints: LabObject?
  ) -> [ClusterWrite] {
    let own = slices.filter { $0.labels[Self.managedByLabel] == Self.manager }
    guard let service, !service.isDeleting, let selector = Self.selector(of: service),
      service.spec["type"]?.string != "ExternalName"
    else {
      return service == nil ? own.map { .delete(LabKind.endpointSlices, $0.key, uid: $0.uid) } : []
    }
    let backends = Self.backends(of: service, selector: selector, pods: pods)
    return Self.diff(Self.families(of: service).flatMap { Self.slices(of: service, $0, backends: backends) }, own)
      + Self.endpointsWrites(of: service, backends: backends, existing: endpoints)
  }

  /// The families that a Service is served in, the primary one first.
  static func families(of service: LabObject) -> [IPFamily] {
    let named = (service.spec["ipFamilies"]?.array ?? []).compactMap {
      $0.string.flatMap(IPFamily.init(kubernetesName:))
    }
    return named.isEmpty ? [.ipv4] : named
  }

  /// The pods' labels that a Service selects; nil for one whose endpoints somebody else writes.
  package static func selector(of service: LabObject) -> [String: String]? {
    let selector = (service.spec["selector"]?.object ?? [:]).compactMapValues(\.string)
    return selector.isEmpty ? nil : selector
  }

  package static func selects(_ selector: [String: String], _ pod: LabObject) -> Bool {
    let labels = pod.labels
    return selector.allSatisfy { labels[$0.key] == $0.value }
  }

  /// One pod that takes a Service's traffic, with the ports that it takes it on.
  struct Backend: Hashable {
    let pod: LabObject
    /// One for each family that the Service and the pod have in common.
    let addresses: [IPFamily: String]
    let ports: [Port]
    let isReady: Bool
    let isServing: Bool
    var isTerminating: Bool { self.pod.isDeleting }
  }

  struct Port: Hashable {
    let name: String
    let number: Int64
    let transport: String
  }

  static func backends(of service: LabObject, selector: [String: String], pods: [LabObject]) -> [Backend] {
    let families = Set(Self.families(of: service))
    let publishesAll = service.spec["publishNotReadyAddresses"]?.bool == true
    return pods.filter { pod in
      pod.namespace == service.namespace && !pod.isFinished && Self.selects(selector, pod)
    }
    .sorted { $0.name < $1.name }
    .compactMap { pod in
      let known = pod.podIPs.compactMap { text in IPAddress(text).map { ($0.family, text) } }
      let addresses = Dictionary(known.filter { families.contains($0.0) }) { first, _ in first }
      guard !addresses.isEmpty else { return nil }
      let isServing = pod.isReadyPod
      return Backend(
        pod: pod, addresses: addresses, ports: Self.ports(of: service, pod: pod),
        isReady: publishesAll || (isServing && !pod.isDeleting), isServing: isServing)
    }
  }

  /// A target port by number is the same on every pod; one by name is whatever the pod calls so.
  private static func ports(of service: LabObject, pod: LabObject) -> [Port] {
    (service.spec["ports"]?.array ?? []).compactMap { port in
      let transport = port["protocol"]?.string ?? "TCP"
      let number: Int64?
      switch port["targetPort"] {
      case .integer(let target) where target != 0: number = target
      case .string(let name): number = Int64(name) ?? Self.containerPort(named: name, transport: transport, of: pod)
      default: number = port["port"]?.integer
      }
      return number.map { Port(name: port["name"]?.string ?? "", number: $0, transport: transport) }
    }
  }

  private static func containerPort(named name: String, transport: String, of pod: LabObject) -> Int64? {
    (pod.spec["containers"]?.array ?? []).lazy.flatMap { $0["ports"]?.array ?? [] }
      .first { $0["name"]?.string == name && ($0["protocol"]?.string ?? "TCP") == transport }?["containerPort"]?
      .integer
  }

  static func slices(of service: LabObject, _ family: IPFamily, backends: [Backend]) -> [JSONValue] {
    let reachable = backends.filter { $0.addresses[family] != nil }
    let groups = Dictionary(grouping: reachable, by: \.ports).sorted { left, right in
      (left.value.first?.pod.name ?? "") < (right.value.first?.pod.name ?? "")
    }
    // A Service without pods has one empty slice, so that whoever watches knows that there is nothing to wait for.
    let batches =
      groups.isEmpty
      ? [([Port](), [Backend]()[...])]
      : groups.flatMap { ports, backends in
        stride(from: 0, to: backends.count, by: Self.perSlice).map { start in
          (ports, backends[start..<min(start + Self.perSlice, backends.count)])
        }
      }
    return batches.enumerated().map { index, batch in
      let suffix = JSONValue.string("\(service.uid) \(family.kubernetesName) \(index)").contentHash.prefix(5)
      return [
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": [
          "name": .string("\(service.name)-\(suffix)\(index == 0 ? "" : String(index))"),
          "namespace": .string(service.namespace),
          "labels": [
            EndpointSlice.serviceNameLabel: .string(service.name), Self.managedByLabel: .string(Self.manager),
          ],
          "ownerReferences": [service.ownerReference(of: LabKind.services)],
        ],
        "addressType": .string(family.kubernetesName),
        "endpoints": .array(batch.1.map { Self.endpoint($0, family) }),
        "ports": .array(batch.0.map(Self.slicePort)),
      ]
    }
  }

  private static func endpoint(_ backend: Backend, _ family: IPFamily) -> JSONValue {
    var endpoint: JSONValue = [
      "addresses": .array(backend.addresses[family].map { [.string($0)] } ?? []),
      "conditions": [
        "ready": .bool(backend.isReady), "serving": .bool(backend.isServing),
        "terminating": .bool(backend.isTerminating),
      ],
      "targetRef": Self.targetReference(backend.pod),
    ]
    if let node = backend.pod.nodeName { endpoint["nodeName"] = .string(node) }
    return endpoint
  }

  private static func slicePort(_ port: Port) -> JSONValue {
    ["name": .string(port.name), "port": .integer(port.number), "protocol": .string(port.transport)]
  }

  private static func targetReference(_ pod: LabObject) -> JSONValue {
    [
      "kind": "Pod", "namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.uid),
    ]
  }

  private static func diff(_ wanted: [JSONValue], _ existing: [LabObject]) -> [ClusterWrite] {
    var rest = Dictionary(existing.map { ($0.name, $0) }) { first, _ in first }
    var writes: [ClusterWrite] = []
    for slice in wanted {
      guard let old = rest.removeValue(forKey: LabObject(slice).name) else {
        writes.append(.create(LabKind.endpointSlices, slice))
        continue
      }
      if old.json["addressType"] != slice["addressType"] {
        writes.append(.delete(LabKind.endpointSlices, old.key, uid: old.uid))
      } else if old.json["endpoints"] ?? [] != slice["endpoints"] || old.json["ports"] ?? [] != slice["ports"] {
        var json = old.json
        json["endpoints"] = slice["endpoints"]
        json["ports"] = slice["ports"]
        writes.append(.update(LabKind.endpointSlices, json))
      }
    }
    return writes
      + rest.values.sorted { $0.name < $1.name }.map { .delete(LabKind.endpointSlices, $0.key, uid: $0.uid) }
  }

  private static func endpointsWrites(
    of service: LabObject, backends: [Backend], existing: LabObject?
  ) -> [ClusterWrite] {
    // The older object knows one family.
    let family = Self.families(of: service)[0]
    let listed = backends.filter { $0.addresses[family] != nil && (!$0.isTerminating || $0.isReady) }
    let groups = Dictionary(grouping: listed, by: \.ports)
      .sorted { ($0.value.first?.pod.name ?? "") < ($1.value.first?.pod.name ?? "") }
    let subsets: [JSONValue] = groups.map { ports, backends in
      func addresses(_ ready: Bool) -> [JSONValue] {
        backends.filter { $0.isReady == ready }.map { backend in
          var address: JSONValue = [
            "ip": .string(backend.addresses[family] ?? ""), "targetRef": Self.targetReference(backend.pod),
          ]
          if let node = backend.pod.nodeName { address["nodeName"] = .string(node) }
          return address
        }
      }
      var subset: JSONValue = ["ports": .array(ports.map(Self.endpointsPort))]
      if !addresses(true).isEmpty { subset["addresses"] = .array(addresses(true)) }
      if !addresses(false).isEmpty { subset["notReadyAddresses"] = .array(addresses(false)) }
      return subset
    }
    guard let existing else {
      var object: JSONValue = [
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": [
          "name": .string(service.name), "namespace": .string(service.namespace),
          "labels": service.json[path: "metadata", "labels"] ?? [:],
          "ownerReferences": [service.ownerReference(of: LabKind.services)],
        ],
      ]
      if !subsets.isEmpty { object["subsets"] = .array(subsets) }
      return [.create(LabKind.endpoints, object)]
    }
    guard existing.json["subsets"]?.array ?? [] != subsets else { return [] }
    var json = existing.json
    json["subsets"] = subsets.isEmpty ? nil : .array(subsets)
    return [.update(LabKind.endpoints, json)]
  }

  private static func endpointsPort(_ port: Port) -> JSONValue {
    var value: JSONValue = ["port": .integer(port.number), "protocol": .string(port.transport)]
    if !port.name.isEmpty { value["name"] = .string(port.name) }
    return value
  }
}
