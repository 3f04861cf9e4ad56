import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

@Suite struct AnnouncementViewTests {
  @Test(arguments: [
    ([NodeCondition(type: "Ready", status: "True")], NodeView.Readiness.ready, false),
    ([NodeCondition(type: "Ready", status: "False")], .notReady, false),
    ([NodeCondition(type: "Ready", status: "Unknown")], .notReady, false),
    ([], .unreported, false),
    ([NodeCondition(type: "MemoryPressure", status: "True")], .unreported, false),
    (
      [NodeCondition(type: "NetworkUnavailable", status: "True"), NodeCondition(type: "Ready", status: "True")], .ready,
      true
    ),
    ([NodeCondition(type: "NetworkUnavailable", status: "False")], .unreported, false),
  ])
  func `conditions tell whether a node is ready and has a network`(
    conditions: [NodeCondition], readiness: NodeView.Readiness, isNetworkUnavailable: Bool
  ) {
    let node = Node(metadata: ObjectMeta(name: "w1", labels: ["a": "b"]), status: NodeStatus(conditions: conditions))
    #expect(
      NodeView(node)
        == NodeView(
          name: "w1", labels: ["a": "b"], readiness: readiness, isNetworkUnavailable: isNetworkUnavailable))
  }

  @Test func `an unschedulable node announces all the same`() {
    let node = Node(
      metadata: ObjectMeta(name: "w1"), spec: NodeSpec(unschedulable: true),
      status: NodeStatus(conditions: [NodeCondition(type: "Ready", status: "True")]))
    #expect(NodeView(node) == NodeView(name: "w1"))
  }

  @Test func `endpoints count while they are ready or serving`() {
    func endpoint(_ node: String?, ready: Bool?, serving: Bool?) -> Endpoint {
      Endpoint(conditions: EndpointConditions(ready: ready, serving: serving), nodeName: node)
    }
    let slice = EndpointSlice(
      metadata: ObjectMeta(name: "s-1", namespace: "d", labels: ["kubernetes.io/service-name": "s"]),
      endpoints: [
        endpoint("w5", ready: true, serving: nil), endpoint("w1", ready: nil, serving: false),
        endpoint("w2", ready: false, serving: true), endpoint("w3", ready: false, serving: nil),
        endpoint("w4", ready: false, serving: false), endpoint(nil, ready: true, serving: true),
        Endpoint(nodeName: "w6"), endpoint("w5", ready: true, serving: true),
      ])
    #expect(
      EndpointsView(slice)
        == EndpointsView(
          key: ObjectKey(namespace: "d", name: "s-1"), service: ObjectKey(namespace: "d", name: "s"), isUsable: true,
          nodes: ["w1", "w2", "w5", "w5", "w6"]))
  }

  @Test(arguments: [
    ([], ExposedService.Ingress.none),
    ([LoadBalancerIngress(ip: "")], .invalid), ([LoadBalancerIngress(hostname: "lb.example.com")], .invalid),
    ([LoadBalancerIngress(ip: "192.0.2.1"), LoadBalancerIngress(ip: "x")], .invalid),
  ])
  func `a status without addresses, or with something else, cannot be announced`(
    entries: [LoadBalancerIngress], ingress: ExposedService.Ingress
  ) {
    #expect(ExposedService.Ingress(entries) == ingress)
  }

  @Test func `a Service is reduced to what announcing needs`() throws {
    let address = try #require(IPAddress("192.0.2.1"))
    let service = Service(
      metadata: ObjectMeta(name: "web", namespace: "d", uid: "u", resourceVersion: "7", labels: ["a": "b"]),
      spec: ServiceSpec(type: "LoadBalancer", loadBalancerClass: "c", externalTrafficPolicy: "Local"),
      status: ServiceStatus(loadBalancer: LoadBalancerStatus(ingress: [LoadBalancerIngress(ip: "192.0.2.1")])))
    #expect(
      ExposedService(service)
        == ExposedService(
          key: ObjectKey(namespace: "d", name: "web"), uid: "u", labels: ["a": "b"], loadBalancerClass: "c",
          ingress: .addresses([address]), keepsTrafficLocal: true))
    #expect(ExposedService(service).reference.description == "v1 Service d/web u")
  }

  @Test func `slices of one Service count together, and follow their label`() {
    var table = EndpointTable()
    let (web, mail) = (ObjectKey(namespace: "d", name: "web"), ObjectKey(namespace: "d", name: "mail"))
    func slice(_ name: String, of service: ObjectKey?, on nodes: [String]) -> ObjectChange<EndpointsView> {
      .applied(
        EndpointsView(
          key: ObjectKey(namespace: "d", name: name), service: service, isUsable: !nodes.isEmpty, nodes: nodes))
    }
    #expect(table.apply(slice("1", of: web, on: ["w1"]), at: t0) == [web])
    #expect(table.apply(slice("2", of: web, on: ["w1", "w2"]), at: t0) == [web])
    #expect(table.summary(of: web) == EndpointTable.Summary(isUsable: true, counts: ["w1": 2, "w2": 1]))
    #expect(table.summary(of: web).nodes == ["w1", "w2"])
    #expect(table.apply(slice("1", of: web, on: ["w1"]), at: t0) == [])
    #expect(table.apply(slice("1", of: web, on: []), at: t0) == [web])
    #expect(table.apply(slice("2", of: mail, on: ["w2"]), at: t0).sorted() == [mail, web])
    #expect(table.summary(of: web) == EndpointTable.Summary())
    #expect(table.apply(slice("2", of: nil, on: ["w2"]), at: t0) == [mail])
    #expect(table.apply(.deleted(ObjectKey(namespace: "d", name: "1")), at: t0) == [])
    #expect(table == EndpointTable())
  }
}

extension ObjectReference {
  fileprivate var description: String {
    "\(self.apiVersion ?? "-") \(self.kind ?? "-") \(self.namespace ?? "-")/\(self.name ?? "-") \(self.uid ?? "-")"
  }
}
