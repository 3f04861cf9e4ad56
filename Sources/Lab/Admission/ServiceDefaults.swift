import KubernetesModel

/// What the API server fills in, and takes away, before it looks at a Service.
enum ServiceDefaults {
  static func isExternal(_ spec: JSONValue) -> Bool {
    let type = spec["type"]?.string
    return type == "NodePort" || type == "LoadBalancer" || !(spec["externalIPs"]?.array ?? []).isEmpty
  }

  static func isLocal(_ spec: JSONValue) -> Bool {
    spec["type"] == "LoadBalancer" && spec["externalTrafficPolicy"] == "Local"
  }

  /// The defaults that do not need the cluster's ranges.
  static func apply(to spec: inout JSONValue) {
    if spec.text("type") == nil { spec["type"] = "ClusterIP" }
    if spec.text("sessionAffinity") == nil { spec["sessionAffinity"] = "None" }
    if spec["sessionAffinity"] == "ClientIP" {
      spec.setDefault(["clientIP": ["timeoutSeconds": 10_800]], "sessionAffinityConfig")
    } else {
      spec["sessionAffinityConfig"] = nil
    }
    if let ports = spec["ports"]?.array {
      spec["ports"] = .array(
        ports.map { port in
          var port = port
          if port.text("protocol") == nil { port["protocol"] = "TCP" }
          if port["targetPort"] == nil || port["targetPort"] == .null || port["targetPort"] == 0
            || port["targetPort"] == ""
          {
            port["targetPort"] = port["port"]
          }
          if port["nodePort"] == 0 { port["nodePort"] = nil }
          return port
        })
    }
    guard spec["type"] != "ExternalName" else { return }
    if spec.text("internalTrafficPolicy") == nil { spec["internalTrafficPolicy"] = "Cluster" }
    if self.isExternal(spec), spec.text("externalTrafficPolicy") == nil { spec["externalTrafficPolicy"] = "Cluster" }
    if spec["type"] == "LoadBalancer" { spec.setDefault(true, "allocateLoadBalancerNodePorts") }
    if let address = spec.text("clusterIP"), spec.texts("clusterIPs").isEmpty {
      spec["clusterIPs"] = .array([.string(address)])
    } else if spec.text("clusterIP") == nil, let first = spec.texts("clusterIPs").first {
      spec["clusterIP"] = .string(first)
    }
  }

  /// Carries over what a full update may leave out: the addresses and ports that the Service already has.
  static func inherit(into spec: inout JSONValue, from old: JSONValue) {
    let newType = spec.text("type") ?? "ClusterIP"
    guard newType != "ExternalName", old["type"] != "ExternalName" else { return }
    if spec.text("clusterIP") == nil && spec.texts("clusterIPs").isEmpty {
      spec["clusterIP"] = old["clusterIP"]
      spec["clusterIPs"] = old["clusterIPs"]
    } else if spec["clusterIP"] != old["clusterIP"], spec["clusterIPs"] == old["clusterIPs"],
      let address = spec.text("clusterIP")
    {
      // Only the old field was changed: it speaks for both.
      spec["clusterIPs"] = .array([.string(address)])
    }
    if spec.text("ipFamilyPolicy") == nil { spec["ipFamilyPolicy"] = old["ipFamilyPolicy"] }
    if spec.texts("ipFamilies").isEmpty { spec["ipFamilies"] = old["ipFamilies"] }
    if self.needsNodePorts(spec) && self.needsNodePorts(old) { self.inheritNodePorts(into: &spec, from: old) }
    if self.isLocal(spec) && self.isLocal(old) && (spec["healthCheckNodePort"] ?? 0) == 0 {
      spec["healthCheckNodePort"] = old["healthCheckNodePort"]
    }
  }

  static func needsNodePorts(_ spec: JSONValue) -> Bool {
    switch spec["type"]?.string {
    case "NodePort": true
    case "LoadBalancer": spec["allocateLoadBalancerNodePorts"]?.bool ?? true
    default: false
    }
  }

  private static func inheritNodePorts(into spec: inout JSONValue, from old: JSONValue) {
    var known: [JSONValue: JSONValue] = [:]
    for port in old["ports"]?.array ?? [] { known[self.identity(port)] = port["nodePort"] }
    var used = Set((spec["ports"]?.array ?? []).compactMap { $0["nodePort"]?.integer })
    spec["ports"] = spec["ports"]?.array.map { ports in
      .array(
        ports.map { port in
          guard (port["nodePort"] ?? 0) == 0, let number = known[self.identity(port)]?.integer,
            used.insert(number).inserted
          else { return port }
          var port = port
          port["nodePort"] = .integer(number)
          return port
        })
    }
  }

  private static func identity(_ port: JSONValue) -> JSONValue {
    ["protocol": .string(port.text("protocol") ?? "TCP"), "port": port["port"] ?? .null]
  }

  /// Takes away what no longer fits the type, where the user has left it as it was.
  static func dropStale(from spec: inout JSONValue, old: JSONValue) {
    func unchanged(_ key: String) -> Bool { spec[key] == old[key] }
    if spec["type"] == "ExternalName", old["type"] != "ExternalName" {
      let fields = [
        "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy", "externalTrafficPolicy",
      ]
      for key in fields where unchanged(key) { spec[key] = nil }
    }
    if !self.isExternal(spec), unchanged("externalTrafficPolicy") { spec["externalTrafficPolicy"] = nil }
    if !self.isLocal(spec), unchanged("healthCheckNodePort") { spec["healthCheckNodePort"] = nil }
    if spec["type"] != "LoadBalancer" {
      if unchanged("allocateLoadBalancerNodePorts") { spec["allocateLoadBalancerNodePorts"] = nil }
      if unchanged("loadBalancerClass") { spec["loadBalancerClass"] = nil }
    }
    if spec["type"] == "ClusterIP" || spec["type"] == "ExternalName" {
      let before = Set((old["ports"]?.array ?? []).compactMap { $0["nodePort"]?.integer })
      spec["ports"] = spec["ports"]?.array.map { ports in
        .array(
          ports.map { port in
            var port = port
            if let number = port["nodePort"]?.integer, before.contains(number) { port["nodePort"] = nil }
            return port
          })
      }
    }
  }
}
