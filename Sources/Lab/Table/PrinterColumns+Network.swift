import KubernetesModel

extension PrinterColumns {
  // MARK: - Services

  static let service: [Column] = [
    .name, .value("Type", "spec", "type"),
    .text("Cluster-IP") { object in
      object[path: "spec", "clusterIPs"]?.array?.first?.string ?? object[path: "spec", "clusterIP"]?.string ?? "<none>"
    },
    .text("External-IP", Self.externalIP), .text("Port(s)", Self.ports), .age,
    .text("Selector", wide: true) { Self.labels($0[path: "spec", "selector"]) },
  ]

  private static func externalIP(_ service: JSONValue) -> String {
    let external = (service[path: "spec", "externalIPs"]?.array ?? []).compactMap(\.string)
    switch service[path: "spec", "type"]?.string {
    case "ClusterIP", "NodePort":
      return external.isEmpty ? "<none>" : external.joined(separator: ",")
    case "LoadBalancer":
      let ingress = service[path: "status", "loadBalancer", "ingress"]?.array ?? []
      let balanced = Set(ingress.compactMap { $0["ip"]?.string ?? $0["hostname"]?.string }).sorted()
      let all = balanced + external
      return all.isEmpty ? "<pending>" : all.joined(separator: ",")
    case "ExternalName":
      return service[path: "spec", "externalName"]?.string ?? ""
    default:
      return "<unknown>"
    }
  }

  private static func ports(_ service: JSONValue) -> String {
    let ports = (service[path: "spec", "ports"]?.array ?? []).map { port in
      let number = port["port"]?.integer ?? 0
      let nodePort = port["nodePort"]?.integer ?? 0
      let transport = port["protocol"]?.string ?? "TCP"
      return nodePort > 0 ? "\(number):\(nodePort)/\(transport)" : "\(number)/\(transport)"
    }
    return ports.isEmpty ? "<none>" : ports.joined(separator: ",")
  }

  // MARK: - Endpoints

  static func endpoints(_ object: JSONValue) -> String {
    var list: [String] = []
    for subset in object["subsets"]?.array ?? [] {
      let addresses = (subset["addresses"]?.array ?? []).compactMap { $0["ip"]?.string }
      let ports = subset["ports"]?.array ?? []
      if ports.isEmpty { list += addresses }
      for port in ports {
        list += addresses.map { address in
          let host = address.contains(":") ? "[\(address)]" : address
          return "\(host):\(port["port"]?.integer ?? 0)"
        }
      }
    }
    return Self.abbreviated(list, none: "<none>")
  }

  static func slicePorts(_ slice: JSONValue) -> String {
    let ports = (slice["ports"]?.array ?? []).map { $0["port"]?.integer.map(String.init) ?? "*" }
    return Self.abbreviated(ports, none: "<unset>")
  }

  static func sliceAddresses(_ slice: JSONValue) -> String {
    let addresses = (slice["endpoints"]?.array ?? []).flatMap { endpoint in
      (endpoint["addresses"]?.array ?? []).compactMap(\.string)
    }
    return Self.abbreviated(addresses, none: "<unset>")
  }

  // MARK: - Nodes

  static let node: [Column] = [
    .name, .text("Status", Self.nodeStatus), .text("Roles", Self.nodeRoles), .age,
    .value("Version", "status", "nodeInfo", "kubeletVersion"),
    .text("Internal-IP", wide: true) { Self.nodeAddress("InternalIP", $0) },
    .text("External-IP", wide: true) { Self.nodeAddress("ExternalIP", $0) },
    .value("OS-Image", "status", "nodeInfo", "osImage", absent: "<unknown>", wide: true),
    .text("Kernel-Version", wide: true) { node in
      let info = node[path: "status", "nodeInfo"]
      guard let kernel = info?["kernelVersion"]?.string, !kernel.isEmpty else { return "<unknown>" }
      guard let architecture = info?["architecture"]?.string, !architecture.isEmpty else { return kernel }
      return "\(kernel) (\(architecture))"
    },
    .value(
      "Container-Runtime", "status", "nodeInfo", "containerRuntimeVersion", absent: "<unknown>", wide: true),
  ]

