import KubernetesModel

/// What the API server fills in for a pod, on its own or as a template.
enum PodDefaults {
  static func apply(to spec: inout JSONValue) {
    spec.setDefault("Always", "restartPolicy")
    spec.setDefault(30, "terminationGracePeriodSeconds")
    spec.setDefault("ClusterFirst", "dnsPolicy")
    spec.setDefault([:], "securityContext")
    spec.setDefault("default-scheduler", "schedulerName")
    if let account = spec.text("serviceAccountName") { spec.setDefault(.string(account), "serviceAccount") }
    let onHost = spec["hostNetwork"] == true
    for list in ["containers", "initContainers"] {
      guard let containers = spec[list]?.array else { continue }
      spec[list] = .array(containers.map { self.container($0, onHost: onHost) })
    }
    if let volumes = spec["volumes"]?.array { spec["volumes"] = .array(volumes.map(self.volume)) }
  }

  /// What only a pod itself gets, not a template.
  static func applyToPod(_ pod: inout JSONValue) {
    var spec = pod["spec"] ?? [:]
    self.apply(to: &spec)
    spec.setDefault(true, "enableServiceLinks")
    spec.setDefault(0, "priority")
    spec.setDefault("PreemptLowerPriority", "preemptionPolicy")
    spec.setDefault("default", "serviceAccountName")
    spec.setDefault(spec["serviceAccountName"] ?? "default", "serviceAccount")
    pod["spec"] = spec
    pod["status"] = ["phase": "Pending", "qosClass": "BestEffort"]
  }

  private static func container(_ container: JSONValue, onHost: Bool) -> JSONValue {
    var container = container
    container.setDefault([:], "resources")
    container.setDefault("/dev/termination-log", "terminationMessagePath")
    container.setDefault("File", "terminationMessagePolicy")
    container.setDefault(.string(self.pullPolicy(container.text("image") ?? "")), "imagePullPolicy")
    if let ports = container["ports"]?.array {
      container["ports"] = .array(
        ports.map { port in
          var port = port
          port.setDefault("TCP", "protocol")
          if onHost { port.setDefault(port["containerPort"] ?? .null, "hostPort") }
          return port
        })
    }
    if let env = container["env"]?.array {
      container["env"] = .array(
        env.map { variable in
          var variable = variable
          if variable[path: "valueFrom", "fieldRef"] != nil {
            variable["valueFrom"]?["fieldRef"]?.setDefault("v1", "apiVersion")
          }
          return variable
        })
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] where container[name] != nil {
      container[name]?.setDefault(1, "timeoutSeconds")
      container[name]?.setDefault(10, "periodSeconds")
      container[name]?.setDefault(1, "successThreshold")
      container[name]?.setDefault(3, "failureThreshold")
      if container[path: name, "httpGet"] != nil {
        container[name]?["httpGet"]?.setDefault("HTTP", "scheme")
        container[name]?["httpGet"]?.setDefault("/", "path")
      }
    }
    return container
  }

  private static func volume(_ volume: JSONValue) -> JSONValue {
    var volume = volume
    for source in ["configMap", "secret", "downwardAPI", "projected"] where volume[source] != nil {
      volume[source]?.setDefault(420, "defaultMode")
    }
    if volume.object?.keys.sorted() == ["name"] { volume["emptyDir"] = [:] }
    return volume
  }

  /// `Always` for an image without a tag or with `latest`; the tag is what follows a colon after the last slash.
  private static func pullPolicy(_ image: String) -> String {
    if image.contains("@") { return "IfNotPresent" }
    let name = image.split(separator: "/").last ?? ""
    let parts = name.split(separator: ":", maxSplits: 1)
    return parts.count < 2 || parts[1] == "latest" ? "Always" : "IfNotPresent"
  }
}
