import Balancer
import KubernetesModel

/// A node, its speaker, and what it announces.
struct NodeRow {
  enum State: String {
    case works
    /// Its speaker has not read all that it needs.
    case waits
    /// Its speaker runs, and cannot be asked.
    case silent
    case down
    /// No speaker runs on it.
    case none
  }

  private static let announcementLimit = 5

  let name: String
  let node: NodeView?
  let isUnschedulable: Bool
  let speaker: ProcessAnswer<SpeakerStatus>?
  /// Whether it may own addresses on the local network, as its fellows have heard; nil = nobody says.
  let isCandidate: Bool?

  var state: State {
    guard let speaker = self.speaker else { return .none }
    switch speaker.outcome {
    case .told(let status, _): return status.awaiting.isEmpty ? .works : .waits
    case .silent: return .silent
    case .down: return .down
    }
  }

  var texts: [String] {
    [self.name, self.state.rawValue] + (self.node?.addresses.map(\.description) ?? [])
      + (self.speaker?.status?.layer2.announcements.prefix(1000).flatMap { [$0.service] + $0.addresses } ?? [])
  }

  static func rows(of snapshot: ClusterSnapshot) -> [NodeRow] {
    let speakers = Dictionary(snapshot.status.speakers.filter { !$0.node.isEmpty }.map { ($0.node, $0) }) {
      first, second in first.status == nil ? second : first
    }
    var candidates: [String: Bool] = [:]
    for member in snapshot.status.speakers.compactMap(\.status?.gossip).first?.members ?? [] {
      candidates[member.name] = member.isCandidate && member.state == "alive"
    }
    let nodes = snapshot.picture.nodes.objects
    let names = Set(nodes.keys.map(\.name)).union(speakers.keys)
    return names.sorted().map { name in
      let node = nodes[ObjectKey(name: name)]
      return NodeRow(
        name: name, node: node.map(NodeView.init), isUnschedulable: node?.spec?.unschedulable ?? false,
        speaker: speakers[name], isCandidate: candidates[name])
    }
  }

  /// What is special about the node, in words.
  private var marks: [String] {
    guard let node = self.node else { return ["no such Node object"] }
    var marks: [String] = []
    if node.readiness != .ready { marks.append(node.readiness == .notReady ? "not ready" : "readiness unknown") }
    if node.isNetworkUnavailable { marks.append("network unavailable") }
    if node.isDrained {
      marks.append("drained")
    } else if node.isExcludedFromBalancing {
      marks.append("excluded from load balancers")
    }
    if self.isUnschedulable { marks.append("cordoned") }
    return marks
  }

  func json(of snapshot: ClusterSnapshot) -> JSONValue {
    var value: JSONValue = [
      "name": .string(self.name), "state": .string(self.state.rawValue),
      "marks": .array(self.marks.map { .string($0) }),
      "addresses": .array((self.node?.addresses ?? []).prefix(4).map { .string($0.description) }),
    ]
    value["candidate"] = self.isCandidate.map { .bool($0) }
    value["pod"] = (self.speaker?.pod).map { .string($0) }
    value["reason"] = self.speaker?.reason.map { .string($0) }
    guard let status = self.speaker?.status else { return value }
    if !status.awaiting.isEmpty { value["reason"] = .string("waits for \(status.awaiting.joined(separator: ", "))") }
    value["software"] = .string(status.software)
    value["announced"] = .integer(Int64(status.layer2.announcements.count))
    value["announcements"] = .array(
      status.layer2.announcements.prefix(Self.announcementLimit).map { announcement in
        var value: JSONValue = [
          "service": .string(announcement.service), "addresses": .array(announcement.addresses.map { .string($0) }),
        ]
        value["interfaces"] = announcement.interfaces.map { .array($0.map { .string($0) }) }
        return value
      })
    value["successions"] = .integer(Int64(status.layer2.successions.count))
    value["routed"] = .integer(Int64(status.bgp.announcements.count))
    value["sessions"] = .integer(Int64(status.bgp.peers.count))
    value["established"] = .integer(Int64(status.bgp.peers.count(where: \.isEstablished)))
    value["members"] = status.gossip.map { .integer(Int64($0.members.count { $0.state == "alive" })) }
    value["takeover"] = status.layer2.lastTakeover.map { takeover in
      var value: JSONValue = [
        "from": .array(takeover.from.map { .string($0) }), "services": .integer(Int64(takeover.services)),
      ]
      value["at"] = snapshot.since(takeover.secondsAgo)
      value["milliseconds"] = takeover.durationSeconds.map { .integer(Int64($0 * 1000)) }
      return value
    }
    return value
  }
}
