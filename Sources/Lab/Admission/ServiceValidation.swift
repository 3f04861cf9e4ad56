import KubernetesModel
import Primitives

/// The rules for Services that walkthroughs run into, with the real server's sentences.
enum ServiceValidation {
  static func errors(of service: JSONValue) -> [FieldError] {
    let spec = service["spec"] ?? [:]
    var errors: [FieldError] = []
    if let name = service[path: "metadata", "name"]?.string, !self.isLabel(name) {
      errors.append(
        .invalid(
          "metadata.name", .string(name),
          "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end"
            + " with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is"
            + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"))
    }
    let type = spec.text("type") ?? ""
    let types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]
    if !types.contains(type) {
      errors.append(.notSupported("spec.type", .string(type), supported: types.map { .string($0) }))
    }
    errors += self.portErrors(spec, type: type)
    for (index, range) in spec.texts("loadBalancerSourceRanges").enumerated() where IPPrefix(range) == nil {
      errors.append(
        .invalid(
          "spec.LoadBalancerSourceRanges[\(index)]", .string(range),
          "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"))
    }
    if type == "ExternalName", spec.text("externalName") == nil { errors.append(.required("spec.externalName")) }
    if let policy = spec.text("externalTrafficPolicy") {
      if !ServiceDefaults.isExternal(spec) {
        errors.append(
          .invalid("spec.externalTrafficPolicy", .string(policy), "may only be set for externally-accessible services"))
      } else if policy != "Cluster" && policy != "Local" {
        errors.append(
          .notSupported("spec.externalTrafficPolicy", .string(policy), supported: ["Cluster", "Local"]))
      }
    }
    if spec.text("loadBalancerClass") != nil, type != "LoadBalancer" {
      errors.append(.forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'"))
    }
    return errors
  }

  /// What an update must not change.
  static func errors(of spec: JSONValue, replacing old: JSONValue) -> [FieldError] {
    var errors: [FieldError] = []
    let before = old.texts("clusterIPs")
    let after = spec.texts("clusterIPs")
    if old["type"] != "ExternalName", spec["type"] != "ExternalName", let first = before.first, first != after.first {
      errors.append(.invalid("spec.clusterIPs[0]", .array(after.map { .string($0) }), "may not change once set"))
    }
    if old["type"] == "LoadBalancer", spec["type"] == "LoadBalancer",
      spec.text("loadBalancerClass") != old.text("loadBalancerClass")
    {
      errors.append(.invalid("spec.loadBalancerClass", spec["loadBalancerClass"] ?? "", "may not change once set"))
    }
    return errors
  }

  static func statusErrors(of service: JSONValue) -> [FieldError] {
    let ingress = service[path: "status", "loadBalancer", "ingress"]?.array ?? []
    guard !ingress.isEmpty else { return [] }
    guard service[path: "spec", "type"] == "LoadBalancer" else {
      return [.forbidden("status.loadBalancer.ingress", "may only be used when `spec.type` is 'LoadBalancer'")]
    }
    return ingress.enumerated().compactMap { index, entry in
      guard let text = entry.text("ip"), IPAddress(text) == nil else { return nil }
      return .invalid(
        "status.loadBalancer.ingress[\(index)].ip", .string(text),
        "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
    }
  }

  private static func portErrors(_ spec: JSONValue, type: String) -> [FieldError] {
    let ports = spec["ports"]?.array ?? []
    var errors: [FieldError] = []
    if ports.isEmpty, type != "ExternalName", spec["clusterIP"] != "None" { errors.append(.required("spec.ports")) }
    var names: Set<String> = []
    var seen: Set<JSONValue> = []
    for (index, port) in ports.enumerated() {
      let path = "spec.ports[\(index)]"
      if let name = port.text("name") {
        if !names.insert(name).inserted { errors.append(.duplicate("\(path).name", .string(name))) }
      } else if ports.count > 1 {
        errors.append(.required("\(path).name"))
      }
      let number = port["port"]?.integer ?? 0
      if !(1...65_535).contains(number) {
        errors.append(.invalid("\(path).port", .integer(number), "must be between 1 and 65535, inclusive"))
      }
      let transport = port["protocol"]?.string ?? "TCP"
      if !["TCP", "UDP", "SCTP"].contains(transport) {
        errors.append(
          .notSupported("\(path).protocol", .string(transport), supported: ["SCTP", "TCP", "UDP"]))
      }
      if port["nodePort"]?.integer ?? 0 != 0, type == "ClusterIP" || type == "ExternalName" {
        errors.append(.forbidden("\(path).nodePort", "may not be used when `type` is '\(type)'"))
      }
      if !seen.insert(["protocol": .string(transport), "port": .integer(number)]).inserted {
        errors.append(
          FieldError(
            kind: .duplicate, field: path,
            message: "Duplicate value: {\"Name\":\"\",\"Protocol\":\"\(transport)\",\"AppProtocol\":null,"
              + "\"Port\":\(number),\"TargetPort\":0,\"NodePort\":0}"))
      }
    }
    return errors
  }

  /// Whether a name is a label of RFC 1123: what a Service is named in DNS.
  private static func isLabel(_ name: String) -> Bool {
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    let bytes = Array(name.utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last)
      && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
  }
}