  private static func nodeStatus(_ node: JSONValue) -> String {
    let ready = (node[path: "status", "conditions"]?.array ?? []).first { $0["type"]?.string == "Ready" }
    let status =
      switch ready?["status"]?.string {
      case "True": "Ready"
      case .some: "NotReady"
      case nil: "Unknown"
      }
    return node[path: "spec", "unschedulable"]?.bool == true ? "\(status),SchedulingDisabled" : status
  }

  private static func nodeRoles(_ node: JSONValue) -> String {
    let prefix = "node-role.kubernetes.io/"
    var roles: Set<String> = []
    for (label, value) in node[path: "metadata", "labels"]?.object ?? [:] {
      if label.hasPrefix(prefix), label.count > prefix.count {
        roles.insert(String(label.dropFirst(prefix.count)))
      } else if label == "kubernetes.io/role", let role = value.string, !role.isEmpty {
        roles.insert(role)
      }
    }
    return roles.isEmpty ? "<none>" : roles.sorted().joined(separator: ",")
  }

  private static func nodeAddress(_ type: String, _ node: JSONValue) -> String {
    let addresses = node[path: "status", "addresses"]?.array ?? []
    return addresses.first { $0["type"]?.string == type }?["address"]?.string ?? "<none>"
  }

  // MARK: - Events

  /// Of both event APIs: they name the same facts differently.
  static let event: [Column] = [
    Column("Last Seen") { event, now in .string(Self.lastSeen(event, at: now)) },
    .value("Type", "type"), .value("Reason", "reason"),
    .text("Object") { event in
      let object = event["involvedObject"] ?? event["regarding"]
      let kind = object?["kind"]?.string?.lowercased() ?? ""
      guard let name = object?["name"]?.string, !name.isEmpty else { return kind }
      return "\(kind)/\(name)"
    },
    .text("Subobject", wide: true) { event in
      (event["involvedObject"] ?? event["regarding"])?["fieldPath"]?.string ?? ""
    },
    .text("Source", wide: true, Self.eventSource),
    .text("Message") { event in
      let message = event["message"]?.string ?? event["note"]?.string ?? ""
      let trimmed = message.drop(while: \.isWhitespace)
      return String(trimmed.reversed().drop(while: \.isWhitespace).reversed())
    },
    Column("First Seen", wide: true) { event, now in .string(Self.firstSeen(event, at: now)) },
    Column("Count", wide: true) { event, _ in
      if let count = event[path: "series", "count"]?.integer { return .integer(count) }
      let count = event["count"]?.integer ?? event["deprecatedCount"]?.integer ?? 0
      return .integer(count == 0 ? 1 : count)
    },
    Column("Name", format: "name", wide: true) { event, _ in event[path: "metadata", "name"] ?? "" },
  ]

  private static func time(_ event: JSONValue, _ names: String...) -> String? {
    names.lazy.compactMap { event[$0]?.string }.first
  }

  private static func firstSeen(_ event: JSONValue, at now: Timestamp) -> String {
    Column.age(self.time(event, "firstTimestamp", "deprecatedFirstTimestamp", "eventTime"), at: now)
  }

  private static func lastSeen(_ event: JSONValue, at now: Timestamp) -> String {
    if let last = event[path: "series", "lastObservedTime"]?.string { return Column.age(last, at: now) }
    guard let last = self.time(event, "lastTimestamp", "deprecatedLastTimestamp") else {
      return self.firstSeen(event, at: now)
    }
    return Column.age(last, at: now)
  }

  private static func eventSource(_ event: JSONValue) -> String {
    func text(_ value: JSONValue?) -> String? { value?.string.flatMap { $0.isEmpty ? nil : $0 } }
    let source = event["source"] ?? event["deprecatedSource"]
    let component =
      text(source?["component"]) ?? text(event["reportingComponent"]) ?? text(event["reportingController"]) ?? ""
    guard let host = text(source?["host"]) ?? text(event["reportingInstance"]) else { return component }
    return "\(component), \(host)"
  }
}
