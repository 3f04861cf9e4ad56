import Balancer
import HashTreeCollections
import KubernetesModel

/// Everything that a page shows, as JSON of bounded size: what the query asks for, and nothing else.
package struct PageModel {
  private let snapshot: ClusterSnapshot
  private let query: DashboardQuery

  package init(of snapshot: ClusterSnapshot, for query: DashboardQuery) {
    self.snapshot = snapshot
    self.query = query
  }

  /// `road` is that of the Service that the query names, where it has one.
  package func json(road: JSONValue? = nil) -> JSONValue {
    let status = self.snapshot.status
    let pools = PoolRow.rows(of: self.snapshot)
    let nodes = NodeRow.rows(of: self.snapshot)
    let sessions = SessionRow.rows(of: self.snapshot)
    var value: JSONValue = [
      "time": .integer(self.snapshot.time.seconds),
      "place": [
        "server": .string(self.snapshot.place.server), "namespace": .string(self.snapshot.place.namespace),
        "software": .string(self.snapshot.place.software),
      ],
      "connection": self.connection, "summary": self.summary(pools: pools, nodes: nodes, sessions: sessions),
      "controllers": .array(status.controllers.prefix(5).map(Self.controller)),
      "problems": self.problems, "warnings": self.warnings,
      "notes": .array((status.notes + status.silences).prefix(20).map { .string($0) }),
      "services": self.services,
      "pools": self.leaf(pools, in: .pools, texts: \.texts, json: \.json),
      "nodes": self.leaf(nodes, in: .nodes, texts: \.texts) { $0.json(of: self.snapshot) },
      "sessions": self.leaf(sessions, in: .sessions, texts: \.texts) { $0.json(of: self.snapshot) },
      "events": self.leaf(EventRow.rows(of: self.snapshot), in: .events, texts: \.texts, json: \.json),
    ]
    value["road"] = road
    return value
  }

  // MARK: What is said above all lists

  private var connection: JSONValue {
    switch self.snapshot.picture.connection {
    case .lost(let reason): ["state": "lost", "reason": .string(reason)]
    case .unknown, .live:
      self.snapshot.isLoading
        ? ["state": "loading", "kinds": .array(self.snapshot.picture.loading.map { .string($0) })] : ["state": "live"]
    }
  }

  private func summary(pools: [PoolRow], nodes: [NodeRow], sessions: [SessionRow]) -> JSONValue {
    let own = self.snapshot.exposures.filter { $0.standing != .foreign }
    func count(_ number: Int) -> JSONValue { .integer(Int64(number)) }
    return [
      "well": .bool(self.snapshot.problems.isEmpty), "problems": count(self.snapshot.problems.count),
      "services": count(own.count), "troubled": count(own.count { $0.standing.isTroubled }),
      "pending": count(own.count { $0.standing == .pending }),
      "nodes": count(nodes.count), "speakers": count(nodes.count { $0.state == .works }),
      "sessions": count(sessions.count), "established": count(sessions.count { $0.peer.isEstablished }),
      "pools": count(pools.count), "full": count(pools.count { $0.state == .full }),
    ]
  }

  private static func controller(_ answer: ProcessAnswer<ControllerStatus>) -> JSONValue {
    var value: JSONValue = ["pod": .string(answer.pod), "node": .string(answer.node)]
    value["leading"] = answer.status.map { .bool($0.isLeading) }
    value["software"] = answer.status.map { .string($0.software) }
    value["reason"] = answer.reason.map { .string($0) }
    return value
  }

  // MARK: Lists

  private func leaf<Row>(
    _ rows: [Row], in section: DashboardQuery.Section, texts: (Row) -> [String], json: (Row) -> JSONValue
  ) -> JSONValue {
    Leaf(rows.filter { self.query.matches(texts($0)) }, of: rows.count, in: section, self.query).json(json)
  }

  private var problems: JSONValue {
    self.leaf(self.snapshot.problems, in: .problems, texts: { [$0.sentence, $0.remedy ?? ""] }) { problem in
      var value: JSONValue = ["text": .string(problem.sentence)]
      value["remedy"] = problem.remedy.map { .string($0) }
      value["service"] = ServiceMention.first(in: problem.sentence, among: self.snapshot.picture.services.objects).map {
        .string($0.description)
      }
      return value
    }
  }

  /// They come with what to do, and are no problems: all may be well all the same.
  private var warnings: JSONValue {
    self.leaf(
      self.snapshot.picture.inspection?.warnings ?? [], in: .warnings,
      texts: { [$0.kind, $0.key.description, $0.field, $0.message, $0.remedy] }
    ) { warning in
      [
        "object": .string("\(warning.kind) \(warning.key)"), "field": .string(warning.field),
        "text": .string(warning.message), "remedy": .string(warning.remedy),
      ]
    }
  }

  private var services: JSONValue {
    let wanted = self.snapshot.exposures.filter { exposure, standing in
      (self.query.filter == .all || standing.isTroubled)
        && self.query.matches(ServiceRow.texts(of: exposure, standing))
    }
    return Leaf(wanted, of: self.snapshot.exposures.count, in: .services, self.query).json { exposure, standing in
      ServiceRow.json(of: exposure, standing, in: self.snapshot)
    }
  }
}

/// The Service that a problem is about.
enum ServiceMention {
  /// The Service that the sentence names as `Service NAMESPACE/NAME`, if there is one.
  static func first(in sentence: String, among services: TreeDictionary<ObjectKey, Service>) -> ObjectKey? {
    let words = sentence.split(separator: " ")
    guard let index = words.firstIndex(of: "Service"), index + 1 < words.count else { return nil }
    let parts = words[index + 1].split { $0 == "/" || $0 == ":" || $0 == "," }.map(String.init)
    guard parts.count == 2 else { return nil }
    let key = ObjectKey(namespace: parts[0], name: parts[1])
    return services[key] == nil ? nil : key
  }
}
