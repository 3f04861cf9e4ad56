import KubernetesModel
import Testing

@testable import Lab

struct DaemonSetAndSchedulerTests {
  private static func daemonSet(tolerations: [JSONValue] = [], image: String = "a") -> LabObject {
    LabObject([
      "kind": "DaemonSet",
      "metadata": ["name": "speaker", "namespace": "default", "uid": "uid-ds", "generation": 1],
      "spec": [
        "template": [
          "metadata": ["labels": ["app": "metallb"]],
          "spec": [
            "nodeSelector": ["kubernetes.io/os": "linux"], "tolerations": .array(tolerations),
            "containers": [["name": "speaker", "image": .string(image)]],
          ],
        ]
      ],
    ])
  }

  private let linux = ["kubernetes.io/os": "linux"]
  private let controlPlane: JSONValue = ["key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"]

  private func changes(_ set: LabObject, _ nodes: [LabObject], _ pods: [LabObject]) -> [String] {
    Fixture.summary(DaemonSetReconciler.reconcile(set, nodes: nodes, pods: pods, at: Fixture.now)).filter {
      !$0.hasPrefix("status")
    }
  }

  private func pod(_ name: String, of set: LabObject, on node: String, ready: Bool = true) -> LabObject {
    Fixture.pod(
      name, node: node, ready: ready,
      labels: [DaemonSetReconciler.hashLabel: DaemonSetReconciler.templateHash(of: set)], owner: set.uid)
  }

  @Test func `a daemon set has one pod on each node that its selector and tolerations admit`() {
    let nodes = [
      Fixture.node("node-1", labels: self.linux), Fixture.node("node-2", labels: ["kubernetes.io/os": "windows"]),
      Fixture.node("node-3", labels: self.linux, taints: [self.controlPlane]),
    ]
    #expect(self.changes(Self.daemonSet(), nodes, []) == ["create Pod on node-1"])
    let tolerant = Self.daemonSet(tolerations: [
      ["key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"]
    ])
    #expect(self.changes(tolerant, nodes, []) == ["create Pod on node-1", "create Pod on node-3"])
  }

  @Test func `a pod that still terminates holds its place`() {
    let set = Self.daemonSet()
    let nodes = [Fixture.node("node-1", labels: self.linux)]
    let leaving = Fixture.pod("a", node: "node-1", owner: set.uid, deleting: true)
    #expect(self.changes(set, nodes, [leaving]) == [])
  }

  @Test func `an update takes one ready pod down at a time, and those that are not ready at once`() {
    let (old, new) = (Self.daemonSet(), Self.daemonSet(image: "b"))
    let nodes = (1...3).map { Fixture.node("node-\($0)", labels: self.linux) }
    let pods = (1...3).map { self.pod("p\($0)", of: old, on: "node-\($0)") }
    #expect(self.changes(new, nodes, pods) == ["delete Pod p1"])
    let broken = [self.pod("p1", of: old, on: "node-1", ready: false)] + pods.dropFirst()
    #expect(self.changes(new, nodes, broken) == ["delete Pod p1"])
  }

  @Test func `pods of dead or cordoned nodes stay`() {
    let set = Self.daemonSet()
    let unreachable: JSONValue = ["key": "node.kubernetes.io/unreachable", "effect": "NoExecute"]
    let cordoned: JSONValue = ["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"]
    let nodes = [
      Fixture.node("node-1", ready: false, labels: self.linux, taints: [unreachable]),
      Fixture.node("node-2", labels: self.linux, unschedulable: true, taints: [cordoned]),
    ]
    let pods = [self.pod("a", of: set, on: "node-1"), self.pod("b", of: set, on: "node-2")]
    #expect(self.changes(set, nodes, pods) == [])
  }

  @Test func `pods of one owner spread over the nodes that take them`() {
    let nodes = [
      Fixture.node("node-10"), Fixture.node("node-2"), Fixture.node("node-3", unschedulable: true),
      Fixture.node("node-4", ready: false),
    ]
    let placed = Fixture.pod("a", node: "node-2", owner: "set")
    let waiting = ["b", "c"].map { Fixture.pod($0, node: nil, owner: "set") }
    let decisions = Scheduler.decide(pods: [placed] + waiting, nodes: nodes)
    #expect(decisions == [.bind(waiting[0], node: "node-10"), .bind(waiting[1], node: "node-2")])
  }

  @Test func `a pod that nobody takes says so`() {
    let pod = Fixture.pod("a", node: nil)
    let decisions = Scheduler.decide(pods: [pod], nodes: [Fixture.node("node-1", ready: false)])
    #expect(
      decisions == [
        .unschedulable(
          pod,
          message:
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, had untolerated taints "
            + "or were unschedulable.")
      ])
  }
}
