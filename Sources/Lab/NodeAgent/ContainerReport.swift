import KubernetesModel

/// How one container fares, as its node's agent knows it.
package struct ContainerReport: Sendable, Hashable {
  package enum State: Sendable, Hashable {
    case waiting(reason: String, message: String)
    case running(since: Timestamp)
    case terminated(Termination)
  }

  package struct Termination: Sendable, Hashable {
    var status: ChildProcess.Status
    var started: Timestamp
    var finished: Timestamp
    var id: String
  }

  var name: String
  var image: String
  var state: State
  var last: Termination?
  var restarts: Int
  var isReady: Bool
  /// The process behind it, in the form of a container's id; empty before the first start.
  var id: String

  var isRunning: Bool { if case .running = self.state { true } else { false } }

  var json: JSONValue {
    var status: JSONValue = [
      "name": .string(self.name), "image": .string(self.image), "imageID": .string("lab://\(self.image)"),
      "ready": .bool(self.isReady), "started": .bool(self.isRunning), "restartCount": .integer(Int64(self.restarts)),
    ]
    if !self.id.isEmpty { status["containerID"] = .string(self.id) }
    switch self.state {
    case .waiting(let reason, let message):
      status["state"] = [
        "waiting": message.isEmpty
          ? ["reason": .string(reason)] : ["reason": .string(reason), "message": .string(message)]
      ]
    case .running(let since):
      status["state"] = ["running": ["startedAt": .string(since.text)]]
    case .terminated(let termination):
      status["state"] = ["terminated": Self.json(termination)]
    }
    status["lastState"] = self.last.map { ["terminated": Self.json($0)] } ?? [:]
    return status
  }

  private static func json(_ termination: Termination) -> JSONValue {
    var json: JSONValue = [
      "startedAt": .string(termination.started.text), "finishedAt": .string(termination.finished.text),
      "containerID": .string(termination.id),
    ]
    switch termination.status {
    case .exited(let code):
      json["exitCode"] = .integer(Int64(code))
      json["reason"] = code == 0 ? "Completed" : "Error"
    case .signalled(let signal):
      json["exitCode"] = .integer(Int64(128 + signal))
      json["reason"] = "Error"
    }
    return json
  }
}

/// The status of a pod as the sum of what its containers report.
package enum PodStatus {
  package static func make(
    of pod: LabObject, podAddresses: [String], nodeAddresses: [String], containers: [ContainerReport], at now: Timestamp
  ) -> JSONValue {
    var status = pod.status
    let isReady = !containers.isEmpty && containers.allSatisfy(\.isReady)
    let hasStarted = containers.contains { !$0.id.isEmpty }
    let unready = containers.filter { !$0.isReady }.map(\.name)
    status["phase"] = .string(Self.phase(of: pod, containers: containers, hasStarted: hasStarted))
    func list(_ addresses: [String]) -> JSONValue { .array(addresses.map { ["ip": .string($0)] }) }
    status["hostIP"] = nodeAddresses.first.map { .string($0) }
    status["hostIPs"] = list(nodeAddresses)
    if let first = podAddresses.first {
      status["podIP"] = .string(first)
      status["podIPs"] = list(podAddresses)
    }
    if status["startTime"] == nil { status["startTime"] = .string(now.text) }
    status["qosClass"] = status["qosClass"] ?? "BestEffort"
    status["containerStatuses"] = .array(containers.map(\.json))
    let reason = "ContainersNotReady"
    let message = "containers with unready status: [\(unready.joined(separator: " "))]"
    let own: [(String, Bool)] = [
      ("Initialized", true), ("Ready", isReady), ("ContainersReady", isReady), ("PodScheduled", true),
    ]
    var conditions = own.map { type, isTrue -> JSONValue in
      let value = isTrue ? "True" : "False"
      let previous = pod.condition(type)
      let isSame = previous?["status"]?.string == value
      var condition: JSONValue = [
        "type": .string(type), "status": .string(value), "lastProbeTime": .null,
        "lastTransitionTime": isSame ? previous?["lastTransitionTime"] ?? .string(now.text) : .string(now.text),
      ]
      if !isTrue {
        condition["reason"] = .string(reason)
        condition["message"] = .string(message)
      }
      return condition
    }
    let types = Set(own.map(\.0))
    conditions += (pod.status["conditions"]?.array ?? []).filter { !types.contains($0["type"]?.string ?? "") }
    status["conditions"] = .array(conditions)
    return status
  }

  private static func phase(of pod: LabObject, containers: [ContainerReport], hasStarted: Bool) -> String {
    let endings = containers.compactMap { report -> ChildProcess.Status? in
      if case .terminated(let termination) = report.state { termination.status } else { nil }
    }
    let policy = pod.spec["restartPolicy"]?.string ?? "Always"
    if endings.count == containers.count, !containers.isEmpty, policy != "Always" {
      if endings.allSatisfy({ $0 == .exited(0) }) { return "Succeeded" }
      if policy == "Never" { return "Failed" }
    }
    return hasStarted ? "Running" : "Pending"
  }
}

/// The pause before a container that ended is started again: none at first, then doubling.
package struct RestartBackoff: Sendable, Hashable {
  static let first = Duration.seconds(1)
  static let longest = Duration.seconds(30)
  /// A run of this length is a success, after which the count begins anew.
  static let longEnough = Duration.seconds(60)

  private var failures = 0

  package init() {}

  package mutating func pause(afterRunOf duration: Duration) -> Duration {
    if duration >= Self.longEnough { self.failures = 0 }
    defer { self.failures += 1 }
    guard self.failures > 0 else { return .zero }
    return min(Self.longest, Self.first * (1 << min(self.failures - 1, 10)))
  }
}
