import KubernetesModel

/// The columns of pods; their status is worked out from that of the containers.
package enum PodColumns {
  static let columns: [Column] = [
    .name,
    .text("Ready") { pod in
      let summary = Summary(pod, at: nil)
      return "\(summary.ready)/\(summary.total)"
    },
    .text("Status") { Summary($0, at: nil).status },
    Column("Restarts") { pod, now in .string(Summary(pod, at: now).restarts) },
    .age,
    .text("IP", wide: true) { pod in
      pod[path: "status", "podIPs"]?.array?.first?["ip"]?.string ?? pod[path: "status", "podIP"]?.string ?? "<none>"
    },
    .value("Node", "spec", "nodeName", absent: "<none>", wide: true),
    .value("Nominated Node", "status", "nominatedNodeName", absent: "<none>", wide: true),
    .text("Readiness Gates", wide: true, Self.readinessGates),
  ]

  private static func readinessGates(_ pod: JSONValue) -> String {
    let gates = pod[path: "spec", "readinessGates"]?.array ?? []
    guard !gates.isEmpty else { return "<none>" }
    let conditions = pod[path: "status", "conditions"]?.array ?? []
    let met = gates.filter { gate in
      conditions.contains { $0["type"] == gate["conditionType"] && $0["status"]?.string == "True" }
    }
    return "\(met.count)/\(gates.count)"
  }

  /// What the containers' states add up to.
  private struct Summary {
    var status: String
    var ready = 0
    var total: Int
    var restarts = "0"

    init(_ pod: JSONValue, at now: Timestamp?) {
      let state = pod["status"]
      self.total = pod[path: "spec", "containers"]?.array?.count ?? 0
      let phase = state?["phase"]?.string ?? ""
      self.status = state?["reason"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? phase
      let initial = state?["initContainerStatuses"]?.array ?? []
      let expected = pod[path: "spec", "initContainers"]?.array?.count ?? initial.count
      var counted = initial
      if let unfinished = initial.firstIndex(where: { !Self.isFinished($0) }) {
        self.status =
          Self.reason(initial[unfinished], exceptWaitingFor: "PodInitializing").map { "Init:\($0)" }
          ?? "Init:\(unfinished)/\(expected)"
      } else {
        let containers = state?["containerStatuses"]?.array ?? []
        self.summarize(containers)
        counted = containers
      }
      self.restarts = Self.restartText(counted, at: now)
      if pod[path: "metadata", "deletionTimestamp"] != nil {
        self.status = state?["reason"]?.string == "NodeLost" ? "Unknown" : "Terminating"
      }
    }

    private mutating func summarize(_ containers: [JSONValue]) {
      var isRunning = false
      for container in containers.reversed() {
        if let reason = Self.reason(container) { self.status = reason }
        if container["ready"]?.bool == true, container[path: "state", "running"] != nil {
          isRunning = true
          self.ready += 1
        }
      }
      // A pod of which one container has completed and another runs is shown by the one that runs.
      if self.status == "Completed", isRunning { self.status = "Running" }
    }

    private static func isFinished(_ container: JSONValue) -> Bool {
      container[path: "state", "terminated", "exitCode"]?.integer == 0
        || container[path: "state", "running"] != nil && container["started"]?.bool == true
    }

    /// Why a container does not run, in a word.
    private static func reason(_ container: JSONValue, exceptWaitingFor expected: String? = nil) -> String? {
      if let waiting = container[path: "state", "waiting", "reason"]?.string, !waiting.isEmpty {
        return waiting == expected ? nil : waiting
      }
      guard let terminated = container[path: "state", "terminated"] else { return nil }
      if let reason = terminated["reason"]?.string, !reason.isEmpty { return reason }
      if let signal = terminated["signal"]?.integer, signal != 0 { return "Signal:\(signal)" }
      return "ExitCode:\(terminated["exitCode"]?.integer ?? 0)"
    }

    /// The number of restarts, and when the last was.
    private static func restartText(_ containers: [JSONValue], at now: Timestamp?) -> String {
      let count = containers.reduce(0) { $0 + ($1["restartCount"]?.integer ?? 0) }
      let ends = containers.compactMap {
        $0[path: "lastState", "terminated", "finishedAt"]?.string.flatMap(Timestamp.init)
      }
      guard count > 0, let now, let last = ends.max() else { return "\(count)" }
      return "\(count) (\(HumanDuration(seconds: (now.microseconds - last.microseconds) / 1_000_000)) ago)"
    }
  }
}
