import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// What is asked for after a conflict arrives beside the watch.
@Suite struct RefreshTests {
  private func service(version: String, uid: String = "u") -> ServiceView {
    ServiceView(
      Service(
        metadata: ObjectMeta(name: "web", namespace: "default", uid: uid, resourceVersion: version),
        spec: ServiceSpec(
          type: "LoadBalancer", ports: [ServicePort(port: 80)], clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.9"])))
  }

  private func running() -> ControllerState {
    var state = ControllerState(settings: ControllerState.Settings(seed: 1))
    let events: [ControllerState.Event] = [
      .pools(.applied(poolObject("a", ["10.0.0.0/24"]))), .services(.applied(service(version: "5"))), .pools(.synced),
      .services(.synced), .namespaces(.synced),
    ]
    for event in events { _ = state.handle(event, at: t0) }
    return state
  }

  @Test func `a lost write is made again from the form that was asked for, though the watch is silent`() {
    var state = self.running()
    #expect(state.handle(.refreshed(self.service(version: "6")), at: t0).isEmpty, "the first write is under way")
    let actions = state.handle(.written(key("default/web"), .conflicted), at: t0)
    guard case .writeService(let write)? = actions.first else {
      Issue.record("no write: \(actions)")
      return
    }
    #expect(write.object.metadata.resourceVersion == "6")
    #expect(write.object.status?.loadBalancer?.ingress?.map(\.ip) == ["10.0.0.0"])
  }

  @Test func `a form that was asked for does not bring back a Service that is gone`() {
    var state = self.running()
    _ = state.handle(.services(.deleted(key("default/web"))), at: t0)
    _ = state.handle(.written(key("default/web"), .conflicted), at: t0)
    #expect(state.handle(.refreshed(self.service(version: "6")), at: t0).isEmpty)
    #expect(state.standing(of: key("default/web")) == nil)
  }
}
