import Primitives

/// What the nftables program of a node says of one port of a Service: chains of its own or shared, and what leads to them.
///
///     addresses, node-ports ─ cluster address ─▶ svc-… ─▶ one of its ep-… ─▶ dnat
///                            └ outside address ─▶ ext-… ─ policy Cluster: mark for masquerade, svc-…
///                                                       └ policy Local: one of the local ep-…
struct ProxyRules: Sendable, Hashable {
  /// A verdict map of the table.
  enum Map: String, Sendable, Hashable, CaseIterable, Comparable {
    case addresses
    case nodePorts = "node-ports"
    case unservedAddresses = "unserved-addresses"
    case unservedNodePorts = "unserved-node-ports"

    static func < (left: Map, right: Map) -> Bool { left.rawValue < right.rawValue }
  }

  /// What is looked up in a map.
  struct Key: Sendable, Hashable, Comparable {
    let map: Map
    let text: String

    static func < (left: Key, right: Key) -> Bool { (left.map, left.text) < (right.map, right.text) }
  }

  /// The mark of packets that leave with the node's own address as their source.
  static let mark = "0x4000"

  /// The rules of each chain, by its name. Chains of one name are the same, whichever Service they come from.
  private(set) var chains: [String: [String]] = [:]
  private(set) var verdicts: [Key: String] = [:]

  private let family: IPFamily
  private let podNetwork: String

  /// The rules of all ports of a Service; of two that claim the same key, the first has it.
  init(_ ports: [ProxiedPort], family: IPFamily, podNetwork: String) {
    self.family = family
    self.podNetwork = podNetwork
    for port in ports { self.add(port) }
  }

  /// How nftables calls the family, as a table's and as a packet's.
  private var ip: String { Self.keyword(self.family) }

  static func keyword(_ family: IPFamily) -> String { family == .ipv4 ? "ip" : "ip6" }

  private mutating func add(_ port: ProxiedPort) {
    self.addVerdicts(of: port)
    guard !port.backends.isEmpty else { return }
    for backend in port.backends { self.addChain(of: backend, transport: port.transport) }
    let inside = port.keepsInternalTrafficLocal ? port.localBackends : port.backends
    self.chains["svc-\(port.name)"] = inside.isEmpty ? [] : [self.choice(of: inside, for: port)]
    guard !port.externalAddresses.isEmpty || port.nodePort != nil else { return }
    var outside: [String] = []
    if port.keepsExternalTrafficLocal {
      // Pods and the node itself are inside: for them an outside address is a short cut to the Service.
      outside.append("\(self.ip) saddr \(self.podNetwork) goto svc-\(port.name)")
      outside.append("fib saddr type local meta mark set meta mark or \(Self.mark) goto svc-\(port.name)")
      if !port.localBackends.isEmpty { outside.append(self.choice(of: port.localBackends, for: port)) }
    } else {
      outside.append("meta mark set meta mark or \(Self.mark) goto svc-\(port.name)")
    }
    self.chains["ext-\(port.name)"] = outside
  }

  private mutating func addVerdicts(of port: ProxiedPort) {
    let inside = port.keepsInternalTrafficLocal ? port.localBackends : port.backends
    for place in port.clusterAddresses {
      let key = "\(place.address) . \(port.transport) . \(place.port)"
      if inside.isEmpty {
        self.add(.unservedAddresses, key, "goto refuse")
      } else {
        self.add(.addresses, key, "goto svc-\(port.name)")
      }
    }
    let refusal = self.refusal(of: port)
    for place in port.externalAddresses {
      let key = "\(place.address) . \(port.transport) . \(place.port)"
      if !port.backends.isEmpty { self.add(.addresses, key, "goto ext-\(port.name)") }
      if let refusal { self.add(.unservedAddresses, key, refusal) }
    }
    if let number = port.nodePort {
      let key = "\(port.transport) . \(number)"
      if !port.backends.isEmpty { self.add(.nodePorts, key, "goto ext-\(port.name)") }
      if let refusal { self.add(.unservedNodePorts, key, refusal) }
    }
  }

  private mutating func add(_ map: Map, _ text: String, _ verdict: String) {
    let key = Key(map: map, text: text)
    if self.verdicts[key] == nil { self.verdicts[key] = verdict }
  }

  /// What becomes of traffic from outside that no pod here may take.
  private func refusal(of port: ProxiedPort) -> String? {
    if port.backends.isEmpty { return "goto refuse" }
    return port.keepsExternalTrafficLocal && port.localBackends.isEmpty ? "drop" : nil
  }

  /// Takes turns among the backends, or goes by the client's address.
  private func choice(of backends: [ProxiedPort.Backend], for port: ProxiedPort) -> String {
    let chains = backends.map { Self.chainName(of: $0, transport: port.transport) }
    guard chains.count > 1 else { return "goto \(chains.first ?? "refuse")" }
    let turn = port.isSticky ? "jhash \(self.ip) saddr mod \(chains.count)" : "numgen inc mod \(chains.count)"
    let cases = chains.enumerated().map { "\($0.offset) : goto \($0.element)" }.joined(separator: ", ")
    return "\(turn) vmap { \(cases) }"
  }

  private mutating func addChain(of backend: ProxiedPort.Backend, transport: String) {
    let target =
      self.family == .ipv4 ? "\(backend.address):\(backend.port)" : "[\(backend.address)]:\(backend.port)"
    self.chains[Self.chainName(of: backend, transport: transport)] = [
      // A pod that reaches itself through its Service must see the answer come from the Service.
      "\(self.ip) saddr \(backend.address) meta mark set meta mark or \(Self.mark)",
      "meta l4proto \(transport) dnat to \(target)",
    ]
  }

  private static func chainName(of backend: ProxiedPort.Backend, transport: String) -> String {
    let address = backend.address.description.map { $0 == ":" ? "_" : String($0) }.joined()
    return "ep-\(address)/\(transport)/\(backend.port)"
  }
}
