import KubernetesModel
import Primitives
import Testing

@testable import Balancer

@Suite struct ServiceViewTests {
  private func view(
    _ annotations: [String: String] = [:], _ spec: ServiceSpec = ServiceSpec(type: "LoadBalancer"),
    ingress: [LoadBalancerIngress]? = nil
  ) -> ServiceView {
    ServiceView(
      Service(
        metadata: ObjectMeta(
          name: "s", namespace: "ns", uid: "u", resourceVersion: "7", labels: ["a": "b"], annotations: annotations),
        spec: spec,
        status: ServiceStatus(
          loadBalancer: LoadBalancerStatus(ingress: ingress), conditions: [.object(["type": .string("x")])])))
  }

  @Test func `the present prefix wins by being there, even empty`() {
    let both = ["metallb.io/address-pool": "new", "metallb.universe.tf/address-pool": "old"]
    #expect(self.view(both).requestedPool == "new")
    #expect(self.view(["metallb.universe.tf/address-pool": "old"]).requestedPool == "old")
    let empty = ["metallb.io/address-pool": "", "metallb.universe.tf/address-pool": "old"]
    #expect(self.view(empty).requestedPool == nil)
  }

  @Test func `a list of addresses may have spaces`() {
    let view = self.view(["metallb.io/loadBalancerIPs": " 10.0.0.1 , 2001:db8::1"])
    #expect(view.requested == .success([ip("10.0.0.1"), ip("2001:db8::1")]))
  }

  @Test func `the backend is part of the key where traffic stays local`() {
    let annotations = ["metallb.io/allow-shared-ip": "k"]
    let selector = ["b": "2", "a": "1"]
    let local = ServiceSpec(type: "LoadBalancer", selector: selector, externalTrafficPolicy: "Local")
    let cluster = ServiceSpec(type: "LoadBalancer", selector: selector, externalTrafficPolicy: "Cluster")
    #expect(self.view(annotations, local).sharing == SharingKey(sharing: "k", backend: "a=1,b=2"))
    #expect(self.view(annotations, cluster).sharing == SharingKey(sharing: "k"))
    #expect(self.view(["metallb.io/allow-shared-ip": ""], local).sharing == nil)
  }

  @Test func `a Service from before dual stack has one cluster IP`() {
    let view = self.view([:], ServiceSpec(type: "LoadBalancer", clusterIP: "10.96.0.1"))
    #expect(view.clusterIPs == ["10.96.0.1"])
  }

  @Test func `the write carries all metadata and the conditions of others, and keeps what the server added`() {
    let view = self.view(["x": "y"], ingress: [LoadBalancerIngress(ip: "10.0.0.1", ipMode: "VIP")])
    let write = view.write(of: Allocation(pool: "p", addresses: [ip("10.0.0.1"), ip("2001:db8::1")]))
    #expect(
      write.object
        == Service(
          metadata: ObjectMeta(
            name: "s", namespace: "ns", uid: "u", resourceVersion: "7", labels: ["a": "b"],
            annotations: ["x": "y", "metallb.io/ip-allocated-from-pool": "p"]),
          status: ServiceStatus(
            loadBalancer: LoadBalancerStatus(ingress: [
              LoadBalancerIngress(ip: "10.0.0.1", ipMode: "VIP"), LoadBalancerIngress(ip: "2001:db8::1"),
            ]), conditions: [.object(["type": .string("x")])])))
  }

  @Test func `clearing takes the annotation and all entries away`() {
    let view = self.view(
      ["metallb.io/ip-allocated-from-pool": "p"], ingress: [LoadBalancerIngress(ip: "10.0.0.1")])
    let write = view.write(of: nil)
    #expect(write.object.metadata.annotations == nil)
    #expect(write.object.status?.loadBalancer == LoadBalancerStatus(ingress: nil))
  }

  @Test func `a status shows an allocation however the address is spelled`() {
    let annotations = ["metallb.io/ip-allocated-from-pool": "p"]
    let view = self.view(annotations, ingress: [LoadBalancerIngress(ip: "2001:DB8:0::1", ipMode: "Proxy")])
    #expect(view.shows(Allocation(pool: "p", addresses: [ip("2001:db8::1")])))
    #expect(!view.shows(Allocation(pool: "q", addresses: [ip("2001:db8::1")])))
    #expect(!view.shows(Allocation(pool: "p", addresses: [ip("2001:db8::2")])))
    let named = self.view(annotations, ingress: [LoadBalancerIngress(ip: "2001:db8::1", hostname: "h")])
    #expect(!named.shows(Allocation(pool: "p", addresses: [ip("2001:db8::1")])))
  }

  @Test func `an older form is known by its version, if it is the same object`() {
    func view(_ uid: String, _ version: String) -> ServiceView {
      ServiceView(Service(metadata: ObjectMeta(name: "s", namespace: "ns", uid: uid, resourceVersion: version)))
    }
    #expect(view("u", "9").isOlder(than: view("u", "10")))
    #expect(!view("u", "10").isOlder(than: view("u", "10")))
    #expect(!view("v", "9").isOlder(than: view("u", "10")))
    #expect(!view("u", "x").isOlder(than: view("u", "10")))
  }
}
