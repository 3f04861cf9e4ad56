import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// TCP-AO on a node whose kernel knows nothing of it; with it, see `KernelAuthenticationTests`.
  @Suite(
    .enabled(if: !GuestKernel.hasAuthenticationOption, "this kernel has TCP-AO"), .timeLimit(.minutes(2)))
  struct AuthenticationOptionTests {
    @Test func `a peer with TCP-AO keys says what the kernel lacks, and nothing goes out unsigned`() async throws {
      try await BGPScene.with { scene in
        let capture = try scene.node.start("tcpdump", "-i", "eth0", "-l", "-n", "tcp", "port", "179")
        try await eventually("the wire is listened to") {
          capture.standardError
        } isRight: {
          $0.contains("listening on")
        }
        try await scene.cluster.apply(
          Manifest.password("rack", "rack-secret"), scene.peer("tcpAO: {keys: [{sendID: 1, secret: {name: rack}}]}"))
        let speaker = try scene.cluster.startSpeaker()
        try await scene.awaitLog(
          "the kernel of this node has no TCP-AO: it takes Linux 6.7 or later, built with CONFIG_TCP_AO", of: speaker)
        await capture.stop()
        #expect(capture.standardOutput.trimmingCharacters(in: .newlines) == "")
      }
    }
  }
}
