import KubernetesModel
import Primitives

/// Everything that there is to say of one Service, for people and for machines (`metallb explain service`).
package struct ExplanationReport: Sendable, Equatable {
  /// An Event on the Service, as the cluster has it.
  package struct Occurrence: Sendable, Hashable {
    package var type: String
    package var reason: String
    package var message: String
    package var component: String
    /// When it was last seen, as the cluster writes it.
    package var time: String

    package init(type: String, reason: String, message: String, component: String, time: String) {
      self.type = type
      self.reason = reason
      self.message = message
      self.component = component
      self.time = time
    }
  }

  package var service: ServiceExplanation
  /// Nil where there is nothing to announce.
  package var announcement: AnnouncementExplanation?
  package var events: [Occurrence]

  package init(service: ServiceExplanation, announcement: AnnouncementExplanation?, events: [Occurrence]) {
    self.service = service
    self.announcement = announcement
    self.events = events
  }

  // MARK: For people

  package func lines(colours: Bool, width: Int = 80) -> [String] {
    func heading(_ text: String) -> [String] { ["", Styled(text, .heading).rendered(colours: colours)] }
    var lines = [Styled("Service \(self.service.service)", .heading).rendered(colours: colours)]
    lines += self.facts(colours: colours, width: width)
    if !self.service.candidates.isEmpty {
      lines += heading("Pools, in the order in which they are tried")
      lines += self.pools.lines(indent: 2, width: width, colours: colours)
    }
    if let announcement = self.announcement {
      lines += heading("Advertisements")
      if announcement.advertisements.isEmpty {
        lines += TextLayout.paragraph(
          "There are none, so nobody announces the address. Create an L2Advertisement or a BGPAdvertisement.",
          indent: 2, width: width)
      } else {
        lines += Self.advertisements(announcement).lines(indent: 2, width: width, colours: colours)
      }
      if announcement.advertisements.contains(where: { $0.kind == L2Advertisement.type.kind }) {
        lines += heading("Nodes, layer 2")
        lines +=
          announcement.nodes.isEmpty
          ? ["  There are none."] : Self.nodes(announcement).lines(indent: 2, width: width, colours: colours)
        if let succession = Self.succession(announcement) {
          lines += TextLayout.paragraph(succession, indent: 2, width: width)
        }
        if announcement.omitted > 0 { lines.append("  and \(announcement.omitted) nodes more, not worked out") }
      }
      if announcement.advertisements.contains(where: { $0.kind == BGPAdvertisement.type.kind }) {
        lines += heading("Nodes, BGP")
        lines +=
          announcement.bgpNodes.isEmpty
          ? ["  There are none."] : Self.bgpNodes(announcement).lines(indent: 2, width: width, colours: colours)
        lines += heading("Routers")
        lines +=
          announcement.routers.isEmpty
          ? ["  There are none: create a BGPPeer."]
          : TextTable(
            header: ["ROUTER", "VERDICT"],
            rows: announcement.routers.map { [Styled($0.name), $0.sentence(Self.sentence)] }
          ).lines(indent: 2, width: width, colours: colours)
      }
    }
    if !self.events.isEmpty {
      lines += heading("Events")
      let rows = self.events.map { event in
        [
          Styled(event.time), Styled(event.reason, event.type == "Warning" ? .warning : .plain), Styled(event.message),
        ]
      }
      lines += TextTable(header: ["LAST SEEN", "REASON", "MESSAGE"], rows: rows)
        .lines(indent: 2, width: width, colours: colours)
    }
    return lines
  }

  private func facts(colours: Bool, width: Int) -> [String] {
    let standing = ExplanationText.sentence(self.service.standing, of: self.service)
    var rows: [[Styled]] = [["Standing", standing]]
    if let allocation = self.service.allocation, self.service.standing != .unmanaged {
      rows.append(["From pool", Styled(allocation.pool)])
    }
    if let reason = self.service.reason { rows.append(["Because", Styled(ExplanationText.sentence(reason))]) }
    if !self.service.company.isEmpty {
      rows.append(["Shared with", Styled(self.service.company.map(\.description).joined(separator: ", "))])
    }
    for ask in self.service.asks { rows.append([Styled("Asks: \(ask.name)"), Styled(ask.value)]) }
    return TextTable(header: [], rows: rows).lines(indent: 2, width: width, colours: colours)
  }

  private var pools: TextTable {
    TextTable(
      header: ["POOL", "FREE", "VERDICT"],
      rows: self.service.candidates.map { candidate in
        [
          Styled(candidate.pool), Styled(ExplanationText.free(candidate.counters)),
          self.verdict(of: candidate),
        ]
      })
  }

  private func verdict(of candidate: AllocationExplanation.Candidate) -> Styled {
    if case .chosen(let addresses) = candidate.verdict, self.service.isPublished,
      self.service.allocation == nil || self.service.allocation?.addresses == addresses
    {
      return Styled("gave it \(addresses.map(\.description).joined(separator: ", "))", .good)
    }
    return ExplanationText.sentence(candidate.verdict)
  }

  private static func advertisements(_ announcement: AnnouncementExplanation) -> TextTable {
    TextTable(
      header: ["KIND", "NAME", "VERDICT"],
      rows: announcement.advertisements.map { advertisement in
        let verdict: Styled =
          switch advertisement.match {
          case .announces:
            Styled("announces it, from \(advertisement.nodes) node\(advertisement.nodes == 1 ? "" : "s")", .good)
          case .otherPool: "is for other pools"
          case .otherService: Styled("its serviceSelectors match other Services", .warning)
          case .noNode: Styled("its nodeSelectors match no node", .bad)
          case .invalid: Styled("is not valid: see metallb check", .bad)
          }
        return [Styled(advertisement.kind), Styled(advertisement.name), verdict]
      })
  }

  /// Of many nodes those with the same verdict in one row.
  private static func table(_ rows: [[Styled]]) -> TextTable {
    let header = ["NODE", "VERDICT"]
    guard rows.count > 8 else { return TextTable(header: header, rows: rows) }
    var order: [Styled] = []
    var nodes: [Styled: [String]] = [:]
    for row in rows {
      guard let node = row.first, let verdict = row.last else { continue }
      if nodes.updateValue((nodes[verdict] ?? []) + [node.text], forKey: verdict) == nil { order.append(verdict) }
    }
    return TextTable(
      header: header, rows: order.map { [Styled(ClusterStatus.list(nodes[$0] ?? [], limit: 3)), $0] })
  }

  private static func nodes(_ announcement: AnnouncementExplanation) -> TextTable {
    self.table(
      announcement.nodes.map { node in
        let claim = node.claims ? "" : ", but its speaker does not say so (yet)"
        switch node.withheld {
        case nil: return [Styled(node.name), Styled("announces it" + claim, node.claims ? .good : .warning)]
        case let reason?:
          let text = "\(reason.rawValue): \(Self.sentence(reason))"
          return [Styled(node.name), Styled(text + (node.claims ? ", but its speaker says that it does" : ""))]
        }
      })
  }

  /// Who would come after the owner.
  private static func succession(_ announcement: AnnouncementExplanation) -> String? {
    guard let owner = announcement.succession.first else { return nil }
    let others = announcement.succession.dropFirst()
    guard let next = others.first else { return "\(owner) is the only candidate: nobody would take over." }
    let further = others.dropFirst()
    return "If \(owner) goes, \(next) takes over\(further.isEmpty ? "" : ", then \(further.joined(separator: ", "))")."
  }

  private static func bgpNodes(_ announcement: AnnouncementExplanation) -> TextTable {
    self.table(
      announcement.bgpNodes.map { node in
        guard let reason = node.withheld else {
          let agrees = node.claims == node.peers
          let text = "announces it to \(node.peers.joined(separator: ", "))"
          return [
            Styled(node.name),
            Styled(text + (agrees ? "" : ", but its speaker does not say so (yet)"), agrees ? .good : .warning),
          ]
        }
        let claim = node.claims == nil ? "" : ", but its speaker says that it does"
        return [Styled(node.name), Styled("\(reason.rawValue): \(Self.sentence(reason))" + claim)]
      })
  }

  package static func sentence(_ reason: Withheld) -> String {
    switch reason {
    case .notOwner: "another node announces it, or no endpoint can serve it"
    case .noMatchingAdvertisement: "no advertisement is for this pool, Service and node"
    case .conflictingAdvertisements: "advertisements contradict each other"
    case .nodeNetworkUnavailable: "the network of the node is reported as not available"
    case .nodeLabeledExcludeBalancers: "the node is labelled so as to take no such traffic"
    case .noLocalEndpoints: "traffic stays on the node, and there is no endpoint on it"
    case .noEndpoints: "no endpoint can serve it"
    case .noMatchingInterface: "the node has none of the interfaces that advertisements name"
    case .sharedIPWithServiceSelector: "it may share its address, and an advertisement selects by Service"
    case .noLink: "no interface of the node has a link on which addresses of the family can be announced"
    case .noMatchingPeer: "the node has no BGP peer that the advertisements are for"
    case .probing: "it is being looked for on the local network before it is announced"
    case .addressInUse: "somebody else on the local network has the address"
    case .familyNotSupported: "addresses of this family are not announced"
    case .noIPAllocated: "the Service has no address"
    case .invalidIP: "the status of the Service holds no address that can be read"
    case .ipNotAllowed: "the address is in no pool"
    case .notLoadBalancer: "the Service is not for this load balancer"
    default: "nothing is announced"
    }
  }

  // MARK: For machines

  /// The nodes that announce it, as their speakers say.
  package var names: [String] {
    guard let announcement = self.announcement else { return [] }
    return Set(
      announcement.nodes.filter(\.claims).map(\.name) + announcement.bgpNodes.filter { $0.claims != nil }.map(\.name)
    ).sorted()
  }

  package var json: JSONValue {
    var value: JSONValue = [
      "namespace": .string(self.service.service.namespace), "name": .string(self.service.service.name),
      "standing": .string(ExplanationText.sentence(self.service.standing, of: self.service).text),
      "asks": .object(Dictionary(self.service.asks.map { ($0.name, .string($0.value)) }) { first, _ in first }),
      "status": .array(self.service.shown.map { .string($0) }),
      "sharedWith": .array(self.service.company.map { .string($0.description) }),
      "pools": .array(
        self.service.candidates.map { candidate in
          [
            "name": .string(candidate.pool), "verdict": .string(candidate.verdict.word),
            "explanation": .string(ExplanationText.sentence(candidate.verdict).text),
            "freeIPv4": .integer(candidate.counters.ipv4.available),
            "freeIPv6": .integer(candidate.counters.ipv6.available),
          ]
        }),
      "events": .array(
        self.events.map { event in
          [
            "type": .string(event.type), "reason": .string(event.reason), "message": .string(event.message),
            "component": .string(event.component), "lastSeen": .string(event.time),
          ]
        }),
    ]
    value["allocation"] = self.service.allocation?.json
    value["because"] = self.service.reason.map { .string(ExplanationText.sentence($0)) }
    value["reason"] = self.service.standing.reason.map { .string($0.description) }
    value["announcement"] = self.announcement.map(Self.json)
    return value
  }

  private static func json(_ announcement: AnnouncementExplanation) -> JSONValue {
    [
      "advertisements": .array(
        announcement.advertisements.map { advertisement in
          [
            "kind": .string(advertisement.kind), "name": .string(advertisement.name),
            "verdict": .string(advertisement.match.rawValue), "nodes": .integer(Int64(advertisement.nodes)),
          ]
        }),
      "layer2": .array(
        announcement.nodes.map { node in
          [
            "node": .string(node.name), "verdict": .string(node.withheld?.rawValue ?? "announce"),
            "claims": .bool(node.claims),
          ]
        }),
      "bgp": .array(
        announcement.bgpNodes.map { node in
          [
            "node": .string(node.name), "verdict": .string(node.withheld?.rawValue ?? "announce"),
            "peers": .array(node.peers.map { .string($0) }),
            "claims": node.claims.map { .array($0.map { .string($0) }) } ?? nil,
          ]
        }),
      "succession": .array(announcement.succession.map { .string($0) }),
      "routers": .array(announcement.routers.map(\.json)),
    ]
  }
}

extension AllocationExplanation.Verdict {
  /// The name of the verdict, for machines.
  var word: String {
    switch self {
    case .chosen: "chosen"
    case .notReached: "notReached"
    case .notRequested: "notRequested"
    case .lacksAddresses: "lacksAddresses"
    case .manual: "manual"
    case .restricted: "restricted"
    case .dormant: "dormant"
    case .lacksFamily: "lacksFamily"
    case .exhausted: "exhausted"
    case .refused: "refused"
    }
  }
}
