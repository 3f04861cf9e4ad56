import KubernetesModel
import Primitives

/// The cluster IPs and node ports in use, and the choice of new ones.
///
/// A projection of the stored Services: each committed change moves it on.
struct ServiceAllocations: Sendable {
  /// One range a family; the first is the cluster's primary family.
  let ranges: [IPPrefix]
  let nodePorts: ClosedRange<Int>
  private var addresses: Set<IPAddress> = []
  private var ports: Set<Int> = []

  init(ranges: [IPPrefix], nodePorts: ClosedRange<Int>) {
    self.ranges = ranges.isEmpty ? [IPPrefix("10.96.0.0/16")].compactMap { $0 } : ranges
    self.nodePorts = nodePorts
  }

  /// The address of the `kubernetes` Service.
  var firstAddress: String {
    self.ranges.first.flatMap { IPAddress($0.family, bits: $0.address.bits + 1) }?.description ?? ""
  }

  mutating func note(_ change: ObjectStore.Change) {
    guard change.collection == BuiltInResources.services.collection else { return }
    if let previous = change.previous {
      let view = ServiceView(previous)
      for address in view.clusterIPs.compactMap({ IPAddress($0) }) { self.addresses.remove(address) }
      for port in view.nodePorts + [view.healthCheckNodePort].compactMap({ $0 }) { self.ports.remove(port) }
    }
    if change.kind != .deleted {
      let view = ServiceView(change.object)
      for address in view.clusterIPs.compactMap({ IPAddress($0) }) { self.addresses.insert(address) }
      for port in view.nodePorts + [view.healthCheckNodePort].compactMap({ $0 }) { self.ports.insert(port) }
    }
  }

  /// Fills in families, addresses and ports where the Service needs some and names none; returns what is wrong with those
  /// that it names.
  func complete(_ object: inout JSONValue, old: JSONValue?, dice: inout SplitMix64) -> [FieldError] {
    let view = ServiceView(object)
    guard view.needsClusterIP else { return [] }
    var problems = self.completeFamilies(&object, view, old: old)
    guard problems.isEmpty else { return problems }
    problems += self.completeAddresses(&object, old: old, dice: &dice)
    problems += self.completePorts(&object, old: old, dice: &dice)
    return problems
  }

  private func completeFamilies(_ object: inout JSONValue, _ view: ServiceView, old: JSONValue?) -> [FieldError] {
    let configured = self.ranges.map { $0.family }
    var families = (object[path: "spec", "ipFamilies"]?.array ?? []).compactMap { $0.string }
    let asked = object[path: "spec", "ipFamilyPolicy"]?.string
    for (index, family) in families.enumerated() {
      guard let known = IPFamily(kubernetesName: family) else {
        return [.notSupported("spec.ipFamilies[\(index)]", .string(family), supported: ["IPv4", "IPv6"])]
      }
      // A headless Service without a selector can name families that the cluster does not have.
      if !configured.contains(known), !(view.isHeadless && object[path: "spec", "selector"] == nil) {
        return [.invalid("spec.ipFamilies[\(index)]", .string(family), "not configured on this cluster")]
      }
    }
    if let asked, !["PreferDualStack", "RequireDualStack", "SingleStack"].contains(asked) {
      return [
        .notSupported(
          "spec.ipFamilyPolicy", .string(asked), supported: ["PreferDualStack", "RequireDualStack", "SingleStack"])
      ]
    }
    if asked == "RequireDualStack", configured.count < 2 {
      return [
        .invalid(
          "spec.ipFamilyPolicy", "RequireDualStack", "this cluster is not configured for dual-stack services")
      ]
    }
    let named = view.clusterIPs.compactMap { IPAddress($0) }.map { $0.family.kubernetesName }
    if families.isEmpty { families = named }
    let policy = asked ?? (max(families.count, named.count) > 1 ? "RequireDualStack" : "SingleStack")
    if families.isEmpty { families = configured.first.map { [$0.kubernetesName] } ?? [] }
    if policy == "SingleStack" {
      families = Array(families.prefix(1))
    } else if families.count == 1, let other = configured.first(where: { $0.kubernetesName != families[0] }) {
      families.append(other.kubernetesName)
    }
    object.mutate("spec") { spec in
      spec["ipFamilyPolicy"] = .string(policy)
      spec["ipFamilies"] = .array(families.map { .string($0) })
    }
    return []
  }

