import KubernetesModel

/// The nodes that have got their first usable endpoint of a Service a moment ago, while other nodes have had some for longer.
///
/// The service proxy of such a node may not send traffic there yet: kube-proxy gathers changes for a second before it writes
/// them into the kernel, and drops what comes for a Service whose traffic stays local until then. As long as others are there,
/// they are the better ones (Docs/decisions/0026-newcomers-wait-for-the-service-proxy.md).
struct NewcomerTable: Sendable, Equatable {
  /// For how long a node is new; zero = none ever is.
  let settleTime: Duration
  /// Until when each of them is new.
  private var ends: [ObjectKey: [String: ContinuousClock.Instant]] = [:]
  private var alarms = Alarms<ObjectKey>()

  init(settleTime: Duration) {
    self.settleTime = settleTime
  }

  /// When some node may have settled.
  var nextDeadline: ContinuousClock.Instant? { self.alarms.first }

  func nodes(of service: ObjectKey) -> Set<String> { Set(self.ends[service]?.keys ?? [:].keys) }

  /// The nodes with usable endpoints of a Service are others than before.
  mutating func note(
    _ service: ObjectKey, from before: Set<String>, to after: Set<String>, at now: ContinuousClock.Instant
  ) {
    guard before != after, self.settleTime > .zero else { return }
    var ends = (self.ends[service] ?? [:]).filter { after.contains($0.key) }
    let end = now + self.settleTime
    for node in after.subtracting(before) { ends[node] = end }
    // Where all are new, none is better.
    if ends.count == after.count { ends = [:] }
    self.ends[service] = ends.isEmpty ? nil : ends
    if ends.values.contains(end) { self.alarms.set(end, for: service) }
  }

  /// Ends what is over, and returns the Services of which a node has settled.
  mutating func settle(at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    var settled: Set<ObjectKey> = []
    while let service = self.alarms.next(at: now) {
      guard let ends = self.ends[service] else { continue }
      let remaining = ends.filter { $0.value > now }
      guard remaining.count < ends.count else { continue }
      self.ends[service] = remaining.isEmpty ? nil : remaining
      settled.insert(service)
    }
    return settled
  }
}
