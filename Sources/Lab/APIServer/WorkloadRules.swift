import KubernetesModel

/// Deployments, DaemonSets and ReplicaSets.
struct WorkloadRules: KindRules {
  enum Kind: Sendable {
    case deployment
    case daemonSet
    case replicaSet
  }

  let kind: Kind

  var countsGenerations: Bool { true }
  var selectableFields: [String] { self.kind == .replicaSet ? ["status.replicas"] : [] }

  func setDefaults(_ object: inout JSONValue) {
    let kind = self.kind
    object.mutate("spec") { spec in
      func setDefault(_ name: String, _ value: JSONValue) {
        if spec[name] == nil { spec[name] = value }
      }
      switch kind {
      case .deployment:
        setDefault("replicas", 1)
        setDefault("revisionHistoryLimit", 10)
        setDefault("progressDeadlineSeconds", 600)
        setDefault("strategy", [:])
        spec.mutate("strategy") { strategy in
          if strategy["type"] == nil { strategy["type"] = "RollingUpdate" }
          guard strategy["type"]?.string == "RollingUpdate" else { return }
          strategy.mutate("rollingUpdate") { update in
            if update["maxUnavailable"] == nil { update["maxUnavailable"] = "25%" }
            if update["maxSurge"] == nil { update["maxSurge"] = "25%" }
          }
        }
      case .daemonSet:
        setDefault("revisionHistoryLimit", 10)
        setDefault("updateStrategy", [:])
        spec.mutate("updateStrategy") { strategy in
          if strategy["type"] == nil { strategy["type"] = "RollingUpdate" }
          guard strategy["type"]?.string == "RollingUpdate" else { return }
          strategy.mutate("rollingUpdate") { update in
            if update["maxUnavailable"] == nil { update["maxUnavailable"] = 1 }
            if update["maxSurge"] == nil { update["maxSurge"] = 0 }
          }
        }
      case .replicaSet:
        setDefault("replicas", 1)
      }
      spec.mutate("template") { template in
        if template["metadata"] == nil { template["metadata"] = [:] }
        template.mutate("spec") { PodRules.setDefaults(ofPod: &$0) }
      }
    }
    if kind == .daemonSet, object.metadata("annotations")?["deprecated.daemonset.template.generation"] == nil {
      object.mutate("metadata") { metadata in
        metadata.mutate("annotations") { $0["deprecated.daemonset.template.generation"] = "1" }
      }
    }
  }

  /// Of a Deployment annotations count too, as they go into its ReplicaSets.
  func isNewGeneration(_ object: JSONValue, of old: JSONValue, subresource: String?) -> Bool {
    object.asked != old.asked
      || self.kind == .deployment && subresource == nil && object.metadata("annotations") != old.metadata("annotations")
  }

  func prepareCreate(_ object: inout JSONValue) {
    switch self.kind {
    case .deployment: object["status"] = [:]
    case .daemonSet:
      object["status"] = [
        "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
      ]
    case .replicaSet: object["status"] = ["replicas": 0]
    }
  }

  func prepareUpdate(_ object: inout JSONValue, old: JSONValue) {
    object["status"] = old["status"]
    guard self.kind == .daemonSet else { return }
    let annotation = "deprecated.daemonset.template.generation"
    var generation = old.metadata("annotations")?[annotation]?.string ?? "1"
    if object[path: "spec", "template"] != old[path: "spec", "template"] {
      generation = String((Int(generation) ?? 1) + 1)
    }
    object.mutate("metadata") { metadata in metadata.mutate("annotations") { $0[annotation] = .string(generation) } }
  }

  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    var problems: [FieldError] = []
    let spec = object["spec"] ?? [:]
    if let replicas = spec["replicas"]?.integer, replicas < 0 {
      problems.append(.invalid("spec.replicas", .integer(replicas), "must be greater than or equal to 0"))
    }
    guard let selector = spec["selector"] else {
      return problems + [.required("spec.selector")]
    }
    let wanted = LabelSelector(json: selector)
    if wanted == LabelSelector() {
      problems.append(
        .invalid("spec.selector", selector, "empty selector is invalid for \(self.noun)"))
    }
    let labels = (spec[path: "template", "metadata", "labels"]?.object ?? [:]).compactMapValues { $0.string }
    if !wanted.matches(labels) {
      problems.append(
        .invalid(
          "spec.template.metadata.labels", spec[path: "template", "metadata", "labels"] ?? .null,
          "`selector` does not match template `labels`"))
    }
    if (spec[path: "template", "spec", "containers"]?.array ?? []).isEmpty {
      problems.append(.required("spec.template.spec.containers"))
    }
    for (index, container) in (spec[path: "template", "spec", "containers"]?.array ?? []).enumerated() {
      let path = "spec.template.spec.containers[\(index)]"
      if container["name"]?.string?.isEmpty != false { problems.append(.required("\(path).name")) }
      if container["image"]?.string?.isEmpty != false { problems.append(.required("\(path).image")) }
    }
    if let old, let before = old[path: "spec", "selector"], before != selector {
      problems.append(.invalid("spec.selector", selector, "field is immutable"))
    }
    return problems
  }

  private var noun: String {
    switch self.kind {
    case .deployment: "deployment"
    case .daemonSet: "daemonset"
    case .replicaSet: "deployment"
    }
  }
}

extension LabelSelector {
  /// A selector as it stands in an object.
  package init(json: JSONValue?) {
    self.init()
    let labels = (json?["matchLabels"]?.object ?? [:]).compactMapValues { $0.string }
    if !labels.isEmpty { self.matchLabels = labels }
    let expressions = (json?["matchExpressions"]?.array ?? []).map { expression in
      Requirement(
        key: expression["key"]?.string ?? "", operator: expression["operator"]?.string ?? "",
        values: expression["values"]?.array?.compactMap { $0.string })
    }
    if !expressions.isEmpty { self.matchExpressions = expressions }
  }
}
