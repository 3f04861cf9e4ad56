import KubernetesModel
import Primitives

/// The nftables table of one node and one address family, which changes as Services and their endpoints do.
///
///     prerouting, output ─▶ services ─▶ by address or node port to the chains of ``ProxyRules``
///     forward, input, output (filter) ─▶ what nobody serves is refused, or dropped under policy Local
///     postrouting ─▶ masquerade what is marked
///
/// Each ``transaction()`` holds what differs from what was loaded last, so that a change of one Service costs the same
/// among a thousand as alone. Connections that are established keep their way.
struct ProxyTable: Sendable {
  static let name = "metallb-lab"

  let family: IPFamily
  let podNetwork: String

  private var rules: [ObjectKey: ProxyRules] = [:]
  /// The Services that need a chain, by its name, and that claim a key, with their verdicts.
  private var users: [String: Set<ObjectKey>] = [:]
  private var claims: [ProxyRules.Key: [ObjectKey: String]] = [:]

  /// What the kernel has; nil = not known, so that the next transaction replaces it all.
  private var loaded: Content?
  private var touchedChains: Set<String> = []
  private var touchedKeys: Set<ProxyRules.Key> = []

  private struct Content: Sendable {
    var chains: [String: [String]] = [:]
    var verdicts: [ProxyRules.Key: String] = [:]
  }

  init(family: IPFamily, podNetwork: String) {
    self.family = family
    self.podNetwork = podNetwork
  }

  /// Whether there may be something to load.
  var hasChanges: Bool { self.loaded == nil || !self.touchedChains.isEmpty || !self.touchedKeys.isEmpty }

  /// Files the ports of a Service; none = it is not served any more.
  mutating func put(_ service: ObjectKey, _ ports: [ProxiedPort]) {
    let new = ProxyRules(ports, family: self.family, podNetwork: self.podNetwork)
    let old = self.rules[service]
    guard new != old else { return }
    self.rules[service] = ports.isEmpty ? nil : new
    for (name, chain) in old?.chains ?? [:] where new.chains[name] != chain {
      self.touchedChains.insert(name)
      if new.chains[name] == nil { Self.remove(service, from: &self.users, name) }
    }
    for (name, chain) in new.chains where old?.chains[name] != chain {
      self.touchedChains.insert(name)
      self.users[name, default: []].insert(service)
    }
    for key in Set(old?.verdicts.keys.map { $0 } ?? []).union(new.verdicts.keys) {
      guard old?.verdicts[key] != new.verdicts[key] else { continue }
      self.touchedKeys.insert(key)
      self.claims[key, default: [:]][service] = new.verdicts[key]
      if self.claims[key]?.isEmpty == true { self.claims[key] = nil }
    }
  }

  private static func remove(_ service: ObjectKey, from users: inout [String: Set<ObjectKey>], _ name: String) {
    users[name]?.remove(service)
    if users[name]?.isEmpty == true { users[name] = nil }
  }

  /// Whatever the kernel has, the next transaction replaces it.
  mutating func forgetLoaded() {
    self.loaded = nil
  }

  /// What brings the kernel's table in line, for `nft -f`; nil = it is. It counts as loaded from here on.
  mutating func transaction() -> String? {
    defer { (self.touchedChains, self.touchedKeys) = ([], []) }
    let isNew = self.loaded == nil
    var content = self.loaded ?? Content()
    let chains = (isNew ? Set(self.users.keys) : self.touchedChains).sorted()
    let keys = (isNew ? Set(self.claims.keys) : self.touchedKeys).sorted()
    var change = Change(table: "\(ProxyRules.keyword(self.family)) \(Self.name)")
    for name in chains {
      let chain = self.users[name]?.min().flatMap { self.rules[$0]?.chains[name] }
      change.replace(name, content.chains[name], with: chain)
      content.chains[name] = chain
    }
    for key in keys {
      // The first of two Services that claim the same place has it.
      let verdict = self.claims[key]?.min { $0.key < $1.key }?.value
      change.replace(key, content.verdicts[key], with: verdict)
      content.verdicts[key] = verdict
    }
    self.loaded = content
    let lines = (isNew ? self.frame : []) + change.lines
    return lines.isEmpty ? nil : lines.joined(separator: "\n") + "\n"
  }

