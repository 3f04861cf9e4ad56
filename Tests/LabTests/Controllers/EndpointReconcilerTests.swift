import KubernetesModel
import Testing

@testable import Lab

struct EndpointReconcilerTests {
  private func slice(_ writes: [ClusterWrite]) -> JSONValue? {
    for case .create(LabKind.endpointSlices, let slice) in writes { return slice }
    for case .update(LabKind.endpointSlices, let slice) in writes { return slice }
    return nil
  }

  @Test func `each pod is an endpoint with its state, its node and the port that it gives the name`() {
    let pods = [
      Fixture.pod("a", ip: "10.244.1.2"), Fixture.pod("b", node: "node-2", ip: "10.244.2.2", ready: false),
      Fixture.pod("c", ip: "10.244.1.3", deleting: true), Fixture.pod("d", ip: nil),
      Fixture.pod("e", labels: ["app": "other"]),
    ]
    let writes = EndpointReconciler.reconcile(Fixture.service(), pods: pods, slices: [], endpoints: nil)
    let endpoints = (self.slice(writes)?["endpoints"]?.array ?? []).map { endpoint in
      let conditions = endpoint["conditions"]
      return "\(endpoint["addresses"]?.array?.first?.string ?? "") \(endpoint["nodeName"]?.string ?? "") "
        + ["ready", "serving", "terminating"].filter { conditions?[$0]?.bool == true }.joined(separator: ",")
    }
    #expect(
      endpoints == ["10.244.1.2 node-1 ready,serving", "10.244.2.2 node-2 ", "10.244.1.3 node-1 serving,terminating"])
    #expect(self.slice(writes)?["ports"] == [["name": "http", "port": 8080, "protocol": "TCP"]])
  }

  @Test func `nothing is written when nothing has changed`() {
    let pods = [Fixture.pod("a")]
    let first = EndpointReconciler.reconcile(Fixture.service(), pods: pods, slices: [], endpoints: nil)
    var slices: [LabObject] = []
    var endpoints: LabObject?
    for case .create(let type, let object) in first {
      if type == LabKind.endpoints { endpoints = LabObject(object) } else { slices.append(LabObject(object)) }
    }
    #expect(
      EndpointReconciler.reconcile(Fixture.service(), pods: pods, slices: slices, endpoints: endpoints) == [])
    let changed = EndpointReconciler.reconcile(
      Fixture.service(), pods: [Fixture.pod("a", ready: false)], slices: slices, endpoints: endpoints)
    #expect(Fixture.summary(changed) == ["update EndpointSlice \(slices[0].name)", "update Endpoints web"])
  }

  @Test func `a service without a selector is left to others, and one that is gone is cleaned up`() {
    let own = LabObject([
      "metadata": [
        "name": "web-x", "namespace": "default", "uid": "u",
        "labels": [EndpointReconciler.managedByLabel: .string(EndpointReconciler.manager)],
      ]
    ])
    let foreign = LabObject(["metadata": ["name": "web-y", "namespace": "default", "uid": "v"]])
    #expect(
      EndpointReconciler.reconcile(
        Fixture.service(["selector": .null]), pods: [Fixture.pod("a")], slices: [foreign], endpoints: nil) == [])
    #expect(
      Fixture.summary(EndpointReconciler.reconcile(nil, pods: [], slices: [own, foreign], endpoints: nil)) == [
        "delete EndpointSlice web-x"
      ])
  }

  @Test func `pods that give a port name different numbers are in different slices`() {
    var other = Fixture.pod("b", ip: "10.244.1.3")
    other.json["spec"] = [
      "nodeName": "node-1", "containers": [["name": "web", "ports": [["name": "http", "containerPort": 9090]]]],
    ]
    let slices = EndpointReconciler.slices(
      of: Fixture.service(), .ipv4,
      backends: EndpointReconciler.backends(
        of: Fixture.service(), selector: ["app": "web"], pods: [Fixture.pod("a"), other]))
    #expect(slices.map { $0["ports"]?.array?.first?["port"]?.integer } == [8080, 9090])
    #expect(Set(slices.map { LabObject($0).name }).count == 2)
  }

  @Test func `a Service of two families has a slice for each, with the pods' addresses of that family`() {
    var pod = Fixture.pod("a", ip: "10.244.1.2")
    pod.json.mutate("status") { $0["podIPs"] = [["ip": "10.244.1.2"], ["ip": "fd00:10:244:1::2"]] }
    let service = Fixture.service(["ipFamilies": ["IPv6", "IPv4"]])
    let writes = EndpointReconciler.reconcile(
      service, pods: [pod, Fixture.pod("old", ip: "10.244.1.3")], slices: [], endpoints: nil)
    var slices: [String: [String]] = [:]
    for case .create(LabKind.endpointSlices, let slice) in writes {
      slices[slice["addressType"]?.string ?? ""] = slice["endpoints"]?.array?.compactMap {
        $0["addresses"]?.array?.first?.string
      }
    }
    #expect(slices == ["IPv4": ["10.244.1.2", "10.244.1.3"], "IPv6": ["fd00:10:244:1::2"]])
    #expect(
      Set(writes.compactMap { if case .create(_, let object) = $0 { LabObject(object).name } else { nil } }).count == 3)
  }
}
