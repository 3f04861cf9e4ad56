import KubernetesModel

/// Pods, and the pod templates of workloads.
struct PodRules: KindRules {
  var countsGenerations: Bool { true }
  var deletionAnswersObject: Bool { true }
  var selectableFields: [String] {
    [
      "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
      "status.phase", "status.podIP", "status.nominatedNodeName",
    ]
  }

  func setDefaults(_ object: inout JSONValue) {
    object.mutate("spec") { spec in
      Self.setDefaults(ofPod: &spec)
      if spec["enableServiceLinks"] == nil { spec["enableServiceLinks"] = true }
      if spec["serviceAccountName"] == nil { spec["serviceAccountName"] = "default" }
      if spec["serviceAccount"] == nil { spec["serviceAccount"] = spec["serviceAccountName"] }
      if spec["preemptionPolicy"] == nil { spec["preemptionPolicy"] = "PreemptLowerPriority" }
      if spec["priority"] == nil { spec["priority"] = 0 }
    }
  }

  func prepareCreate(_ object: inout JSONValue) {
    object["status"] = ["phase": "Pending", "qosClass": "BestEffort"]
  }

  func prepareUpdate(_ object: inout JSONValue, old: JSONValue) {
    object["status"] = old["status"]
  }

  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    var problems: [FieldError] = []
    let containers = object[path: "spec", "containers"]?.array ?? []
    if containers.isEmpty { problems.append(.required("spec.containers")) }
    for (index, container) in containers.enumerated() {
      if container["name"]?.string?.isEmpty != false { problems.append(.required("spec.containers[\(index)].name")) }
      if container["image"]?.string?.isEmpty != false { problems.append(.required("spec.containers[\(index)].image")) }
    }
    return problems
  }

  /// What every pod has without asking for it.
  static func setDefaults(ofPod spec: inout JSONValue) {
    func setDefault(_ name: String, _ value: JSONValue) {
      if spec[name] == nil { spec[name] = value }
    }
    setDefault("restartPolicy", "Always")
    setDefault("terminationGracePeriodSeconds", 30)
    setDefault("dnsPolicy", "ClusterFirst")
    setDefault("securityContext", [:])
    setDefault("schedulerName", "default-scheduler")
    if let account = spec["serviceAccountName"] { setDefault("serviceAccount", account) }
    if let account = spec["serviceAccount"] { setDefault("serviceAccountName", account) }
    let usesHostNetwork = spec["hostNetwork"]?.bool == true
    for name in ["containers", "initContainers"] {
      guard let containers = spec[name]?.array else { continue }
      spec[name] = .array(
        containers.map { container in
          var container = container
          Self.setDefaults(ofContainer: &container, usesHostNetwork: usesHostNetwork)
          return container
        })
    }
    guard let volumes = spec["volumes"]?.array else { return }
    spec["volumes"] = .array(
      volumes.map { volume in
        var volume = volume
        for source in ["secret", "configMap", "projected"] where volume[source] != nil {
          volume.mutate(source) { if $0["defaultMode"] == nil { $0["defaultMode"] = 420 } }
        }
        return volume
      })
  }

  private static func setDefaults(ofContainer container: inout JSONValue, usesHostNetwork: Bool) {
    func setDefault(_ name: String, _ value: JSONValue) {
      if container[name] == nil { container[name] = value }
    }
    let image = container["image"]?.string ?? ""
    let tag = image.split(separator: "/").last?.split(separator: ":", maxSplits: 1).dropFirst().first
    setDefault("imagePullPolicy", tag == nil || tag == "latest" ? "Always" : "IfNotPresent")
    setDefault("resources", [:])
    setDefault("terminationMessagePath", "/dev/termination-log")
    setDefault("terminationMessagePolicy", "File")
    if let ports = container["ports"]?.array {
      container["ports"] = .array(
        ports.map { port in
          var port = port
          if port["protocol"] == nil { port["protocol"] = "TCP" }
          if usesHostNetwork, port["hostPort"] == nil { port["hostPort"] = port["containerPort"] }
          return port
        })
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] where container[name] != nil {
      container.mutate(name) { probe in
        for (field, value) in [
          ("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3),
        ] where probe[field] == nil {
          probe[field] = .integer(Int64(value))
        }
        if probe["httpGet"] != nil {
          probe.mutate("httpGet") {
            if $0["scheme"] == nil { $0["scheme"] = "HTTP" }
            if $0["path"] == nil { $0["path"] = "/" }
          }
        }
      }
    }
    if let variables = container["env"]?.array {
      container["env"] = .array(
        variables.map { variable in
          var variable = variable
          if variable[path: "valueFrom", "fieldRef"] != nil {
            variable.mutate("valueFrom") { source in
              source.mutate("fieldRef") { if $0["apiVersion"] == nil { $0["apiVersion"] = "v1" } }
            }
          }
          return variable
        })
    }
  }
}
