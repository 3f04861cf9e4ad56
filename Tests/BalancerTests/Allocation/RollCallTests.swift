import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// What a new leader reads of all Services arrives beside the watch, page by page, and is as old as the first page.
@Suite struct RollCallTests {
  private func service(
    _ name: String = "web", version: String, uid: String = "u", type: String = "LoadBalancer", address: String? = nil
  ) -> ServiceView {
    ServiceView(
      Service(
        metadata: ObjectMeta(
          name: name, namespace: "default", uid: uid, resourceVersion: version,
          annotations: address.map { _ in [ServiceAnnotation.allocatedFromPool.name: "a"] }),
        spec: ServiceSpec(
          type: type, ports: [ServicePort(port: 80)], clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.9"]),
        status: ServiceStatus(
          loadBalancer: LoadBalancerStatus(ingress: address.map { [LoadBalancerIngress(ip: $0)] }))))
  }

  /// A standby that knows everything, and has just been elected.
  private func elected(knowing services: [ServiceView]) -> ControllerState {
    var state = ControllerState(settings: ControllerState.Settings(awaitsElection: true, seed: 1))
    let events: [ControllerState.Event] =
      [.pools(.applied(poolObject("a", ["10.0.0.0/24"])))] + services.map { .services(.applied($0)) }
      + [.pools(.synced), .services(.synced), .namespaces(.synced), .rollCallBegan]
    for event in events { _ = state.handle(event, at: t0) }
    return state
  }

  private let web = key("default/web")

  private func addresses(of key: ObjectKey, in state: ControllerState) -> [String] {
    (state.allocator.allocation(of: key)?.addresses ?? []).map(\.description)
  }

  @Test func `a Service that the predecessor served in its last moment keeps its address`() {
    var state = self.elected(knowing: [self.service("other", version: "4")])
    let called: [ServiceView] = [
      self.service("other", version: "4"), self.service(version: "9", address: "10.0.0.0"),
    ]
    for view in called { _ = state.handle(.rollCalled(view), at: t0) }
    _ = state.handle(.elected, at: t0)
    #expect(self.addresses(of: self.web, in: state) == ["10.0.0.0"])
    #expect(self.addresses(of: key("default/other"), in: state) == ["10.0.0.1"])
  }

  @Test func `a Service that is deleted during the roll call does not come back`() {
    var state = self.elected(knowing: [self.service(version: "5", address: "10.0.0.0")])
    _ = state.handle(.services(.deleted(self.web)), at: t0)
    _ = state.handle(.rollCalled(self.service(version: "5", address: "10.0.0.0")), at: t0)
    _ = state.handle(.elected, at: t0)
    #expect(state.standing(of: self.web) == nil)
    #expect(self.addresses(of: self.web, in: state) == [])
  }

  @Test func `one that was deleted and made again counts in its new form`() {
    var state = self.elected(knowing: [self.service(version: "5", address: "10.0.0.7")])
    _ = state.handle(.services(.deleted(self.web)), at: t0)
    _ = state.handle(.services(.applied(self.service(version: "8", uid: "new", address: "10.0.0.9"))), at: t0)
    _ = state.handle(.rollCalled(self.service(version: "5", address: "10.0.0.7")), at: t0)
    _ = state.handle(.elected, at: t0)
    #expect(self.addresses(of: self.web, in: state) == ["10.0.0.9"])
  }

  @Test func `one that became a ClusterIP during the roll call holds no address`() {
    var state = self.elected(knowing: [self.service(version: "5", address: "10.0.0.0")])
    _ = state.handle(.services(.applied(self.service(version: "7", type: "ClusterIP"))), at: t0)
    _ = state.handle(.rollCalled(self.service(version: "5", address: "10.0.0.0")), at: t0)
    _ = state.handle(.elected, at: t0)
    #expect(state.standing(of: self.web) == nil)
    #expect(self.addresses(of: self.web, in: state) == [])
  }

  @Test func `one that became a load balancer again after the watch told last counts`() {
    var state = self.elected(knowing: [])
    _ = state.handle(.services(.applied(self.service(version: "7", type: "ClusterIP"))), at: t0)
    _ = state.handle(.rollCalled(self.service(version: "8", address: "10.0.0.3")), at: t0)
    _ = state.handle(.elected, at: t0)
    #expect(self.addresses(of: self.web, in: state) == ["10.0.0.3"])
  }
}

/// An API server that was put back to an earlier state, as after a restored etcd.
@Suite struct RewindTests {
  private func service(version: String, address: String? = nil, port: Int = 80) -> ServiceView {
    ServiceView(
      Service(
        metadata: ObjectMeta(
          name: "web", namespace: "default", uid: "u", resourceVersion: version,
          annotations: address.map { _ in [ServiceAnnotation.allocatedFromPool.name: "a"] }),
        spec: ServiceSpec(
          type: "LoadBalancer", ports: [ServicePort(port: port)], clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.9"]),
        status: ServiceStatus(
          loadBalancer: LoadBalancerStatus(ingress: address.map { [LoadBalancerIngress(ip: $0)] }))))
  }

  private func running(with service: ServiceView) -> ControllerState {
    var state = ControllerState(settings: ControllerState.Settings(seed: 1))
    let events: [ControllerState.Event] = [
      .pools(.applied(poolObject("a", ["10.0.0.0/24"]))), .services(.applied(service)), .pools(.synced),
      .services(.synced), .namespaces(.synced),
    ]
    for event in events { _ = state.handle(event, at: t0) }
    return state
  }

  private func write(in actions: [ControllerState.Action]) throws -> ServiceWrite {
    let writes = actions.compactMap { if case .writeService(let write) = $0 { write } else { nil } }
    return try #require(writes.first)
  }

  @Test func `a Service whose status was lost in it gets its address written again`() throws {
    var state = self.running(with: self.service(version: "1000", address: "10.0.0.7"))
    #expect(state.handle(.services(.applied(self.service(version: "800"))), at: t0).isEmpty, "the watch is behind")
    _ = state.handle(.rewound, at: t0)
    let write = try self.write(in: state.handle(.services(.applied(self.service(version: "800"))), at: t0))
    #expect(write.object.metadata.resourceVersion == "800")
    #expect(write.object.status?.loadBalancer?.ingress?.map(\.ip) == ["10.0.0.7"])
  }

  @Test func `only the first form that is told afterwards may be older`() {
    var state = self.running(with: self.service(version: "1000", address: "10.0.0.7"))
    _ = state.handle(.rewound, at: t0)
    _ = state.handle(.services(.applied(self.service(version: "800", address: "10.0.0.7"))), at: t0)
    #expect(state.handle(.services(.applied(self.service(version: "700"))), at: t0).isEmpty)
  }

  @Test func `a write that lost against an older form is made again from that, though the watch is silent`() throws {
    var state = self.running(with: self.service(version: "1000"))
    _ = state.handle(.refreshed(self.service(version: "800")), at: t0)
    let write = try self.write(in: state.handle(.written(key("default/web"), .conflicted), at: t0))
    #expect(write.object.metadata.resourceVersion == "800")
  }

  @Test func `what was asked for after a conflict does not undo what the watch has told since`() throws {
    var state = self.running(with: self.service(version: "1000"))
    _ = state.handle(.services(.applied(self.service(version: "1010", port: 443))), at: t0)
    _ = state.handle(.refreshed(self.service(version: "1005")), at: t0)
    let write = try self.write(in: state.handle(.written(key("default/web"), .conflicted), at: t0))
    #expect(write.object.metadata.resourceVersion == "1010")
  }
}
