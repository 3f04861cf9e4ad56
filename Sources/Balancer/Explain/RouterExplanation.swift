import KubernetesModel

/// Whether one router is told of a Service, by which nodes, and why by no other.
package struct RouterExplanation: Sendable, Hashable {
  package enum Verdict: Sendable, Hashable {
    /// These nodes tell it.
    case told(by: [String])
    /// No node has a session with it: its `nodeSelectors` match none.
    case noNode
    /// It has problems, and never had a form that could be used.
    case invalid
    /// These nodes have a session with it, and announce the Service to others or to nobody, for this reason.
    case notTold([String], Withheld)
  }

  /// The name of the BGPPeer.
  package var name: String
  package var verdict: Verdict

  package init(name: String, verdict: Verdict) {
    self.name = name
    self.verdict = verdict
  }

  /// `speakers` have decided, by node.
  init(_ name: String, of service: ObjectKey, speakers: [(String, SpeakerState)]) {
    self.name = name
    guard speakers.first?.1.bgp.peers.peers[name] != nil else {
      self.verdict = speakers.isEmpty ? .noNode : .invalid
      return
    }
    let connected = speakers.filter { $0.1.bgpPeers[name] != nil }
    let telling = connected.filter { _, speaker in
      speaker.bgpVerdict(of: service)?.announcement?.peers.contains(name) == true
    }
    guard telling.isEmpty else {
      self.verdict = .told(by: telling.map(\.0).sorted())
      return
    }
    guard !connected.isEmpty else {
      self.verdict = .noNode
      return
    }
    let reasons = connected.map { _, speaker -> Withheld in
      if case .withhold(let reason) = speaker.bgpVerdict(of: service) { reason } else { .noMatchingPeer }
    }
    // Of several reasons the one that most nodes have.
    let counts = Dictionary(grouping: reasons) { $0 }.mapValues(\.count)
    let reason = counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? .noMatchingPeer
    self.verdict = .notTold(connected.map(\.0).sorted(), reason)
  }
}

extension RouterExplanation {
  /// What people are told.
  func sentence(_ reason: (Withheld) -> String) -> Styled {
    switch self.verdict {
    case .told(let nodes): Styled("is told by \(ClusterStatus.list(nodes))", .good)
    case .noNode: Styled("no node has a session with it: its nodeSelectors match none", .warning)
    case .invalid: Styled("is not valid, or waits for another object: see metallb check", .bad)
    case .notTold(let nodes, .noMatchingPeer):
      Styled("is not told by \(ClusterStatus.list(nodes)): the advertisements are for other routers")
    case .notTold(let nodes, let withheld):
      Styled("is not told by \(ClusterStatus.list(nodes)): \(withheld.rawValue): \(reason(withheld))")
    }
  }

  var json: JSONValue {
    var value: JSONValue = ["name": .string(self.name)]
    switch self.verdict {
    case .told(let nodes):
      value["verdict"] = "told"
      value["nodes"] = .array(nodes.map { .string($0) })
    case .noNode: value["verdict"] = "noNode"
    case .invalid: value["verdict"] = "invalid"
    case .notTold(let nodes, let reason):
      value["verdict"] = .string(reason.rawValue)
      value["nodes"] = .array(nodes.map { .string($0) })
    }
    return value
  }
}
