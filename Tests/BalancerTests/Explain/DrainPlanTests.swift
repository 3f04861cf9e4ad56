import KubernetesModel
import TestKit
import Testing

@testable import Balancer

/// For 192.0.2.1 the order of the nodes is w3, w1, w2; for 192.0.2.8 it is w2, w1, w3.
@Suite struct DrainPlanTests {
  private func cluster(_ nodes: [NodeView]) -> AnnouncementExplanation.Cluster {
    func service(_ name: String, _ address: String, isLocal: Bool = false) -> ExposedService {
      ExposedService(
        key: key("default/\(name)"), ingress: .init([LoadBalancerIngress(ip: address)]), keepsTrafficLocal: isLocal)
    }
    func endpoints(_ name: String, _ node: String) -> EndpointsView {
      EndpointsView(
        key: key("default/\(name)-1"), service: key("default/\(name)"), isUsable: true, nodes: [node])
    }
    return .init(
      services: [
        service("mail", "192.0.2.8"), service("web", "192.0.2.1"), service("local", "192.0.2.18", isLocal: true),
      ],
      endpoints: [endpoints("mail", "w1"), endpoints("web", "w1"), endpoints("local", "w2")], nodes: nodes,
      configuration: ConfigurationObjects(
        pools: [poolObject("main", ["192.0.2.0/24"])],
        l2Advertisements: [L2Advertisement(metadata: ObjectMeta(name: "all", namespace: "metallb-system"))]))
  }

  private func successors(_ plan: DrainPlan) -> [String: String] {
    Dictionary(uniqueKeysWithValues: plan.moves.map { ($0.service.name, $0.successor ?? "nobody") })
  }

  @Test func `each Service goes to the next node in its order that can announce it`() {
    let cluster = self.cluster(["w1", "w2", "w3"].map { NodeView(name: $0) })
    let plan = DrainPlan(
      of: "w2", announcing: Set(cluster.services.map(\.key)), in: cluster, at: t0)
    #expect(self.successors(plan) == ["mail": "w1", "web": "w3", "local": "nobody"])
    #expect(plan.stranded.map(\.service.name) == ["local"])
    let lines = DrainReport(plan, outcome: .refused).lines(colours: false, width: 200)
    #expect(
      lines == [
        "SERVICE        ADDRESSES   FROM  TO", "default/local  192.0.2.18  w2    nobody",
        "default/mail   192.0.2.8   w2    w1", "default/web    192.0.2.1   w2    w3", "",
        "w2 is not drained: 1 of 3 Services would be announced by nobody. See what speaks against each other node with "
          + "metallb explain service, or drain with --force.",
      ])
  }

  @Test func `nodes that are drained already, or not ready, take over nothing`() {
    let drained = NodeView(name: "w1", labels: [NodeView.exclusionLabel: NodeView.drainValue])
    let cluster = self.cluster([drained, NodeView(name: "w2"), NodeView(name: "w3", readiness: .notReady)])
    let plan = DrainPlan(of: "w2", announcing: [key("default/mail")], in: cluster, at: t0)
    // One that is not ready is better than none.
    #expect(self.successors(plan) == ["mail": "w3"])
  }

  @Test func `what was not taken over is told`() {
    let move = DrainPlan.Move(service: key("default/mail"), addresses: [], successor: "w1")
    let report = DrainReport(
      DrainPlan(node: "w2", moves: [move]), outcome: .unfinished, announcers: [key("default/mail"): "w2"],
      routed: [key("default/web")])
    #expect(
      report.lines(colours: false, width: 200).last?.hasPrefix(
        "w2 is told to leave, but is not done: 1 of 1 Service not taken over, 1 Service is still announced by BGP.")
        == true)
  }
}
