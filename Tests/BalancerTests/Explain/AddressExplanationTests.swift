import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// What `metallb explain address` says.
@Suite struct AddressExplanationTests {
  private static func explanation(_ address: String) -> AddressExplanation? {
    IPAddress(address).map { address in
      AddressExplanation(
        of: address,
        pools: [
          IPAddressPool(
            metadata: ObjectMeta(name: "main", namespace: "metallb-system"),
            spec: .init(addresses: ["192.0.2.0/28", "2001:db8::1-2001:db8::9"]))
        ],
        services: [
          Service(
            metadata: ObjectMeta(
              name: "web", namespace: "default", annotations: ["metallb.io/ip-allocated-from-pool": "main"]),
            spec: ServiceSpec(type: "LoadBalancer", clusterIPs: ["10.96.0.9"]),
            status: ServiceStatus(
              loadBalancer: LoadBalancerStatus(ingress: [
                LoadBalancerIngress(ip: "192.0.2.3"), LoadBalancerIngress(ip: "2001:db8::3"),
              ])))
        ],
        nodes: [
          Node(
            metadata: ObjectMeta(name: "w1"),
            status: NodeStatus(addresses: [.init(type: "InternalIP", address: "192.0.2.14")]))
        ],
        layer2: [
          ServiceL2Status(
            metadata: ObjectMeta(
              name: "l2", namespace: "metallb-system",
              labels: ServiceL2Status.labels(of: ObjectKey(namespace: "default", name: "web"))),
            status: .init(node: "w1", serviceName: "web", serviceNamespace: "default"))
        ])
    }
  }

  private func lines(_ address: String) -> [String]? {
    Self.explanation(address)?.lines(colours: false, width: 100)
  }

  @Test func `an address of a Service is told with its pool and who announces it`() {
    #expect(
      self.lines("192.0.2.3") == [
        "192.0.2.3",
        "  Used by       Service default/web, from pool main: metallb explain service default/web tells more",
        "  Pool          main (192.0.2.0/28)", "  Announced by  w1 on the local network",
      ])
    #expect(Self.explanation("2001:DB8:0::3")?.services == [ObjectKey(namespace: "default", name: "web")])
  }

  @Test func `a free address, one of no pool, one of a node and a cluster IP are told apart`() {
    #expect(self.lines("192.0.2.4") == ["192.0.2.4", "  Pool  main (192.0.2.0/28), and nobody has it"])
    #expect(self.lines("198.51.100.1") == ["198.51.100.1", "  Pool  no pool holds it: no Service gets it"])
    #expect(
      self.lines("192.0.2.14") == ["192.0.2.14", "  Used by  node w1 itself", "  Pool     main (192.0.2.0/28)"])
    #expect(self.lines("10.96.0.9")?[1] == "  Used by  Service default/web, as its cluster IP")
    #expect(Self.explanation("192.0.2.4")?.uses == [])
  }

  @Test func `machines get the same`() {
    let json = Self.explanation("192.0.2.3")?.json
    #expect(json?["pool"] == "main" && json?["announcers"] == [["node": "w1", "routers": []]])
    #expect(json?["uses"] == [["kind": "Service", "name": "default/web", "pool": "main"]])
  }
}
