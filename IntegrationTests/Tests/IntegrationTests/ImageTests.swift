import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// The images: what tools read in them, and the processes running from their own roots with what the manifests leave them.
  @Suite(.timeLimit(.minutes(6)))
  struct ImageTests {
    /// What /proc tells of a process.
    private struct Process {
      let pid: pid_t
      let status: [String: String]
      let rootIsReadOnly: Bool

      /// The process whose command line begins with `program`, in the network namespace of a lab's host or pod.
      static func find(_ program: String, in lab: Lab) async throws -> [Process] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
        return names.compactMap { pid in
          guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"),
            line.split(separator: 0).first?.elementsEqual(program.utf8) == true,
            let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let mounts = try? String(contentsOfFile: "/proc/\(pid)/mountinfo", encoding: .utf8),
            mounts.contains(lab.name)
          else { return nil }
          let fields = status.split(separator: "\n").compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces)) : nil
          }
          let root = mounts.split(separator: "\n").last { $0.split(separator: " ")[4] == "/" }
          return Process(
            pid: pid, status: Dictionary(fields) { first, _ in first },
            rootIsReadOnly: root?.split(separator: " ")[5].split(separator: ",").contains("ro") == true)
        }
      }
    }

    @Test
    func `controller and speaker do their work from their own roots, read-only, as nobody and with NET_RAW alone`()
      async throws
    {
      let images = try await BuiltImages.make()
      let references = ["controller", "speaker"].map { "\(BuiltImages.repository)/\($0):\(BuiltImages.tag)" }
      for (name, reference) in zip(["controller", "speaker"], references) {
        let read = try await run(["skopeo", "inspect", "--config", "oci:\(images.layout):\(reference)"]).expectSuccess()
        let config = try #require(
          (JSONSerialization.jsonObject(with: Data(read.utf8)) as? [String: Any])?["config"] as? [String: Any])
        #expect(config["Entrypoint"] as? [String] == ["/\(name)"])
      }
      let again = Workspace.current.newDirectory("again").appendingPathComponent("layout").path
      let executable = URL(fileURLWithPath: images.layout).deletingLastPathComponent().appendingPathComponent("metallb")
      _ = try await BuiltImages.build(executable.path, to: again).expectSuccess()
      #expect(try await run(["diff", "--recursive", images.layout, again]).code == 0, "two builds differ")

      try await Lab.with(nodes: 2, routers: 1, images: images.bundles) { lab in
        try await lab.install()
        try await Lab.$current.withValue(lab) { try await self.serves(lab) }
        for controller in try await Process.find("/controller", in: lab) {
          #expect(controller.status["Uid"] == "65534\t65534\t65534\t65534")
          #expect(
            controller.status["CapEff"] == "0000000000000000" && controller.status["CapBnd"] == "0000000000000000")
          #expect(controller.status["NoNewPrivs"] == "1" && controller.rootIsReadOnly)
        }
        let speakers = try await Process.find("/speaker", in: lab)
        #expect(speakers.count == 2)
        for speaker in speakers {
          #expect(speaker.status["CapEff"] == "0000000000002000" && speaker.status["CapBnd"] == "0000000000002000")
          #expect(speaker.status["NoNewPrivs"] == "1" && speaker.rootIsReadOnly)
        }
      }
    }

    /// Addresses, webhooks, gossip, BGP with BFD: what either process does needs no more than it has.
    private func serves(_ lab: Lab) async throws {
      let kubectl = lab.kubectl
      try await kubectl.apply(
        Manifest.pool("pool", "192.168.43.0/24"), Manifest.advertisement("l2", pools: "pool"),
        """
        apiVersion: metallb.io/v1beta1
        kind: BFDProfile
        metadata: {name: fast, namespace: metallb-system}
        spec: {receiveInterval: 100, transmitInterval: 100}
        ---
        apiVersion: metallb.io/v1beta2
        kind: BGPPeer
        metadata: {name: tor, namespace: metallb-system}
        spec: {myASN: 64700, peerASN: 65116, peerAddress: 198.18.0.201, bfdProfile: fast, connectTime: 1s}
        ---
        apiVersion: metallb.io/v1beta1
        kind: BGPAdvertisement
        metadata: {name: bgp, namespace: metallb-system}
        spec: {ipAddressPools: [pool]}
        """,
        Manifest.deployment("web", replicas: 2), Manifest.service("web"))
      let refused = try await kubectl.run("apply", "-f", "-", input: Manifest.pool("bad", "192.168.44.0/33"))
      #expect(refused.code == 1 && refused.error.contains("invalid CIDR \"192.168.44.0/33\""), "\(refused)")
      try await lab.awaitAddress("192.168.43.0", of: "web")
      try await lab.awaitAnswer(from: "192.168.43.0")
      try await eventually("both sessions are up, with BFD", within: .seconds(30)) {
        try await kubectl(
          "get", "bgpsessionstates", "--namespace=metallb-system",
          "--output=jsonpath={range .items[*]}{.status.bgpStatus}/{.status.bfdStatus} {end}")
      } isRight: {
        $0.trimmingCharacters(in: .whitespaces) == "Established/up Established/up"
      }
      try await eventually("the router routes to both nodes", within: .seconds(15)) {
        try await lab.nextHops("192.168.43.0", at: "tor-1")
      } isRight: {
        $0.count == 2
      }
    }

    @Test func `an executable that an image from scratch cannot run is refused`() async throws {
      let layout = Workspace.current.newDirectory("image").appendingPathComponent("layout").path
      let dynamic = try await BuiltImages.build(try Tool.metallb(), to: layout)
      #expect(dynamic.code == 1 && dynamic.error.contains("is not fully static"), "\(dynamic)")
      let text = try await BuiltImages.build(try Tool.script("build-image"), to: layout)
      #expect(text.code == 1 && text.error.contains("is no executable for amd64 or arm64"), "\(text)")
      let foreign = try await BuiltImages.build(try Tool.metallb(), to: layout, "--arch", "arm64")
      #expect(foreign.code == 1 && foreign.error.contains("not for arm64"), "\(foreign)")
      let taken = Workspace.current.newDirectory("documents").path
      let kept = try await BuiltImages.build(try Tool.metallb(), to: taken)
      #expect(kept.code == 1 && kept.error.contains("is no image: it would be replaced"), "\(kept)")
    }
  }
}
