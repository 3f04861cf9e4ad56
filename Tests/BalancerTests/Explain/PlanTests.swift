import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// A Service of type LoadBalancer with what its status shows.
func serviceView(
  _ name: String, status: String? = nil, pool: String? = nil, annotations: [String: String] = [:],
  cluster: String = "10.96.0.1", type: String = "LoadBalancer"
) -> ServiceView {
  var all = annotations
  if let pool { all["metallb.io/ip-allocated-from-pool"] = pool }
  let key = key(name)
  return ServiceView(
    Service(
      metadata: ObjectMeta(
        name: key.name, namespace: key.namespace, uid: name, resourceVersion: "1", annotations: all),
      spec: ServiceSpec(type: type, ports: [ServicePort(port: 80)], clusterIP: cluster, clusterIPs: [cluster]),
      status: ServiceStatus(
        loadBalancer: LoadBalancerStatus(ingress: status.map { [LoadBalancerIngress(ip: $0)] }))))
}

@Suite struct AllocationPlanTests {
  private func plan(
    _ services: [ServiceView], from current: [IPAddressPool], to proposed: [IPAddressPool]
  ) -> AllocationPlan {
    AllocationPlan(
      services: services, namespaces: [], from: ConfigurationObjects(pools: current),
      to: ConfigurationObjects(pools: proposed), settings: .init(seed: 1), at: t0)
  }

  private func fates(_ plan: AllocationPlan) -> [String: AllocationPlan.Fate] {
    Dictionary(uniqueKeysWithValues: plan.entries.map { ($0.service.name, $0.fate) })
  }

  @Test func `the same configuration changes nothing`() {
    let pool = poolObject("default", ["192.0.2.0/30"])
    let plan = self.plan(
      [serviceView("a/web", status: "192.0.2.1", pool: "default"), serviceView("a/new")], from: [pool], to: [pool])
    #expect(!plan.isChange)
    #expect(self.fates(plan) == ["web": .keeps, "new": .keeps])
  }

  @Test func `a smaller pool moves those that lie outside, and leaves those without room waiting`() {
    let services = (0..<4).map { serviceView("a/s\($0)", status: "192.0.2.\($0)", pool: "default") }
    let plan = self.plan(
      services, from: [poolObject("default", ["192.0.2.0/30"])],
      to: [poolObject("default", ["192.0.2.0/31", "192.0.2.8/32"], version: 2)])
    #expect(self.fates(plan) == ["s0": .keeps, "s1": .keeps, "s2": .changes, "s3": .loses])
    #expect(plan.entries[2].after?.addresses == [ip("192.0.2.8")])
    #expect(plan.entries[3].reason == .noneAvailable)
    #expect(plan.isChange)
  }

  @Test func `a pool that takes over all addresses of another keeps every Service where it is`() {
    let plan = self.plan(
      [serviceView("a/web", status: "192.0.2.1", pool: "old")], from: [poolObject("old", ["192.0.2.0/30"])],
      to: [poolObject("new", ["192.0.2.0/29"])])
    #expect(self.fates(plan) == ["web": .keeps])
    #expect(plan.entries.first?.after?.pool == "new")
    #expect(plan.isChange)
  }

  @Test func `a first pool gives those who wait their addresses, and no pool takes them all`() {
    let gained = self.plan([serviceView("a/web")], from: [], to: [poolObject("p", ["192.0.2.0/30"])])
    #expect(self.fates(gained) == ["web": .gains])
    let lost = self.plan(
      [serviceView("a/web", status: "192.0.2.0", pool: "p")], from: [poolObject("p", ["192.0.2.0/30"])], to: [])
    #expect(self.fates(lost) == ["web": .loses])
    #expect(lost.entries.first?.reason == .noPools)
  }

  @Test func `an invalid form changes nothing, as the last good one stays in force, and is told`() {
    let plan = self.plan(
      [serviceView("a/web", status: "192.0.2.1", pool: "p")], from: [poolObject("p", ["192.0.2.0/30"])],
      to: [poolObject("p", ["192.0.2.0/33"], version: 2)])
    #expect(self.fates(plan) == ["web": .keeps])
    #expect(plan.problems.map(\.kind) == ["IPAddressPool"])
  }

  @Test func `Services of other types and classes do not appear`() {
    let plan = self.plan(
      [serviceView("a/web"), serviceView("a/internal", type: "ClusterIP")], from: [],
      to: [poolObject("p", ["192.0.2.0/30"])])
    #expect(plan.entries.map(\.service.name) == ["web"])
  }

  @Test func `the report lists what changes and counts the rest, in 80 columns`() {
    let services = (0..<4).map { serviceView("a/s\($0)", status: "192.0.2.\($0)", pool: "default") }
    let plan = self.plan(
      services, from: [poolObject("default", ["192.0.2.0/30"])],
      to: [poolObject("default", ["192.0.2.0/31", "192.0.2.8/32"], version: 2)])
    #expect(
      PlanReport(plan).lines(colours: false) == [
        "SERVICE  NOW                  THEN",
        "a/s2     192.0.2.2 (default)  192.0.2.8 (default)  changes",
        "a/s3     192.0.2.3 (default)  -                    loses its address: no",
        "                                                   available IPs",
        "",
        "4 Services: 2 keep their addresses, 1 changes, 1 loses its address.",
      ])
    #expect(PlanReport(plan).json["changed"] == true)
    #expect(PlanReport(plan).json["services"]?.array?.last?["fate"] == "loses")
  }
}

@Suite struct ConfigurationRemovalTests {
  @Test func `objects are named by kind or plural, with or without the group`() throws {
    let objects = ConfigurationObjects(pools: [poolObject("a", ["10.0.0.0/30"]), poolObject("b", ["10.0.1.0/30"])])
    for text in ["ipaddresspool/a", "IPAddressPools/a", "ipaddresspools.metallb.io/a"] {
      #expect(try ConfigurationRemoval(text).applied(to: objects).pools?.map(\.key.name) == ["b"])
    }
    #expect(try !ConfigurationRemoval("ipaddresspool/c").isPresent(in: objects))
  }

  @Test(arguments: ["pool", "pool/", "/a", "pod/a", "a/b/c"])
  func `what names no object of the configuration is refused`(text: String) {
    #expect(throws: ConfigurationRemoval.Failure.self) { try ConfigurationRemoval(text) }
  }

  @Test func `applied objects replace those of the same name and keep what the server knows of them`() {
    let current = ConfigurationObjects(pools: [poolObject("a", ["10.0.0.0/30"]), poolObject("b", ["10.0.1.0/30"])])
    let file = IPAddressPool(
      metadata: ObjectMeta(name: "a", namespace: "metallb-system"), spec: .init(addresses: ["10.9.0.0/30"]))
    let result = current.overlaid(with: ConfigurationObjects(pools: [file]))
    #expect(result.pools?.map(\.spec.addresses) == [["10.9.0.0/30"], ["10.0.1.0/30"]])
    #expect(result.pools?.first?.metadata.uid == "pool-a")
  }
}
