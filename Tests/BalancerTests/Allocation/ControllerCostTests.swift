import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// What events cost, in decisions: as much as they change, whatever the size of the cluster.
@Suite struct ControllerCostTests {
  /// A controller at rest with this many Services in pool `a`, whose statuses say so.
  private struct Cluster {
    var state = ControllerState(settings: ControllerState.Settings(seed: 1))
    var writes = 0
    var notes = 0

    init(services: Int, class loadBalancerClass: String? = nil) {
      for number in 0..<services {
        self.handle(.services(.applied(Self.service(number, class: loadBalancerClass))))
      }
      let status = IPAddressPool.Status(
        assignedIPv4: Int64(services), assignedIPv6: 0, availableIPv4: Int64(65_536 - services), availableIPv6: 0)
      self.handle(.pools(.applied(poolObject("a", ["10.0.0.0/16"], status: status))))
      self.handle(.pools(.applied(poolObject("b", ["10.1.0.0/24"], autoAssign: false, status: Self.unused))))
      self.handle(.l2Advertisements(.applied(Self.advertisement("for-a", pools: ["a"]))))
      for event: ControllerState.Event in [
        .pools(.synced), .namespaces(.synced), .services(.synced), .l2Advertisements(.synced),
        .bgpAdvertisements(.synced),
      ] {
        self.handle(event)
      }
    }

    static let unused = IPAddressPool.Status(
      assignedIPv4: 0, assignedIPv6: 0, availableIPv4: 256, availableIPv6: 0)

    static func advertisement(_ name: String, pools: [String]) -> L2Advertisement {
      L2Advertisement(
        metadata: ObjectMeta(name: name, namespace: "metallb-system"),
        spec: L2Advertisement.Spec(ipAddressPools: pools))
    }

    static func service(
      _ number: Int, labels: [String: String]? = nil, class loadBalancerClass: String? = nil, version: Int = 1
    ) -> ServiceView {
      ServiceView(
        Service(
          metadata: ObjectMeta(
            name: "s\(number)", namespace: "ns", uid: "u\(number)", resourceVersion: "\(version)", labels: labels,
            annotations: ["metallb.io/ip-allocated-from-pool": "a"]),
          spec: ServiceSpec(
            type: "LoadBalancer", ports: [ServicePort(port: 80)], clusterIPs: ["10.96.0.1"],
            loadBalancerClass: loadBalancerClass),
          status: ServiceStatus(
            loadBalancer: LoadBalancerStatus(
              ingress: [LoadBalancerIngress(ip: "10.0.\(number / 256).\(number % 256)")]))))
    }

    /// How many decisions an event costs.
    @discardableResult
    mutating func handle(_ event: ControllerState.Event) -> Int {
      let before = self.state.decisions
      for action in self.state.handle(event, at: t0) {
        switch action {
        case .writeService, .writePoolStatus: self.writes += 1
        case .emit: self.notes += 1
        case .report: break
        }
      }
      return self.state.decisions - before
    }
  }

  @Test func `a restart decides once on each Service, and writes and tells nothing`() {
    let cluster = Cluster(services: 2_000)
    #expect(cluster.state.decisions == 2_000)
    #expect(cluster.writes == 0)
    #expect(cluster.notes == 0)
    #expect(cluster.state.nextDeadline == nil)
  }

  @Test func `a change of one Service costs one decision`() {
    var cluster = Cluster(services: 2_000)
    #expect(cluster.handle(.services(.applied(Cluster.service(7, labels: ["x": "y"], version: 2)))) == 1)
    #expect(cluster.handle(.services(.deleted(key("ns/s7")))) == 0)
    #expect(cluster.writes == 0)
  }

  @Test func `a change of a pool costs nothing to the Services of another`() {
    var cluster = Cluster(services: 2_000)
    #expect(cluster.handle(.pools(.applied(poolObject("b", ["10.1.0.0/25"], autoAssign: false, version: 2)))) == 0)
    #expect(cluster.handle(.pools(.applied(poolObject("c", ["10.2.0.0/24"])))) == 0)
    #expect(cluster.handle(.pools(.deleted(key("metallb-system/c")))) == 0)
    let labelled = poolObject("a", ["10.0.0.0/16"], labels: ["x": "y"], version: 2)
    #expect(cluster.handle(.pools(.applied(labelled))) == 0)
  }

  @Test func `a change of advertisements costs no decision at all`() {
    var cluster = Cluster(services: 2_000)
    #expect(cluster.handle(.l2Advertisements(.applied(Cluster.advertisement("for-b", pools: ["b"])))) == 0)
    #expect(cluster.handle(.l2Advertisements(.deleted(key("metallb-system/for-a")))) == 0)
  }

  @Test func `Services of another class cost nothing when pools change that they show no address of`() {
    var cluster = Cluster(services: 500, class: "example.com/other")
    #expect(cluster.handle(.pools(.applied(poolObject("b", ["10.1.0.0/25"], autoAssign: false, version: 2)))) == 0)
    #expect(cluster.handle(.pools(.applied(poolObject("a", ["10.0.0.0/17"], version: 2)))) == 500)
  }

  @Test func `a namespace that no selector matches costs nothing`() {
    var cluster = Cluster(services: 500)
    let namespace = Namespace(metadata: ObjectMeta(name: "ns", labels: ["env": "prod"]))
    #expect(cluster.handle(.namespaces(.applied(namespace))) == 0)
  }
}
