import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// Sessions in VRFs, for which most machines' kernels have no devices.
  @Suite(.enabled(if: GuestKernel.isRunning, "Scripts/kernel-tests runs these"), .timeLimit(.minutes(30)))
  struct KernelVRFTests {
    @Test func `sessions, BFD, passwords and next hops stay in their VRF, and routers may connect there`() async throws
    {
      try await VRFScene.with { scene in
        _ = try scene.cluster.startSpeaker("--bgp-listen-port=179")
        // Both routers have the same address, and are watched at the same port.
        try await scene.awaitSessionsOfRed()
        try await scene.awaitSession(VRFScene.nodeAddress, at: scene.plainRouter)
        let (red, plain) = (scene.redRouter, scene.plainRouter)
        try await scene.awaitNextHops([VRFScene.nodeAddress, VRFScene.nodeLoopback], of: "192.168.5.0/32", at: red)
        try await scene.awaitNextHops([VRFScene.redNodeV6], of: "2001:db8:5::1/128", at: red)
        try await scene.awaitNextHops([VRFScene.nodeAddress], of: "192.168.5.0/32", at: plain)
        try await scene.awaitNextHops([VRFScene.plainNodeV6], of: "2001:db8:5::1/128", at: plain)

        // From now on the router connects, and the listening socket of the VRF asks for its signature.
        try await scene.cluster.apply(VRFScene.redPeer("passiveMode: true"))
        try await red.show("clear bgp \(VRFScene.nodeAddress)")
        try await eventually("the router has connected in the VRF", within: .seconds(30), every: .seconds(1)) {
          try await scene.node.run("ss", "-Htn", "state", "established", "sport", "=", ":179").out
        } isRight: {
          $0.contains("\(VRFScene.nodeAddress)%red:179")
        }
        try await scene.awaitSession(VRFScene.nodeAddress, at: red)
        try await scene.awaitSession(VRFScene.nodeAddress, at: plain)
      }
    }

    @Test func `a VRF that goes takes its sessions along and no other, and one that comes has its own`() async throws {
      try await VRFScene.with { scene in
        try await scene.cluster.apply(
          VRFScene.peer("later", "peerAddress: \(VRFScene.routerAddress)", "vrf: blue", "dualStackAddressFamily: true"))
        let speaker = try scene.cluster.startSpeaker("--bgp-listen-port=179")
        try await scene.awaitSessionsOfRed()
        try await scene.awaitSession(VRFScene.nodeAddress, at: scene.plainRouter)
        try await eventually("the VRF that is not there is named", within: .seconds(20)) {
          speaker.standardOutput + speaker.standardError
        } isRight: {
          $0.split(separator: "\n").contains { line in
            line.contains(#""name":"later""#)
              && line.contains(#"this node has no device \"blue\" for the VRF: make it, or correct spec.vrf"#)
          }
        }

        let before = try await scene.session(with: VRFScene.nodeAddress, at: scene.plainRouter)
        try await scene.deleteRed()
        for address in [VRFScene.nodeAddress, VRFScene.redNodeV6, VRFScene.nodeLoopback] {
          try await eventually("the session of \(address) is lost", within: .seconds(40), every: .seconds(1)) {
            try await scene.session(with: address, at: scene.redRouter)?.bgpState ?? ""
          } isRight: {
            $0 != "Established"
          }
        }
        try await scene.makeRed()
        try await scene.awaitSessionsOfRed()
        // Nothing has happened to the session in no VRF, with a router of the same address.
        let after = try await scene.session(with: VRFScene.nodeAddress, at: scene.plainRouter)
        #expect(before?.bgpState == "Established" && after?.bgpState == "Established")
        #expect(after?.connectionsDropped == before?.connectionsDropped)

        // The other interface goes over to a VRF that a peer has been waiting for.
        try await scene.cluster.kubectl("delete", "bgppeer", "plain", "--namespace=metallb-system")
        let port = scene.plainPort.interface
        try await scene.node.ip(
          "link add blue type vrf table 200", "link set blue up", "link set \(port) master blue",
          "address add \(VRFScene.plainNodeV6)/64 dev \(port) nodad")
        try await scene.awaitSession(VRFScene.nodeAddress, at: scene.plainRouter)
        try await scene.awaitNextHops([VRFScene.nodeAddress], of: "192.168.5.0/32", at: scene.plainRouter)
        try await scene.awaitNextHops([VRFScene.plainNodeV6], of: "2001:db8:5::1/128", at: scene.plainRouter)
        try await scene.awaitSessionsOfRed()
      }
    }
  }
}
