import KubernetesModel

/// An Event that MetalLB wrote.
struct EventRow {
  let event: Event

  /// The newest first.
  static func rows(of snapshot: ClusterSnapshot) -> [EventRow] {
    snapshot.picture.events.objects.values
      .sorted { ($1.lastSeen, $0.key) < ($0.lastSeen, $1.key) }.map(EventRow.init)
  }

  var isWarning: Bool { self.event.type == "Warning" }

  /// The object that it is about, such as `Service default/web`.
  var object: String {
    let object = self.event.involvedObject
    let key = ObjectKey(namespace: object.namespace ?? "", name: object.name ?? "")
    return "\(object.kind ?? "object") \(key)"
  }

  var texts: [String] {
    [self.object, self.event.reason ?? "", self.event.message ?? "", self.event.source?.host ?? ""]
  }

  var json: JSONValue {
    let object = self.event.involvedObject
    var value: JSONValue = [
      "at": .integer(self.event.lastSeen.seconds), "warning": .bool(self.isWarning),
      "reason": .string(self.event.reason ?? ""), "message": .string(String((self.event.message ?? "").prefix(2000))),
      "object": .string(self.object), "component": .string(self.event.component),
      "count": .integer(Int64(self.event.count ?? 1)),
    ]
    if object.kind == Service.type.kind, let namespace = object.namespace, let name = object.name {
      value["service"] = .string("\(namespace)/\(name)")
    }
    return value
  }
}