  private func completeAddresses(_ object: inout JSONValue, old: JSONValue?, dice: inout SplitMix64) -> [FieldError] {
    var view = ServiceView(object)
    let families = (object[path: "spec", "ipFamilies"]?.array ?? []).compactMap { $0.string }
    if view.isHeadless {
      object.mutate("spec") { spec in
        spec["clusterIP"] = "None"
        spec["clusterIPs"] = ["None"]
      }
      return []
    }
    let kept = Set(old.map { ServiceView($0).clusterIPs } ?? [])
    var chosen = Array(view.clusterIPs.prefix(families.count))
    for (index, text) in chosen.enumerated() where !kept.contains(text) {
      guard let address = IPAddress(text) else {
        return [
          .invalid(
            "spec.clusterIPs[\(index)]", .string(text), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
        ]
      }
      let value = JSONValue.array(chosen.map { .string($0) })
      guard let range = self.ranges.first(where: { $0.contains(address) }) else {
        return [
          .invalid(
            "spec.clusterIPs", value,
            "failed to allocate IP \(text): the provided network does not match the current range")
        ]
      }
      if self.addresses.contains(address), range.contains(address) {
        return [.invalid("spec.clusterIPs", value, "failed to allocate IP \(text): provided IP is already allocated")]
      }
    }
    for family in families.dropFirst(chosen.count) {
      guard let range = self.ranges.first(where: { $0.family.kubernetesName == family }),
        let address = self.freeAddress(in: range, dice: &dice)
      else {
        return [.invalid("spec.clusterIPs", [], "failed to allocate a \(family) address: range is full")]
      }
      chosen.append(address.description)
    }
    view = ServiceView(object)
    object.mutate("spec") { spec in
      spec["clusterIP"] = chosen.first.map { .string($0) }
      spec["clusterIPs"] = .array(chosen.map { .string($0) })
    }
    return []
  }

  /// A free address, chosen by chance so that a freed one is not soon used again; never the first of the range (the
  /// network) or, in IPv4, its last (the broadcast address).
  private func freeAddress(in range: IPPrefix, dice: inout SplitMix64) -> IPAddress? {
    let bits = min(range.hostBits, 16)
    let size = 1 << bits
    let usable = 1..<(range.family == .ipv4 ? size - 1 : size)
    guard !usable.isEmpty else { return nil }
    let start = Int.random(in: usable, using: &dice)
    for step in 0..<usable.count {
      let offset = usable.lowerBound + (start - usable.lowerBound + step) % usable.count
      guard let address = IPAddress(range.family, bits: range.address.bits + UInt128(offset)) else { return nil }
      if !self.addresses.contains(address) { return address }
    }
    return nil
  }

  private func completePorts(_ object: inout JSONValue, old: JSONValue?, dice: inout SplitMix64) -> [FieldError] {
    let view = ServiceView(object)
    var problems: [FieldError] = []
    let before = old.map { ServiceView($0) }
    let kept = Set((before?.nodePorts ?? []) + [before?.healthCheckNodePort].compactMap { $0 })
    var taken: Set<Int> = []
    func check(_ port: Int, _ path: String) {
      if !self.nodePorts.contains(port) {
        problems.append(
          .invalid(
            path, .integer(Int64(port)),
            "provided port is not in the valid range. The range of valid ports is "
              + "\(self.nodePorts.lowerBound)-\(self.nodePorts.upperBound)"))
      } else if self.ports.contains(port), !kept.contains(port) {
        problems.append(.invalid(path, .integer(Int64(port)), "provided port is already allocated"))
      }
      taken.insert(port)
    }
    var ports = view.ports
    if view.mayHaveNodePort {
      for (index, port) in ports.enumerated() {
        if let number = port["nodePort"]?.integer { check(Int(number), "spec.ports[\(index)].nodePort") }
      }
    }
    if view.needsHealthCheckPort, let port = view.healthCheckNodePort { check(port, "spec.healthCheckNodePort") }
    if view.needsNodePort {
      // One port number over two transports shares its node port.
      for index in ports.indices where ports[index]["nodePort"] == nil {
        let twin = ports.first {
          $0["port"] == ports[index]["port"] && $0["protocol"] != ports[index]["protocol"] && $0["nodePort"] != nil
        }
        guard let port = twin?["nodePort"]?.integer.map({ Int($0) }) ?? self.freePort(besides: taken, dice: &dice)
        else {
          return problems + [
            .invalid("spec.ports[\(index)].nodePort", 0, "failed to allocate a nodePort: range is full")
          ]
        }
        taken.insert(port)
        ports[index]["nodePort"] = .integer(Int64(port))
      }
      object.mutate("spec") { $0["ports"] = .array(ports) }
    }
    if view.needsHealthCheckPort, view.healthCheckNodePort == nil {
      guard let port = self.freePort(besides: taken, dice: &dice) else {
        return problems + [.invalid("spec.healthCheckNodePort", 0, "failed to allocate a nodePort: range is full")]
      }
      object.mutate("spec") { $0["healthCheckNodePort"] = .integer(Int64(port)) }
    }
    return problems
  }

  private func freePort(besides taken: Set<Int>, dice: inout SplitMix64) -> Int? {
    let start = Int.random(in: self.nodePorts, using: &dice)
    for step in 0..<self.nodePorts.count {
      let port = self.nodePorts.lowerBound + (start - self.nodePorts.lowerBound + step) % self.nodePorts.count
      if !self.ports.contains(port), !taken.contains(port) { return port }
    }
    return nil
  }
}

extension IPFamily {
  /// `IPv4` or `IPv6`, as a Service names its families.
  var kubernetesName: String { self == .ipv4 ? "IPv4" : "IPv6" }

  init?(kubernetesName: String) {
    switch kubernetesName {
    case "IPv4": self = .ipv4
    case "IPv6": self = .ipv6
    default: return nil
    }
  }
}