  // MARK: - What no Service changes

  private var frame: [String] {
    let ip = ProxyRules.keyword(self.family)
    let loopback = self.family == .ipv4 ? "127.0.0.0/8" : "::1"
    let mark = ProxyRules.mark
    return ["table \(ip) \(Self.name) {}", "delete table \(ip) \(Self.name)", "table \(ip) \(Self.name) {"]
      + ProxyRules.Map.allCases.map { "  map \($0.rawValue) { type \(self.type(of: $0)) : verdict; }" }
      + [
        "  chain services {",
        "    \(ip) daddr . meta l4proto . th dport vmap @addresses",
        "    fib daddr type local \(ip) daddr != \(loopback) meta l4proto . th dport vmap @node-ports",
        "  }",
        "  chain refuse {",
        "    meta l4proto tcp reject with tcp reset",
        "    reject",
        "  }",
        "  chain unserved {",
        "    ct state new \(ip) daddr . meta l4proto . th dport vmap @unserved-addresses",
        "    ct state new fib daddr type local meta l4proto . th dport vmap @unserved-node-ports",
        "  }",
        "  chain prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }",
        "  chain output { type nat hook output priority -100; policy accept; jump services; }",
        "  chain postrouting {",
        "    type nat hook postrouting priority srcnat; policy accept;",
        "    meta mark & \(mark) == \(mark) masquerade",
        "    \(ip) saddr \(self.podNetwork) \(ip) daddr != \(self.podNetwork) masquerade",
        "  }",
        "  chain filter-input { type filter hook input priority filter; policy accept; jump unserved; }",
        "  chain filter-forward { type filter hook forward priority filter; policy accept; jump unserved; }",
        "  chain filter-output { type filter hook output priority filter; policy accept; jump unserved; }",
        "}",
      ]
  }

  private func type(of map: ProxyRules.Map) -> String {
    switch map {
    case .addresses, .unservedAddresses:
      "\(self.family == .ipv4 ? "ipv4_addr" : "ipv6_addr") . inet_proto . inet_service"
    case .nodePorts, .unservedNodePorts: "inet_proto . inet_service"
    }
  }

  // MARK: - What one transaction does

  /// The commands of a transaction, in an order in which nothing refers to what is not there.
  private struct Change {
    let table: String
    private var newChains: [String] = []
    private var endedVerdicts: [String] = []
    private var emptied: [String] = []
    private var rules: [String] = []
    private var newVerdicts: [String] = []
    private var endedChains: [String] = []

    init(table: String) {
      self.table = table
    }

    var lines: [String] {
      self.newChains + self.endedVerdicts + self.emptied + self.rules + self.newVerdicts + self.endedChains
    }

    mutating func replace(_ name: String, _ old: [String]?, with new: [String]?) {
      guard old != new else { return }
      if old == nil { self.newChains.append("add chain \(self.table) \(name)") }
      if old?.isEmpty == false { self.emptied.append("flush chain \(self.table) \(name)") }
      for rule in new ?? [] { self.rules.append("add rule \(self.table) \(name) \(rule)") }
      if new == nil { self.endedChains.append("delete chain \(self.table) \(name)") }
    }

    mutating func replace(_ key: ProxyRules.Key, _ old: String?, with new: String?) {
      guard old != new else { return }
      let map = "\(self.table) \(key.map.rawValue)"
      if old != nil { self.endedVerdicts.append("delete element \(map) { \(key.text) }") }
      if let new { self.newVerdicts.append("add element \(map) { \(key.text) : \(new) }") }
    }
  }
}
