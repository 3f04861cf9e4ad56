import KubernetesModel
import Logging
import Primitives
import Runner
import Synchronization

/// The lab's controllers as one loop: what kube-controller-manager and kube-scheduler are in a cluster.
///
///     watches of every kind ─┐                      ┌─▶ writes ─▶ objects
///                            ├─▶ Inbox ─▶ ClusterState
///     heartbeats of nodes ───┘            NodeLifecycle ─▶ nodes marked, pods evicted
///
/// Heartbeats count from when they arrive, so that much to write makes no node look dead.
package final class ClusterControllers: Sendable {
  private enum Event: Sendable {
    case changed(ClusterChange)
    case heartbeats
  }

  /// How many changes are taken in before anything is done about them.
  private static let batch = 1024

  private let objects: any ClusterObjects
  private let logger: Logger
  private let inbox = Inbox<Event>(capacity: 1024)
  private let heartbeats = Mutex<[String: ContinuousClock.Instant]>([:])
  private let grace: Duration
  private let evictAfter: Duration

  /// `grace` is how long a node may be silent before it counts as unreachable.
  package init(
    objects: any ClusterObjects, logger: Logger, grace: Duration = .seconds(2), evictAfter: Duration = .seconds(20)
  ) {
    self.objects = objects
    self.logger = logger
    self.grace = grace
    self.evictAfter = evictAfter
  }

  /// A node's agent has reached the control plane.
  package func heartbeat(of node: String) {
    self.heartbeats.withLock { $0[node] = ContinuousClock.now }
    // In a full inbox there is enough to wake the loop.
    _ = self.inbox.trySend(.heartbeats)
  }

  /// Runs until the task is cancelled.
  package func run() async {
    await withDiscardingTaskGroup { group in
      for kind in ClusterState.kinds {
        group.addTask { await self.objects.follow(kind) { await self.inbox.send(.changed($0)) } }
      }
      await self.decide()
      group.cancelAll()
    }
  }

  private func decide() async {
    var state = ClusterState()
    var nodes = NodeLifecycle(grace: self.grace, evictAfter: self.evictAfter)
    var missing = Set(ClusterState.kinds)
    let clock = ContinuousClock()
    while !Task.isCancelled {
      let pause = clock.now + .seconds(1)
      let first = await self.inbox.next(before: min(nodes.nextDeadline ?? pause, pause), on: clock)
      var event = first
      var taken = 0
      while let next = event {
        self.take(next, &state, &nodes, &missing)
        taken += 1
        event = taken < Self.batch ? await self.inbox.next(before: clock.now, on: clock) : nil
      }
      for (node, arrival) in self.heartbeats.withLock({ exchange(&$0, with: [:]) }) {
        nodes.heard(node, at: arrival)
      }
      let actions = nodes.judge(at: clock.now)
      guard missing.isEmpty else { continue }
      if first == nil { state.markTimed() }
      for action in actions { await self.perform(action, &state) }
      await self.settleTaints(&state)
      // Writes mark more; a bound keeps a mistake here from hiding that nodes have fallen silent.
      for _ in 0..<20 {
        let writes = state.takeWrites(at: WallClock.now)
        if writes.isEmpty { break }
        for write in writes { await self.perform(write, &state) }
      }
    }
  }

  private func take(
    _ event: Event, _ state: inout ClusterState, _ nodes: inout NodeLifecycle, _ missing: inout Set<ResourceType>
  ) {
    switch event {
    case .heartbeats:
      break
    case .changed(.synced(let kind)):
      missing.remove(kind)
    case .changed(.applied(let kind, let object)):
      state.apply(kind, object)
      if kind == LabKind.nodes { nodes.appeared(object.name, at: ContinuousClock.now) }
    case .changed(.deleted(let kind, let object)):
      state.remove(kind, object)
      if kind == LabKind.nodes { nodes.disappeared(object.name) }
    }
  }

  private func perform(_ write: ClusterWrite, _ state: inout ClusterState) async {
    switch (await self.objects.perform(write), write) {
    case (.done(let object?), .create(let type, _)), (.done(let object?), .update(let type, _)),
      (.done(let object?), .updateStatus(let type, _)), (.done(let object?), .delete(let type, _, _)):
      state.apply(type, object)
    case (.done(let object?), .bind): state.apply(LabKind.pods, object)
    case (.done(nil), .delete(let type, let key, _)), (.notFound, .delete(let type, let key, _)):
      if let object = state.object(type, key) { state.remove(type, object) }
    case (.done(nil), _), (.conflict, _), (.notFound, _): break
    case (.refused(let reason), _):
      self.logger.warning("a controller's write was refused", metadata: ["reason": "\(reason)"])
    }
  }

  // MARK: Nodes

  private func perform(_ action: NodeLifecycle.Action, _ state: inout ClusterState) async {
    switch action {
    case .markReady(let name):
      self.logger.info("the node is back", metadata: ["node": "\(name)"])
      await self.mark(name, ready: true, &state)
    case .markUnreachable(let name):
      self.logger.info("the node has fallen silent", metadata: ["node": "\(name)"])
      await self.mark(name, ready: false, &state)
      for pod in state.all(LabKind.pods) where pod.nodeName == name && pod.isReadyPod {
        await self.objects.updateStatus(LabKind.pods, pod.key, uid: pod.uid) { Self.unready($0) }
      }
    case .evictPods(let name):
      for pod in state.all(LabKind.pods) where pod.nodeName == name && pod.isActivePod {
        let tolerates = (pod.spec["tolerations"]?.array ?? []).contains {
          $0["key"]?.string == NodeObject.unreachableTaint && $0["tolerationSeconds"] == nil
        }
        if !tolerates { await self.perform(.delete(LabKind.pods, pod.key, uid: pod.uid), &state) }
      }
    }
  }

  private func mark(_ name: String, ready: Bool, _ state: inout ClusterState) async {
    guard let node = state.object(LabKind.nodes, ObjectKey(name: name)) else { return }
    await self.objects.updateStatus(LabKind.nodes, node.key, uid: node.uid) { node in
      NodeObject.marked(node, ready: ready, at: WallClock.now)?["status"]
    }
    if let marked = await self.objects.get(LabKind.nodes, node.key) { state.apply(LabKind.nodes, marked) }
  }

  private func settleTaints(_ state: inout ClusterState) async {
    for node in state.all(LabKind.nodes) {
      if let tainted = NodeObject.tainted(node, ready: node.isTrue("Ready")) {
        await self.perform(.update(LabKind.nodes, tainted), &state)
      }
    }
  }

  private static func unready(_ pod: LabObject) -> JSONValue {
    var status = pod.status
    status["conditions"] = .array(
      (status["conditions"]?.array ?? []).map { condition in
        guard condition["type"]?.string == "Ready" else { return condition }
        var changed = condition
        changed["status"] = "False"
        changed["reason"] = "NodeNotReady"
        changed["message"] = "The node has stopped posting its status."
        changed["lastTransitionTime"] = .string(WallClock.now.text)
        return changed
      })
    return status
  }
}
