import KubernetesModel
import Primitives

extension ServiceRules {
  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    let spec = object["spec"] ?? [:]
    let view = ServiceView(object)
    var problems = self.portProblems(view)
    if !["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"].contains(view.type) {
      problems.append(
        .notSupported(
          "spec.type", .string(view.type), supported: ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]))
    }
    if !["ClientIP", "None"].contains(spec["sessionAffinity"]?.string ?? "None") {
      problems.append(
        .notSupported("spec.sessionAffinity", spec["sessionAffinity"] ?? .null, supported: ["ClientIP", "None"]))
    }
    if view.type == "ExternalName" {
      if spec["externalName"]?.string?.isEmpty != false { problems.append(.required("spec.externalName")) }
      for name in ["clusterIPs", "clusterIP"] where spec[name] != nil {
        problems.append(.forbidden("spec.\(name)", "may not be set when `spec.type` is ExternalName"))
      }
    }
    if view.type == "LoadBalancer", view.isHeadless {
      problems.append(.invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for LoadBalancer services"))
    }
    if view.type == "NodePort", view.isHeadless {
      problems.append(.invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for NodePort services"))
    }
    if let address = spec["loadBalancerIP"]?.string, view.type == "LoadBalancer", IPAddress(address) == nil {
      problems.append(
        .invalid(
          "spec.loadBalancerIP", .string(address), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"))
    }
    for (index, range) in (spec["loadBalancerSourceRanges"]?.array ?? []).enumerated() {
      guard IPPrefix((range.string ?? "").trimmingSpaces) == nil else { continue }
      problems.append(
        .invalid(
          "spec.LoadBalancerSourceRanges[\(index)]", range,
          "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"))
    }
    for (index, address) in (spec["externalIPs"]?.array ?? []).enumerated() where IPAddress(address.string ?? "") == nil
    {
      problems.append(
        .invalid(
          "spec.externalIPs[\(index)]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"))
    }
    problems += self.policyProblems(spec, view)
    problems += self.statusProblems(object, view)
    if let old { problems += self.changeProblems(object, old: old) }
    return problems
  }

  private func portProblems(_ view: ServiceView) -> [FieldError] {
    var problems: [FieldError] = []
    if view.ports.isEmpty, !view.isHeadless, view.type != "ExternalName" { problems.append(.required("spec.ports")) }
    var names: Set<String> = []
    var places: Set<String> = []
    for (index, port) in view.ports.enumerated() {
      let path = "spec.ports[\(index)]"
      let name = port["name"]?.string ?? ""
      if name.isEmpty {
        if view.ports.count > 1 { problems.append(.required("\(path).name")) }
      } else if let problem = NameRules.labelProblem(name) {
        problems.append(.invalid("\(path).name", .string(name), problem))
      } else if !names.insert(name).inserted {
        problems.append(.duplicate("\(path).name", .string(name)))
      }
      let number = port["port"]?.integer ?? 0
      if !(1...65535).contains(number) {
        problems.append(.invalid("\(path).port", .integer(number), "must be between 1 and 65535, inclusive"))
      }
      let transport = port["protocol"]?.string ?? "TCP"
      if !["SCTP", "TCP", "UDP"].contains(transport) {
        problems.append(.notSupported("\(path).protocol", .string(transport), supported: ["SCTP", "TCP", "UDP"]))
      }
      if case .integer(let target)? = port["targetPort"], !(1...65535).contains(target) {
        problems.append(.invalid("\(path).targetPort", .integer(target), "must be between 1 and 65535, inclusive"))
      }
      if !places.insert("\(number)/\(transport)").inserted {
        // The port as the server's own type prints it.
        let value =
          "{\"Name\":\"\",\"Protocol\":\"\(transport)\",\"AppProtocol\":null,\"Port\":\(number),\"TargetPort\":0,\"NodePort\":0}"
        problems.append(FieldError(kind: .duplicate, field: path, message: "Duplicate value: \(value)"))
      }
      if !view.mayHaveNodePort, port["nodePort"] != nil {
        problems.append(
          .forbidden("\(path).nodePort", "may not be used when `type` is '\(view.type)'"))
      }
    }
    return problems
  }

  private func policyProblems(_ spec: JSONValue, _ view: ServiceView) -> [FieldError] {
    var problems: [FieldError] = []
    if let policy = view.policy {
      if !view.hasExternalTraffic {
        problems.append(
          .invalid(
            "spec.externalTrafficPolicy", .string(policy), "may only be set for externally-accessible services"))
      } else if !["Cluster", "Local"].contains(policy) {
        problems.append(.notSupported("spec.externalTrafficPolicy", .string(policy), supported: ["Cluster", "Local"]))
      }
    }
    if let policy = spec["internalTrafficPolicy"]?.string, !["Cluster", "Local"].contains(policy) {
      problems.append(.notSupported("spec.internalTrafficPolicy", .string(policy), supported: ["Cluster", "Local"]))
    }
    if let port = view.healthCheckNodePort, !view.needsHealthCheckPort {
      problems.append(
        .invalid(
          "spec.healthCheckNodePort", .integer(Int64(port)),
          "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
    }
    if view.type != "LoadBalancer" {
      for name in ["loadBalancerClass", "allocateLoadBalancerNodePorts"] where spec[name] != nil {
        problems.append(.forbidden("spec.\(name)", "may only be used when `type` is 'LoadBalancer'"))
      }
    }
    return problems
  }

  private func statusProblems(_ object: JSONValue, _ view: ServiceView) -> [FieldError] {
    let ingress = object[path: "status", "loadBalancer", "ingress"]?.array ?? []
    if view.type != "LoadBalancer", !ingress.isEmpty {
      return [.forbidden("status.loadBalancer.ingress", "may only be used when `spec.type` is 'LoadBalancer'")]
    }
    var problems: [FieldError] = []
    for (index, entry) in ingress.enumerated() {
      let path = "status.loadBalancer.ingress[\(index)]"
      if let address = entry["ip"]?.string, !address.isEmpty, IPAddress(address) == nil {
        problems.append(
          .invalid(
            "\(path).ip", .string(address), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"))
      }
      if let mode = entry["ipMode"]?.string {
        if entry["ip"]?.string?.isEmpty != false {
          problems.append(.forbidden("\(path).ipMode", "may not be specified when `ip` is not set"))
        } else if !["Proxy", "VIP"].contains(mode) {
          problems.append(.notSupported("\(path).ipMode", .string(mode), supported: ["Proxy", "VIP"]))
        }
      }
    }
    return problems
  }

  private func changeProblems(_ object: JSONValue, old: JSONValue) -> [FieldError] {
    var problems: [FieldError] = []
    let before = ServiceView(old)
    let view = ServiceView(object)
    if before.needsClusterIP, view.needsClusterIP, let first = before.clusterIPs.first, first != view.clusterIPs.first {
      problems.append(
        .invalid("spec.clusterIPs[0]", .array(view.clusterIPs.map { .string($0) }), "may not change once set"))
    }
    if before.type == "LoadBalancer", view.type == "LoadBalancer" {
      let name = "loadBalancerClass"
      if old[path: "spec", name] != object[path: "spec", name] {
        problems.append(
          .invalid("spec.\(name)", object[path: "spec", name] ?? .null, "may not change once set"))
      }
    }
    return problems
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    String(self.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
