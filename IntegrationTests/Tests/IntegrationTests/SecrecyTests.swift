import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// What must not be told is not told, wherever processes say something, however much they are asked to say.
  @Suite(.lab(nodes: 1), .timeLimit(.minutes(3)))
  struct SecrecyTests {
    private static let system = "--namespace=metallb-system"
    private static let password = "open-sesame-open-sesame"

    let lab: Lab
    let kubectl: Kubectl

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
    }

    /// The manifest's processes, saying everything that they can say.
    private func makeTalkative() async throws {
      for workload in ["deployment/controller", "daemonset/speaker"] {
        let component = workload.hasPrefix("deployment") ? "controller" : "speaker"
        try await self.kubectl(
          "patch", workload, Self.system, "--type=json", "--patch",
          #"[{"op":"replace","path":"/spec/template/spec/containers/0/args","value":["\#(component)","--port=9120","--log-level=all"]},"#
            // As in the image, which has nothing that looks at a crash.
            + #"{"op":"add","path":"/spec/template/spec/containers/0/env/-","value":{"name":"SWIFT_BACKTRACE","value":"enable=no"}}]"#
        )
        try await self.kubectl("rollout", "status", workload, Self.system, "--timeout=60s", within: .seconds(70))
      }
    }

    /// Every secret of the run, by what it is.
    private func secrets() async throws -> [String: String] {
      func field(_ secret: String, _ field: String) async throws -> String {
        let encoded = try await self.kubectl.field(".data.\(field)", of: "secret/\(secret)", in: "metallb-system")
        return String(decoding: Data(base64Encoded: encoded) ?? Data(), as: UTF8.self)
      }
      func body(of pem: String) -> String { pem.split(separator: "\n").dropFirst().first.map(String.init) ?? "" }
      let speaker = try await self.lab.speaker(on: "node-1")
      let tokens = try ["", "/proc/\(speaker)/root"].compactMap { root -> String? in
        let path = "\(root)/var/run/secrets/kubernetes.io/serviceaccount/token"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try String(contentsOfFile: path, encoding: .utf8)
      }
      return [
        "the password of a router": Self.password,
        "the same in base64": Data(Self.password.utf8).base64EncodedString(),
        "the key of the gossip": try await field("memberlist", "secretkey"),
        "the same in the secret": try await self.kubectl.field(
          ".data.secretkey", of: "secret/memberlist", in: "metallb-system"),
        "the key of the webhooks": body(of: try await field("metallb-webhook-cert", #"tls\.key"#)),
        "the key of their authority": body(of: try await field("metallb-webhook-cert", #"ca\.key"#)),
        "the token of a speaker": try #require(tokens.last),
        "the token of a scraper": try await self.lab.scraperToken(),
        "a token of nobody": "a-token-that-nobody-should-see",
      ]
    }

    /// Everything that processes say, by where they say it.
    private func said(scraper: String) async throws -> [String: String] {
      var said: [String: String] = [:]
      let names = try await self.kubectl("get", "pods", Self.system, "--output=jsonpath={.items[*].metadata.name}")
      for pod in names.split(separator: " ").map(String.init) {
        said["log of \(pod)"] = try await self.kubectl("logs", pod, Self.system)
        said["log of \(pod) before it crashed"] = try await self.kubectl.run("logs", pod, Self.system, "--previous").out
      }
      said["events"] = try await self.kubectl("get", "events", "--all-namespaces", "--output=json")
      for kind in [
        "configurationstates", "servicel2statuses", "servicebgpstatuses", "bgpsessionstates", "ipaddresspools",
        "bgppeers", "leases",
      ] { said[kind] = try await self.kubectl("get", kind, Self.system, "--output=json") }
      said["services"] = try await self.kubectl("get", "services", "--all-namespaces", "--output=json")
      said["metrics"] = try await self.lab.scrape(node: 1, token: scraper).text
      for path in ["status", "debug/decisions", "readyz", "healthz"] {
        said[path] = try await self.lab.exec(
          "node-1", "curl", "--silent", "--max-time", "3", "http://127.0.0.1:17472/\(path)"
        ).out
      }
      said["metallb status"] = try await run(
        [try Tool.metallb(), "status", "--output=yaml", "--kubeconfig", self.lab.kubeconfig], within: .seconds(30)
      ).out
      return said
    }

    @Test func `no secret appears in logs, Events, status, metrics or the last words of a crash`() async throws {
      try await self.makeTalkative()
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.47.0/30"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web"), Manifest.service("web"), Manifest.password("rack", Self.password),
        Manifest.bgpPeer(
          "rack", "myASN: 64500\npeerASN: 64501\npeerAddress: 198.18.0.250\npasswordSecret: {name: rack}"),
        Manifest.bgpPeer(
          "both", "myASN: 64500\npeerASN: 64501\npeerAddress: 198.18.0.251\npassword: \(Self.password)"),
        Manifest.bgpAdvertisement("bgp", "ipAddressPools: [pool]"))
      _ = try await self.lab.announcer(of: "192.168.47.0", service: "web")
      let scraper = try await self.lab.scraperToken()
      #expect(try await self.lab.scrape(node: 1, token: "a-token-that-nobody-should-see").code == 401)
      var secrets = try await self.secrets()
      secrets["the token of a scraper"] = scraper
      for (what, secret) in secrets { #expect(secret.count >= 12, "\(what) is too short to be looked for") }

      try await self.lab.signalSpeaker(on: "node-1", SIGUSR1)
      try await eventually("a router was tried with the password") {
        try await self.kubectl("logs", "--selector=component=speaker", Self.system, "--tail=-1")
      } isRight: {
        $0.contains("198.18.0.250") && $0.contains("the last decisions follow")
      }
      let before = try await self.lab.speaker(on: "node-1")
      try await self.lab.signalSpeaker(on: "node-1", SIGSEGV)
      try await eventually("it runs again", within: .seconds(40)) {
        try await self.lab.speaker(on: "node-1")
      } isRight: {
        $0 != before
      }
      _ = try await self.lab.announcer(of: "192.168.47.0", service: "web")

      let said = try await self.said(scraper: scraper)
      #expect(said.filter { $0.key.hasPrefix("log of speaker") }.allSatisfy { $0.value.count > 1000 })
      for (place, text) in said {
        // What the user wrote into the object itself is the user's.
        for (what, secret) in secrets where !(place == "bgppeers" && secret == Self.password) {
          #expect(!text.contains(secret), "\(place) tells \(what)")
        }
      }
    }
  }
}
