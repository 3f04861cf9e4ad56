import KubernetesModel

/// What Deployments, ReplicaSets, DaemonSets and Pods go through before they are stored: defaults and the rules that
/// walkthroughs run into.
package enum WorkloadAdmission {
  private static let controllers: Set<String> = ["Deployment", "ReplicaSet", "DaemonSet"]

  package static func handles(_ type: ResourceType) -> Bool {
    (type.group == "apps" && self.controllers.contains(type.kind)) || (type.group.isEmpty && type.kind == "Pod")
  }

  /// The form of a new object that is stored. A status in the request is dropped.
  package static func prepareCreate(_ object: JSONValue, as type: ResourceType) throws(Rejection) -> JSONValue {
    var object = object
    self.applyDefaults(to: &object, as: type)
    object["status"] = type.kind == "Pod" ? object["status"] : self.emptyStatus(of: type.kind)
    let errors = self.errors(of: object, as: type)
    guard errors.isEmpty else { throw Rejection(errors) }
    return object
  }

  /// The form of a changed object that is stored; the status stays.
  package static func prepareUpdate(_ object: JSONValue, replacing old: JSONValue, as type: ResourceType)
    throws(Rejection) -> JSONValue
  {
    var object = object
    if type.kind != "Pod" { self.applyDefaults(to: &object, as: type) }
    object["status"] = old["status"]
    var errors = self.errors(of: object, as: type)
    let selector = object[path: "spec", "selector"]
    if self.controllers.contains(type.kind), let selector, selector != old[path: "spec", "selector"] {
      errors.append(.invalid("spec.selector", selector, "field is immutable"))
    }
    guard errors.isEmpty else { throw Rejection(errors) }
    return object
  }

  private static func emptyStatus(of kind: String) -> JSONValue {
    switch kind {
    case "ReplicaSet": ["replicas": 0]
    case "DaemonSet":
      ["currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0]
    default: [:]
    }
  }

  private static func applyDefaults(to object: inout JSONValue, as type: ResourceType) {
    guard type.kind != "Pod" else { return PodDefaults.applyToPod(&object) }
    var spec = object["spec"] ?? [:]
    var template = spec["template"] ?? [:]
    var podSpec = template["spec"] ?? [:]
    PodDefaults.apply(to: &podSpec)
    template["spec"] = podSpec
    template.setDefault([:], "metadata")
    spec["template"] = template
    switch type.kind {
    case "Deployment":
      spec.setDefault(1, "replicas")
      self.setRollingUpdate(of: &spec, "strategy", ["maxUnavailable": "25%", "maxSurge": "25%"])
      spec.setDefault(10, "revisionHistoryLimit")
      spec.setDefault(600, "progressDeadlineSeconds")
    case "DaemonSet":
      self.setRollingUpdate(of: &spec, "updateStrategy", ["maxUnavailable": 1, "maxSurge": 0])
      spec.setDefault(10, "revisionHistoryLimit")
    default:
      spec.setDefault(1, "replicas")
    }
    object["spec"] = spec
  }

  private static func setRollingUpdate(of spec: inout JSONValue, _ field: String, _ defaults: [String: JSONValue]) {
    var strategy = spec[field] ?? [:]
    strategy.setDefault("RollingUpdate", "type")
    if strategy["type"] == "RollingUpdate" {
      var rolling = strategy["rollingUpdate"] ?? [:]
      for (key, value) in defaults { rolling.setDefault(value, key) }
      strategy["rollingUpdate"] = rolling
    }
    spec[field] = strategy
  }

  private static func errors(of object: JSONValue, as type: ResourceType) -> [FieldError] {
    let isPod = type.kind == "Pod"
    let path = isPod ? "spec" : "spec.template.spec"
    let podSpec = (isPod ? object["spec"] : object[path: "spec", "template", "spec"]) ?? [:]
    var errors: [FieldError] = []
    if !isPod {
      if let selector = object[path: "spec", "selector"], selector != .null {
        let labels = object[path: "spec", "template", "metadata", "labels"] ?? [:]
        if !self.matches(selector, labels) {
          errors.append(
            .invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
        }
      } else {
        errors.append(.required("spec.selector"))
      }
      if let replicas = object[path: "spec", "replicas"]?.integer, replicas < 0 {
        errors.append(.invalid("spec.replicas", .integer(replicas), "must be greater than or equal to 0"))
      }
    }
    let containers = podSpec["containers"]?.array ?? []
    if containers.isEmpty { errors.append(.required("\(path).containers")) }
    var names: Set<String> = []
    for (index, container) in containers.enumerated() {
      if let name = container.text("name") {
        if !names.insert(name).inserted {
          errors.append(.duplicate("\(path).containers[\(index)].name", .string(name)))
        }
      } else {
        errors.append(.required("\(path).containers[\(index)].name"))
      }
      if isPod || type.group == "apps", container.text("image") == nil {
        errors.append(.required("\(path).containers[\(index)].image"))
      }
    }
    return errors
  }

  private static func matches(_ selector: JSONValue, _ labels: JSONValue) -> Bool {
    let expressions = (selector["matchExpressions"]?.array ?? []).map {
      LabelSelector.Requirement(
        key: $0["key"]?.string ?? "", operator: $0["operator"]?.string ?? "", values: $0.texts("values"))
    }
    let selector = LabelSelector(
      matchLabels: selector["matchLabels"]?.object?.compactMapValues(\.string), matchExpressions: expressions)
    return selector.matches((labels.object ?? [:]).compactMapValues(\.string))
  }
}
