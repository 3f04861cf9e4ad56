import KubernetesModel
import Primitives

/// Services: defaults, what depends on the type, and what may not change. Addresses and ports are `ServiceAllocations`'.
struct ServiceRules: KindRules {
  var createsOnUpdate: Bool { true }
  var deletionAnswersObject: Bool { true }
  var selectableFields: [String] { ["spec.clusterIP", "spec.type"] }

  func nameProblem(_ name: String) -> String? { NameRules.labelProblem(name) }

  func setDefaults(_ object: inout JSONValue) {
    object.mutate("spec") { spec in
      func setDefault(_ name: String, _ value: JSONValue) {
        if spec[name] == nil || spec[name]?.string?.isEmpty == true { spec[name] = value }
      }
      setDefault("sessionAffinity", "None")
      setDefault("type", "ClusterIP")
      switch spec["sessionAffinity"]?.string {
      case "ClientIP":
        setDefault("sessionAffinityConfig", ["clientIP": ["timeoutSeconds": 10800]])
      default: spec["sessionAffinityConfig"] = nil
      }
      let type = spec["type"]?.string
      if let ports = spec["ports"]?.array {
        spec["ports"] = .array(
          ports.map { port in
            var port = port
            if port["protocol"]?.string?.isEmpty != false { port["protocol"] = "TCP" }
            switch port["targetPort"] {
            case nil, .integer(0), .string(""): port["targetPort"] = port["port"]
            default: break
            }
            if port["nodePort"]?.integer == 0 { port["nodePort"] = nil }
            if port["name"]?.string?.isEmpty == true { port["name"] = nil }
            return port
          })
      }
      for name in ["clusterIP", "loadBalancerIP", "externalName"] where spec[name]?.string?.isEmpty == true {
        spec[name] = nil
      }
      for name in ["externalIPs", "loadBalancerSourceRanges", "clusterIPs", "ipFamilies"]
      where spec[name]?.array?.isEmpty == true {
        spec[name] = nil
      }
      if spec["healthCheckNodePort"]?.integer == 0 { spec["healthCheckNodePort"] = nil }
      if type == "NodePort" || type == "LoadBalancer" || spec["externalIPs"] != nil {
        setDefault("externalTrafficPolicy", "Cluster")
      }
      if type != "ExternalName" { setDefault("internalTrafficPolicy", "Cluster") }
      if type == "LoadBalancer" { setDefault("allocateLoadBalancerNodePorts", true) }
    }
    if object[path: "spec", "type"]?.string == "LoadBalancer",
      let ingress = object[path: "status", "loadBalancer", "ingress"]?.array
    {
      let completed = ingress.map { entry in
        var entry = entry
        if entry["ip"]?.string?.isEmpty == false, entry["ipMode"] == nil { entry["ipMode"] = "VIP" }
        return entry
      }
      object.mutate("status") { status in status.mutate("loadBalancer") { $0["ingress"] = .array(completed) } }
    }
  }

  func prepareCreate(_ object: inout JSONValue) {
    object["status"] = ["loadBalancer": [:]]
  }

  func prepareUpdate(_ object: inout JSONValue, old: JSONValue) {
    object["status"] = old["status"]
    if ServiceView(old).type == "LoadBalancer", ServiceView(object).type != "LoadBalancer" {
      object["status"] = ["loadBalancer": [:]]
    }
    self.keepAllocated(&object, old: old)
    self.dropWhatTheTypeLeaves(&object, old: old)
  }

  func prepareStatusUpdate(_ object: inout JSONValue, old: JSONValue) {
    var merged = object
    merged["spec"] = old["spec"]
    if merged["status"]?["loadBalancer"] == nil { merged.mutate("status") { $0["loadBalancer"] = [:] } }
    object = merged
  }

