import KubernetesModel

/// `metallb status nodes`: what each node announces, and why one may not.
package struct StatusNodes: ExtractView {
  /// A node of the cluster, its speaker, or both.
  struct Row: Sendable {
    var name: String
    var node: NodeView?
    var speaker: ProcessAnswer<SpeakerStatus>?

    /// Whether something about it is not as it should be.
    var isTroubled: Bool {
      guard let status = self.speaker?.status else { return self.speaker != nil }
      return !status.awaiting.isEmpty || status.bgp.peers.contains { !$0.isEstablished }
    }
  }

  let extract: StatusExtract

  package init(_ extract: StatusExtract) {
    self.extract = extract
  }

  package func lines(colours: Bool, width: Int) -> [String] {
    let wide = self.isWide ? max(width, 200) : width
    let (shown, more) = self.limit.cut(self.rows)
    let header =
      ["NODE", "READY", "LAYER 2", "BGP", "SESSIONS", "MEMBERS"]
      + (self.isWide ? ["VERSION", "ADDRESSES"] : [])
      + ["SPEAKER"]
    return Self.section(
      "Nodes", TextTable(header: header, rows: shown.map(self.cells)), otherwise: "There is none that can be seen.",
      colours: colours, width: wide) + more
      + [""] + Self.controllers(of: self.status, colours: colours, width: wide)
      + StatusText.conclusion(self.status, colours: colours, width: width, about: [Node.type.kind])
  }

  package var names: [String] { self.rows.map(\.name) }

  package var json: JSONValue {
    [
      "nodes": .array(
        self.rows.map { row in
          var value: JSONValue = ["name": .string(row.name)]
          if let node = row.node {
            value["ready"] = .bool(node.readiness == .ready)
            value["excluded"] = .bool(node.isExcludedFromBalancing)
            value["networkUnavailable"] = .bool(node.isNetworkUnavailable)
            value["addresses"] = .array(node.addresses.map { .string($0.description) })
          }
          value["speaker"] = row.speaker?.json
          return value
        }),
      "controllers": .array(self.status.controllers.map(\.json)),
    ]
  }

  /// Troubled ones first, where not all are shown.
  private var rows: [Row] {
    let speakers = Dictionary(self.status.speakers.map { ($0.node.isEmpty ? $0.pod : $0.node, $0) }) {
      first, _ in first
    }
    let nodes = Dictionary(self.status.nodes.map { ($0.name, $0) }) { first, _ in first }
    let rows = Set(speakers.keys).union(nodes.keys).sorted().map {
      Row(name: $0, node: nodes[$0], speaker: speakers[$0])
    }
    guard self.limit.count > 0, rows.count > self.limit.count else { return rows }
    return rows.filter(\.isTroubled) + rows.filter { !$0.isTroubled }
  }

  private func cells(of row: Row) -> [Styled] {
    let status = row.speaker?.status
    let ready: Styled =
      switch row.node?.readiness {
      case .ready: "yes"
      case .notReady: Styled("no", .bad)
      case .unreported, nil: "-"
      }
    let further =
      self.isWide
      ? [
        Styled(status?.software ?? "-"),
        Styled(row.node.map { $0.addresses.map(\.description).joined(separator: ",") } ?? "-"),
      ] : []
    return [
      Styled(row.name), ready, Styled(status.map { "\($0.layer2.announcements.count)" } ?? "-"),
      Styled(status.map { "\($0.bgp.announcements.count)" } ?? "-"), Self.sessions(of: status),
      Self.members(of: status),
    ] + further + [Self.state(of: row.speaker, on: row.node)]
  }

  // MARK: Cells that the overview shows as well

  static func sessions(of status: SpeakerStatus?) -> Styled {
    guard let peers = status?.bgp.peers, !peers.isEmpty else { return "-" }
    let up = peers.count(where: \.isEstablished)
    return Styled("\(up) of \(peers.count) up", up < peers.count ? .bad : .plain)
  }

  static func members(of status: SpeakerStatus?) -> Styled {
    Styled(status?.gossip.map { gossip in "\(gossip.members.count { $0.state == "alive" })" } ?? "-")
  }

  static func state(of speaker: ProcessAnswer<SpeakerStatus>?, on node: NodeView?) -> Styled {
    guard let speaker else { return Styled("none runs here", .warning) }
    guard let status = speaker.status else {
      let isDown = if case .down = speaker.outcome { true } else { false }
      return Styled(isDown ? "down" : "cannot be asked", isDown ? .bad : .warning)
    }
    guard status.awaiting.isEmpty else {
      return Styled("waits for \(status.awaiting.joined(separator: ", "))", .warning)
    }
    if let node, node.isDrained { return Styled("drained: metallb drain --undo \(node.name) ends that", .warning) }
    if let node, node.isExcludedFromBalancing {
      return Styled("works, but the node is labelled exclude-from-external-load-balancers", .warning)
    }
    if let node, node.isNetworkUnavailable { return Styled("works, but the node's network is not available", .warning) }
    return Styled("works", .good)
  }

  static func controllers(of status: ClusterStatus, colours: Bool, width: Int) -> [String] {
    let rows = status.controllers.map { controller -> [Styled] in
      let told = controller.status
      let isDown = if case .down = controller.outcome { true } else { false }
      let state: Styled =
        switch told?.isLeading {
        case true?: Styled("leads", .good)
        case false?: "stands by"
        case nil: Styled(isDown ? "down" : "cannot be asked", isDown ? .bad : .warning)
        }
      return [
        Styled(controller.pod), Styled(controller.node.isEmpty ? "-" : controller.node),
        Styled(told?.software ?? "-"), state,
      ]
    }
    return Self.section(
      "Controllers", TextTable(header: ["POD", "NODE", "VERSION", "STATE"], rows: rows), otherwise: "There is none.",
      colours: colours, width: width)
  }
}
