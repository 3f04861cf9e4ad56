import KubernetesModel
import Primitives

/// The cluster's ranges for what a Service is given, its cluster addresses and node ports, and who holds which.
package struct ServiceRanges: Sendable {
  /// One block a family, the cluster's primary family first.
  package let blocks: [IPPrefix]
  package let nodePorts: ClosedRange<Int64>
  private var addresses: [IPAddress: ObjectKey] = [:]
  private var ports: [Int64: ObjectKey] = [:]
  private var dice: SplitMix64

  /// `seed` decides the order in which addresses and ports are given, which real servers choose at random.
  package init(blocks: [IPPrefix], nodePorts: ClosedRange<Int64> = 30_000...32_767, seed: UInt64) {
    self.blocks = blocks
    self.nodePorts = nodePorts
    self.dice = SplitMix64(seed: seed)
  }

  package var families: [IPFamily] { self.blocks.map(\.family) }

  /// Everything that `key` holds is free again.
  package mutating func release(_ key: ObjectKey, spec: JSONValue) {
    for address in spec.texts("clusterIPs").compactMap({ IPAddress($0) }) where self.addresses[address] == key {
      self.addresses[address] = nil
    }
    for port in Self.nodePorts(of: spec) where self.ports[port] == key { self.ports[port] = nil }
  }

  /// Gives a Service what it lacks and books what it names; on failure nothing is booked.
  package mutating func allocate(_ spec: inout JSONValue, for key: ObjectKey) throws(Rejection) {
    var attempt = self
    var result = spec
    if spec["type"] != "ExternalName" {
      try attempt.allocateFamilies(&result)
      try attempt.allocateAddresses(&result, for: key)
      try attempt.allocatePorts(&result, for: key)
    }
    self = attempt
    spec = result
  }

  private mutating func allocateFamilies(_ spec: inout JSONValue) throws(Rejection) {
    if spec.text("ipFamilyPolicy") == nil {
      spec["ipFamilyPolicy"] = spec.texts("ipFamilies").count > 1 ? "RequireDualStack" : "SingleStack"
    }
    let policy = spec["ipFamilyPolicy"]?.string
    if policy == "RequireDualStack", self.blocks.count < 2 {
      throw Rejection([
        .invalid("spec.ipFamilyPolicy", "RequireDualStack", "this cluster is not configured for dual-stack services")
      ])
    }
    var families = spec.texts("ipFamilies")
    for (index, family) in families.enumerated() where !self.families.contains(where: { $0.apiName == family }) {
      throw Rejection([.invalid("spec.ipFamilies[\(index)]", .string(family), "not configured on this cluster")])
    }
    if families.isEmpty {
      let named = spec.texts("clusterIPs").compactMap { IPAddress($0)?.family.apiName }
      families = named.isEmpty ? self.families.prefix(1).map(\.apiName) : named
    }
    if policy != "SingleStack" {
      families += self.families.map(\.apiName).filter { !families.contains($0) }
    } else {
      families = Array(families.prefix(1))
    }
    spec["ipFamilies"] = .array(families.map { .string($0) })
  }

  private mutating func allocateAddresses(_ spec: inout JSONValue, for key: ObjectKey) throws(Rejection) {
    var texts = spec.texts("clusterIPs")
    if texts.first == "None" { return }
    for text in texts {
      guard let address = IPAddress(text) else {
        throw Rejection([
          .invalid("spec.clusterIPs[0]", .string(text), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
        ])
      }
      if self.addresses[address] == key { continue }
      func refusal(_ reason: String) -> Rejection {
        Rejection([
          .invalid("spec.clusterIPs", .array(texts.map { .string($0) }), "failed to allocate IP \(text): \(reason)")
        ])
      }
      guard self.blocks.contains(where: { $0.contains(address) }) else {
        throw refusal("the provided network does not match the current range")
      }
      guard self.addresses[address] == nil else { throw refusal("provided IP is already allocated") }
      self.addresses[address] = key
    }
    for family in spec.texts("ipFamilies").dropFirst(texts.count) {
      guard let block = self.blocks.first(where: { $0.family.apiName == family }),
        let address = self.freeAddress(in: block)
      else {
        throw Rejection([
          .invalid("spec.clusterIPs", .array([]), "failed to allocate a serviceIP: range is full")
        ])
      }
      self.addresses[address] = key
      texts.append(address.description)
    }
    spec["clusterIPs"] = .array(texts.map { .string($0) })
    spec["clusterIP"] = texts.first.map { .string($0) }
  }

  private mutating func allocatePorts(_ spec: inout JSONValue, for key: ObjectKey) throws(Rejection) {
    var ports = spec["ports"]?.array ?? []
    var given: [Int64: Int64] = [:]
    for (index, port) in ports.enumerated() {
      let wanted = port["nodePort"]?.integer ?? 0
      if wanted != 0 {
        try self.book(wanted, "spec.ports[\(index)].nodePort", for: key)
        given[port["port"]?.integer ?? 0] = wanted
      }
    }
    if ServiceDefaults.needsNodePorts(spec) {
      for index in ports.indices where ports[index]["nodePort"]?.integer ?? 0 == 0 {
        // TCP and UDP of one port share a number.
        let number = ports[index]["port"]?.integer ?? 0
        guard let port = given[number] ?? self.freePort() else {
          throw Rejection([.invalid("spec.ports[\(index)].nodePort", 0, "failed to allocate a nodePort: range is full")]
          )
        }
        given[number] = port
        self.ports[port] = key
        ports[index]["nodePort"] = .integer(port)
      }
    }
    if !ports.isEmpty { spec["ports"] = .array(ports) }
    if ServiceDefaults.isLocal(spec) {
      let wanted = spec["healthCheckNodePort"]?.integer ?? 0
      if wanted != 0 {
        try self.book(wanted, "spec.healthCheckNodePort", for: key)
      } else if let port = self.freePort() {
        self.ports[port] = key
        spec["healthCheckNodePort"] = .integer(port)
      }
    }
  }

  private mutating func book(_ port: Int64, _ field: String, for key: ObjectKey) throws(Rejection) {
    if self.ports[port] == key { return }
    guard self.nodePorts.contains(port) else {
      let range = "\(self.nodePorts.lowerBound)-\(self.nodePorts.upperBound)"
      throw Rejection([
        .invalid(
          field, .integer(port), "provided port is not in the valid range. The range of valid ports is \(range)")
      ])
    }
    guard self.ports[port] == nil else {
      throw Rejection([.invalid(field, .integer(port), "provided port is already allocated")])
    }
    self.ports[port] = key
  }

  private mutating func freePort() -> Int64? {
    guard self.ports.count < self.nodePorts.count else { return nil }
    var port = Int64.random(in: self.nodePorts, using: &self.dice)
    while self.ports[port] != nil {
      port = port == self.nodePorts.upperBound ? self.nodePorts.lowerBound : port + 1
    }
    return port
  }

  /// A free address that is neither the first of the block (the network) nor the second (the API server's own).
  private mutating func freeAddress(in block: IPPrefix) -> IPAddress? {
    let size = min(block.range.count, 1 << 20)
    guard size > 3 else { return nil }
    let start = UInt128.random(in: 2..<(size - 1), using: &self.dice)
    for step in 0..<(size - 3) {
      let offset = 2 + (start - 2 + step) % (size - 3)
      if let address = IPAddress(block.family, bits: block.address.bits + offset), self.addresses[address] == nil {
        return address
      }
    }
    return nil
  }

  private static func nodePorts(of spec: JSONValue) -> [Int64] {
    (spec["ports"]?.array ?? []).compactMap { $0["nodePort"]?.integer }
      + [spec["healthCheckNodePort"]?.integer].compactMap(\.self)
  }
}

extension IPFamily {
  /// `IPv4` or `IPv6`, as Services spell it.
  package var apiName: String {
    switch self {
    case .ipv4: "IPv4"
    case .ipv6: "IPv6"
    }
  }
}
