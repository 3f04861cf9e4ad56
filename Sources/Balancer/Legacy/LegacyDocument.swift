import KubernetesModel

/// The `config` text of the old ConfigMap (MetalLB 0.8 to 0.12) as a tree, read into its entries (contract section 17).
package struct LegacyDocument: Sendable, Equatable {
  package struct Peer: Sendable, Equatable {
    var myASN: Int64
    var peerASN: Int64
    var peerAddress: String
    var sourceAddress: String?
    var peerPort: Int64?
    var holdTime: String
    var keepaliveTime: String
    var routerID: String?
    var nodeSelectors: [LabelSelector]
    var password: String?
    var bfdProfile: String?
    var ebgpMultiHop: Bool
  }

  package struct Pool: Sendable, Equatable {
    var name: String
    /// `layer2` or `bgp`; with anything else the pool is announced by nobody.
    var `protocol`: String
    var addresses: [String]
    var autoAssign: Bool?
    var avoidBuggyIPs: Bool
    var bgpAdvertisements: [Advertisement]
  }

  package struct Advertisement: Sendable, Equatable {
    var aggregationLength: Int64?
    var aggregationLengthV6: Int64?
    var localPref: Int64
    var communities: [String]
  }

  package struct Profile: Sendable, Equatable {
    var name: String
    var spec: BFDProfile.Spec
  }

  package var peers: [Peer]
  package var pools: [Pool]
  /// Values by name.
  package var communities: [String: String]
  package var profiles: [Profile]
  /// What does not have the shape that it should have, and what nobody reads.
  package var findings: [LegacyFinding]

  package init(_ tree: JSONValue) {
    var document = LegacyMapping(tree, at: "")
    self.peers = document.mappings("peers", Self.peer)
    self.pools = document.mappings("address-pools", Self.pool)
    self.communities = document.dictionary("bgp-communities")
    self.profiles = document.mappings("bfd-profiles", Self.profile)
    self.findings = document.finished()
  }

  private static func peer(_ mapping: inout LegacyMapping) -> Peer {
    Peer(
      myASN: mapping.integer("my-asn", in: 0...Self.maximum) ?? 0,
      peerASN: mapping.integer("peer-asn", in: 0...Self.maximum) ?? 0,
      peerAddress: mapping.string("peer-address") ?? "", sourceAddress: mapping.string("source-address"),
      peerPort: mapping.integer("peer-port", in: 0...65535), holdTime: mapping.string("hold-time") ?? "",
      keepaliveTime: mapping.string("keepalive-time") ?? "", routerID: mapping.string("router-id"),
      nodeSelectors: mapping.mappings("node-selectors", Self.selector), password: mapping.string("password"),
      bfdProfile: mapping.string("bfd-profile"), ebgpMultiHop: mapping.bool("ebgp-multihop") ?? false)
  }

  private static func selector(_ mapping: inout LegacyMapping) -> LabelSelector {
    let labels = mapping.dictionary("match-labels")
    let expressions = mapping.mappings("match-expressions") { expression in
      let (key, word) = (expression.string("key") ?? "", expression.string("operator") ?? "")
      let values = expression.strings("values")
      return LabelSelector.Requirement(key: key, operator: word, values: values.isEmpty ? nil : values)
    }
    return LabelSelector(
      matchLabels: labels.isEmpty ? nil : labels, matchExpressions: expressions.isEmpty ? nil : expressions)
  }

  private static func pool(_ mapping: inout LegacyMapping) -> Pool {
    let pool = Pool(
      name: mapping.string("name") ?? "", protocol: mapping.string("protocol") ?? "",
      addresses: mapping.strings("addresses"), autoAssign: mapping.bool("auto-assign"),
      avoidBuggyIPs: mapping.bool("avoid-buggy-ips") ?? false,
      bgpAdvertisements: mapping.mappings("bgp-advertisements", Self.advertisement))
    switch pool.protocol {
    case "bgp":
      break
    case "layer2":
      guard !pool.bgpAdvertisements.isEmpty else { break }
      mapping.report(
        LegacyFinding(
          field: mapping.place("bgp-advertisements"),
          message: "pool \(GoText.quoted(pool.name)) is of protocol layer2 and has bgp-advertisements as well: it is "
            + "announced both ways",
          remedy: "Remove the advertisements, or say bgp.", isWarning: true))
    default:
      mapping.report(
        LegacyFinding(
          field: mapping.place("protocol"),
          message: pool.protocol.isEmpty
            ? "pool \(GoText.quoted(pool.name)) names no protocol: its addresses are not announced"
            : "pool \(GoText.quoted(pool.name)) names the unknown protocol \(GoText.quoted(pool.protocol)): its "
              + "addresses are not announced on the local network",
          remedy: "Say layer2 or bgp.", isWarning: true))
    }
    return pool
  }

  private static func advertisement(_ mapping: inout LegacyMapping) -> Advertisement {
    Advertisement(
      aggregationLength: mapping.integer("aggregation-length", in: Self.signed),
      aggregationLengthV6: mapping.integer("aggregation-length-v6", in: Self.signed),
      localPref: mapping.integer("localpref", in: 0...Self.maximum) ?? 0, communities: mapping.strings("communities"))
  }

  private static func profile(_ mapping: inout LegacyMapping) -> Profile {
    Profile(
      name: mapping.string("name") ?? "",
      spec: BFDProfile.Spec(
        receiveInterval: mapping.integer("receive-interval", in: 0...Self.maximum),
        transmitInterval: mapping.integer("transmit-interval", in: 0...Self.maximum),
        detectMultiplier: mapping.integer("detect-multiplier", in: 0...Self.maximum),
        echoInterval: mapping.integer("echo-interval", in: 0...Self.maximum),
        echoMode: mapping.bool("echo-mode") ?? false, passiveMode: mapping.bool("passive-mode") ?? false,
        minimumTtl: mapping.integer("minimum-ttl", in: 0...Self.maximum)))
  }

  private static let maximum = Int64(UInt32.max)
  private static let signed = Int64(Int32.min)...Int64(Int32.max)
}
