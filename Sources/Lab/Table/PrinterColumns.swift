import KubernetesModel

/// The columns of the built-in kinds.
package enum PrinterColumns {
  package static func columns(for type: ResourceType) -> [Column] {
    self.byKind["\(type.group)/\(type.kind)"] ?? [.name, .createdAt]
  }

  /// By group and kind; a kind that is not here shows its name and creation time.
  private static let byKind: [String: [Column]] = [
    "/Namespace": [.name, .value("Status", "status", "phase"), .age],
    "/ConfigMap": [.name, Self.dataCount("data", "binaryData"), .age],
    "/Secret": [.name, .value("Type", "type"), Self.dataCount("data"), .age],
    "/ServiceAccount": [.name, .age],
    "/Service": Self.service,
    "/Endpoints": [.name, .text("Endpoints", Self.endpoints), .age],
    "/Pod": PodColumns.columns,
    "/Node": Self.node,
    "/Event": Self.event,
    "events.k8s.io/Event": Self.event,
    "apps/Deployment": Self.deployment,
    "apps/ReplicaSet": Self.replicaSet,
    "apps/DaemonSet": Self.daemonSet,
    "discovery.k8s.io/EndpointSlice": [
      .name, .value("AddressType", "addressType"), .text("Ports", Self.slicePorts),
      .text("Endpoints", Self.sliceAddresses), .age,
    ],
    "coordination.k8s.io/Lease": [.name, .value("Holder", "spec", "holderIdentity"), .age],
    "rbac.authorization.k8s.io/RoleBinding": Self.binding,
    "rbac.authorization.k8s.io/ClusterRoleBinding": Self.binding,
    "admissionregistration.k8s.io/ValidatingWebhookConfiguration": [.name, Self.webhookCount, .age],
    "admissionregistration.k8s.io/MutatingWebhookConfiguration": [.name, Self.webhookCount, .age],
  ]

  static func dataCount(_ members: String...) -> Column {
    Column("Data") { object, _ in
      .integer(Int64(members.reduce(0) { $0 + (object[$1]?.object?.count ?? 0) }))
    }
  }

  private static let webhookCount = Column("Webhooks", type: "integer") { object, _ in
    .integer(Int64(object["webhooks"]?.array?.count ?? 0))
  }

  private static let binding: [Column] = [
    .name,
    .text("Role") { object in
      "\(object[path: "roleRef", "kind"]?.string ?? "")/\(object[path: "roleRef", "name"]?.string ?? "")"
    },
    .age,
    .text("Users", wide: true) { Self.subjects(of: "User", in: $0) },
    .text("Groups", wide: true) { Self.subjects(of: "Group", in: $0) },
    .text("ServiceAccounts", wide: true) { Self.subjects(of: "ServiceAccount", in: $0) },
  ]

  private static func subjects(of kind: String, in binding: JSONValue) -> String {
    let subjects = (binding["subjects"]?.array ?? []).filter { $0["kind"]?.string == kind }
    return subjects.map { subject in
      let name = subject["name"]?.string ?? ""
      return kind == "ServiceAccount" ? "\(subject["namespace"]?.string ?? "")/\(name)" : name
    }.joined(separator: ", ")
  }

  // MARK: - Workloads

  private static let templateColumns: [Column] = [
    .text("Containers", wide: true) { Self.containers($0, "name") },
    .text("Images", wide: true) { Self.containers($0, "image") },
    .text("Selector", wide: true) { Self.labelSelector($0[path: "spec", "selector"]) },
  ]

  private static let deployment: [Column] =
    [
      .name,
      .text("Ready") { object in
        let ready = object[path: "status", "readyReplicas"]?.integer ?? 0
        return "\(ready)/\(object[path: "spec", "replicas"]?.integer ?? 0)"
      },
      .count("Up-to-date", type: "string", "status", "updatedReplicas"),
      .count("Available", type: "string", "status", "availableReplicas"), .age,
    ] + Self.templateColumns

  private static let replicaSet: [Column] =
    [
      .name, .count("Desired", "spec", "replicas"), .count("Current", "status", "replicas"),
      .count("Ready", "status", "readyReplicas"), .age,
    ] + Self.templateColumns

  private static let daemonSet: [Column] =
    [
      .name, .count("Desired", "status", "desiredNumberScheduled"),
      .count("Current", "status", "currentNumberScheduled"), .count("Ready", "status", "numberReady"),
      .count("Up-to-date", "status", "updatedNumberScheduled"), .count("Available", "status", "numberAvailable"),
      .text("Node Selector") { Self.labels($0[path: "spec", "template", "spec", "nodeSelector"]) }, .age,
    ] + Self.templateColumns

  private static func containers(_ object: JSONValue, _ member: String) -> String {
    let containers = object[path: "spec", "template", "spec", "containers"]?.array ?? []
    return containers.map { $0[member]?.string ?? "" }.joined(separator: ",")
  }

  // MARK: - Labels

  /// `a=b,c=d` in the order of the keys, or `<none>`.
  static func labels(_ labels: JSONValue?) -> String {
    let pairs = (labels?.object ?? [:]).sorted { $0.key < $1.key }
    return pairs.isEmpty ? "<none>" : pairs.map { "\($0.key)=\($0.value.string ?? "")" }.joined(separator: ",")
  }

  /// A label selector as it is written on a command line.
  static func labelSelector(_ selector: JSONValue?) -> String {
    var terms: [(key: String, text: String)] = []
    for (key, value) in selector?["matchLabels"]?.object ?? [:] { terms.append((key, "\(key)=\(value.string ?? "")")) }
    for requirement in selector?["matchExpressions"]?.array ?? [] {
      let key = requirement["key"]?.string ?? ""
      let values = (requirement["values"]?.array ?? []).compactMap(\.string).sorted().joined(separator: ",")
      switch requirement["operator"]?.string {
      case "In": terms.append((key, "\(key) in (\(values))"))
      case "NotIn": terms.append((key, "\(key) notin (\(values))"))
      case "Exists": terms.append((key, key))
      case "DoesNotExist": terms.append((key, "!\(key)"))
      default: terms.append((key, "<error>"))
      }
    }
    return terms.isEmpty ? "<none>" : terms.sorted { $0.key < $1.key }.map(\.text).joined(separator: ",")
  }

  /// The first three of a list, and how many are left out.
  static func abbreviated(_ items: [String], none: String) -> String {
    guard !items.isEmpty else { return none }
    let shown = items.prefix(3).joined(separator: ",")
    return items.count > 3 ? "\(shown) + \(items.count - 3) more..." : shown
  }
}