  /// A write that leaves out what was allocated keeps it.
  private func keepAllocated(_ object: inout JSONValue, old: JSONValue) {
    let before = ServiceView(old)
    let view = ServiceView(object)
    if before.needsClusterIP, view.needsClusterIP {
      object.mutate("spec") { spec in
        if spec["clusterIP"] == nil { spec["clusterIP"] = old[path: "spec", "clusterIP"] }
        if spec["clusterIPs"] == nil, spec["clusterIP"] == old[path: "spec", "clusterIP"] {
          spec["clusterIPs"] = old[path: "spec", "clusterIPs"]
        }
        // Of the two fields only the older one was changed: it speaks for both.
        if let address = spec["clusterIP"], address != old[path: "spec", "clusterIP"],
          spec["clusterIPs"] == old[path: "spec", "clusterIPs"]
        {
          spec["clusterIPs"] = .array([address])
        }
      }
    }
    if before.needsNodePort, view.needsNodePort, var ports = object[path: "spec", "ports"]?.array {
      for index in ports.indices where ports[index]["nodePort"] == nil {
        let match = before.ports.first {
          $0["port"] == ports[index]["port"] && $0["protocol"] == ports[index]["protocol"] ?? "TCP"
        }
        ports[index]["nodePort"] = match?["nodePort"]
      }
      object.mutate("spec") { $0["ports"] = .array(ports) }
    }
    if before.needsHealthCheckPort, view.needsHealthCheckPort, object[path: "spec", "healthCheckNodePort"] == nil {
      object.mutate("spec") { $0["healthCheckNodePort"] = old[path: "spec", "healthCheckNodePort"] }
    }
  }

  /// What the old type had and the new one has not goes, where the write does not ask for something else.
  private func dropWhatTheTypeLeaves(_ object: inout JSONValue, old: JSONValue) {
    let before = ServiceView(old)
    let view = ServiceView(object)
    func isUnchanged(_ name: String) -> Bool { old[path: "spec", name] == object[path: "spec", name] }
    var dropped: [String] = []
    if before.needsClusterIP, !view.needsClusterIP, isUnchanged("clusterIPs") {
      dropped += ["clusterIP", "clusterIPs"]
    }
    if !view.needsClusterIP {
      dropped += ["ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"].filter(isUnchanged)
    }
    if before.needsHealthCheckPort, !view.needsHealthCheckPort, isUnchanged("healthCheckNodePort") {
      dropped.append("healthCheckNodePort")
    }
    if before.type == "LoadBalancer", view.type != "LoadBalancer" {
      dropped += ["allocateLoadBalancerNodePorts", "loadBalancerClass"].filter(isUnchanged)
    }
    if before.hasExternalTraffic, !view.hasExternalTraffic, isUnchanged("externalTrafficPolicy") {
      dropped.append("externalTrafficPolicy")
    }
    object.mutate("spec") { spec in for name in dropped { spec[name] = nil } }
    if before.needsNodePort, !view.needsNodePort, var ports = object[path: "spec", "ports"]?.array {
      let allocated = Set(before.ports.compactMap { $0["nodePort"]?.integer })
      for index in ports.indices {
        if let port = ports[index]["nodePort"]?.integer, allocated.contains(port) { ports[index]["nodePort"] = nil }
      }
      object.mutate("spec") { $0["ports"] = .array(ports) }
    }
  }

  func warnings(for object: JSONValue) -> [String] {
    var warnings: [String] = []
    if object[path: "spec", "externalIPs"]?.array?.isEmpty == false {
      warnings.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
    }
    if object[path: "spec", "trafficDistribution"]?.string == "PreferClose" {
      warnings.append("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"")
    }
    return warnings
  }
}

/// The few things of a Service that its rules ask again and again.
struct ServiceView {
  let type: String
  let ports: [JSONValue]
  let clusterIPs: [String]
  let policy: String?
  private let spec: JSONValue

  init(_ object: JSONValue) {
    self.spec = object["spec"] ?? [:]
    self.type = self.spec["type"]?.string ?? "ClusterIP"
    self.ports = self.spec["ports"]?.array ?? []
    self.policy = self.spec["externalTrafficPolicy"]?.string
    let listed = (self.spec["clusterIPs"]?.array ?? []).compactMap { $0.string }
    self.clusterIPs = listed.isEmpty ? [self.spec["clusterIP"]?.string].compactMap { $0 } : listed
  }

  var isHeadless: Bool { self.clusterIPs.first == "None" }
  var needsClusterIP: Bool { self.type != "ExternalName" }

  var needsNodePort: Bool {
    self.type == "NodePort"
      || self.type == "LoadBalancer" && self.spec["allocateLoadBalancerNodePorts"]?.bool != false
  }

  /// Whether ports may have a node port, though none is allocated where there is none.
  var mayHaveNodePort: Bool { self.type == "NodePort" || self.type == "LoadBalancer" }
  var needsHealthCheckPort: Bool { self.type == "LoadBalancer" && self.policy == "Local" }
  var hasExternalTraffic: Bool {
    self.mayHaveNodePort || self.spec["externalIPs"]?.array?.isEmpty == false
  }
  var healthCheckNodePort: Int? { self.spec["healthCheckNodePort"]?.integer.map { Int($0) } }
  var nodePorts: [Int] { self.ports.compactMap { $0["nodePort"]?.integer.map { Int($0) } } }
}
