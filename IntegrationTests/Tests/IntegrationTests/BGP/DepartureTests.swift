import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// A node that is to announce nothing more, as a router sees it.
  @Suite(.timeLimit(.minutes(2)))
  struct DepartureTests {
    @Test func `routers are asked to prefer others before the routes are withdrawn`() async throws {
      try await BGPScene.with { scene in
        let router = try await BIRDRouter.start(
          on: scene.router, asn: BGPScene.routerASN, [InteropScene.outside, InteropScene.inside])
        try await scene.cluster.apply(scene.peer("password: rack-secret"), scene.internalPeer())
        _ = try scene.cluster.startSpeaker()
        try await eventually("BIRD has both routes", equals: true, within: .seconds(30)) {
          let outside = try await router.show("show route 192.168.5.0/24 all")
          let inside = try await router.show("show route 2001:db8:5::1/128 protocol inside all")
          return outside.contains("BGP.as_path") && inside.contains("BGP.local_pref: 250")
        }
        let label = "node.kubernetes.io/exclude-from-external-load-balancers"
        try await scene.cluster.kubectl("label", "node", BGPCluster.nodeName, "\(label)=metallb-drain")
        try await eventually("the routes say that they are about to go", equals: true) {
          let outside = try await router.show("show route 192.168.5.0/24 all")
          let inside = try await router.show("show route 2001:db8:5::1/128 protocol inside all")
          return outside.contains("(65535,0)") && inside.contains("BGP.local_pref: 0") && inside.contains("(65535,0)")
        }
        try await eventually("they are gone, and the sessions stand", equals: true) {
          let routes = try await router.show("show route")
          let protocols = try await router.show("show protocols outside")
          return !routes.contains("192.168.5.") && !routes.contains("2001:db8:5:") && protocols.contains("Established")
        }
        try await scene.cluster.kubectl("label", "node", BGPCluster.nodeName, "\(label)-")
        try await eventually("they are back without the request", equals: true) {
          let outside = try await router.show("show route 192.168.5.0/24 all")
          return outside.contains("BGP.as_path") && !outside.contains("(65535,0)")
        }
      }
    }
  }
}
