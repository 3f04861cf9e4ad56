import Runner

/// What the kubelet is told of a process: whether it must be started anew, and whether it can do its work.
package struct HealthChecks: Sendable {
  /// What hangs, a sentence each; none = `/healthz` is content.
  let stalls: @Sendable () -> [String]
  /// What the process waits for before it can do its work, a sentence each; none = `/readyz` is content.
  let awaited: @Sendable () async -> [String]

  package init(_ loops: LoopWatch, awaited: @escaping @Sendable () async -> [String]) {
    self.stalls = { loops.stalls().map(\.description) }
    self.awaited = awaited
  }
}
