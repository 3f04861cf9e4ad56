import KubernetesModel
import Primitives

/// What an address is in a cluster: whose it is, and who answers for it (`metallb explain address`).
package struct AddressExplanation: Sendable, Equatable {
  /// What the address is, as far as the cluster knows; several things at once are a mistake of somebody's.
  package enum Use: Sendable, Hashable {
    /// A Service shows it in its status; `pool` = what the Service says it is from.
    case service(ObjectKey, pool: String?)
    case clusterIP(ObjectKey)
    case node(String)
  }

  package var address: IPAddress
  package var uses: [Use]
  /// The pool that holds it; nil = none does.
  package var pool: Holder?
  /// Nodes that announce it, as status objects say, each with how.
  package var announcers: [Announcer]

  /// A pool, and its range that holds the address.
  package struct Holder: Sendable, Hashable {
    package var name: String
    package var range: String
  }

  package struct Announcer: Sendable, Hashable {
    package var node: String
    /// Empty = on the local network.
    package var routers: [String]
  }

  package init(
    of address: IPAddress, pools: [IPAddressPool], services: [Service], nodes: [Node] = [],
    layer2: [ServiceL2Status] = [], bgp: [ServiceBGPStatus] = []
  ) {
    self.address = address
    self.pool =
      pools.sorted { $0.key < $1.key }.lazy.compactMap { pool in
        pool.spec.addresses.first { (try? AddressBlock.parse($0))?.contains(address) == true }
          .map { Holder(name: pool.key.name, range: $0) }
      }.first
    var uses: [Use] = []
    for service in services {
      let shown = (service.status?.loadBalancer?.ingress ?? []).compactMap { $0.ip.flatMap { IPAddress($0) } }
      if shown.contains(address) {
        uses.append(
          .service(
            service.key, pool: ServiceAnnotation.allocatedFromPool.value(in: service.metadata.annotations ?? [:])))
      }
      if (service.spec?.clusterIPs ?? []).contains(where: { IPAddress($0) == address }) {
        uses.append(.clusterIP(service.key))
      }
    }
    uses += nodes.filter { NodeView($0).addresses.contains(address) }.map { .node($0.key.name) }
    self.uses = uses
    let owners = Set(uses.compactMap { if case .service(let key, _) = $0 { key } else { nil } })
    self.announcers =
      layer2.filter { $0.subject.map(owners.contains) ?? false }.compactMap { $0.status?.node }.sorted()
      .map { Announcer(node: $0, routers: []) }
      + bgp.filter { $0.subject.map(owners.contains) ?? false }.compactMap { status in
        status.status?.node.map { Announcer(node: $0, routers: status.status?.peers ?? []) }
      }.sorted { $0.node < $1.node }
  }

  /// The Services that have it.
  package var services: [ObjectKey] {
    self.uses.compactMap { if case .service(let key, _) = $0 { key } else { nil } }
  }

  // MARK: For people

  package func lines(colours: Bool, width: Int = 80) -> [String] {
    let rows: [[Styled]] =
      self.uses.map { ["Used by", self.sentence(of: $0)] } + [["Pool", self.poolSentence]] + self.announcerRows
    return [Styled("\(self.address)", .heading).rendered(colours: colours)]
      + TextTable(header: [], rows: rows).lines(indent: 2, width: width, colours: colours)
  }

  private func sentence(of use: Use) -> Styled {
    switch use {
    case .service(let key, let pool):
      let origin = pool.map { ", from pool \($0)" } ?? ", which does not say from which pool"
      return Styled("Service \(key)\(origin): metallb explain service \(key) tells more", .good)
    case .clusterIP(let key): return Styled("Service \(key), as its cluster IP", self.pool == nil ? .plain : .bad)
    case .node(let name): return Styled("node \(name) itself", self.pool == nil ? .plain : .bad)
    }
  }

  private var poolSentence: Styled {
    guard let pool = self.pool else {
      return Styled(
        "no pool holds it: no Service gets it", self.services.isEmpty ? .plain : .warning)
    }
    return Styled("\(pool.name) (\(pool.range))\(self.uses.isEmpty ? ", and nobody has it" : "")")
  }

  private var announcerRows: [[Styled]] {
    guard !self.services.isEmpty else { return [] }
    guard !self.announcers.isEmpty else { return [["Announced by", Styled("nobody, as status objects say", .bad)]] }
    return self.announcers.map { announcer in
      let place =
        announcer.routers.isEmpty ? "on the local network" : "to \(announcer.routers.joined(separator: ", ")), by BGP"
      return ["Announced by", Styled("\(announcer.node) \(place)")]
    }
  }

  // MARK: For machines

  package var json: JSONValue {
    var value: JSONValue = [
      "address": .string(self.address.description),
      "uses": .array(
        self.uses.map { use in
          switch use {
          case .service(let key, let pool):
            ["kind": "Service", "name": .string(key.description), "pool": pool.map { .string($0) } ?? .null]
          case .clusterIP(let key): ["kind": "clusterIP", "name": .string(key.description)]
          case .node(let name): ["kind": "Node", "name": .string(name)]
          }
        }),
      "announcers": .array(
        self.announcers.map {
          ["node": .string($0.node), "routers": .array($0.routers.map { .string($0) })]
        }),
    ]
    value["pool"] = self.pool.map { .string($0.name) }
    return value
  }
}
