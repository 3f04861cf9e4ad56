import Foundation
import Harness
import Testing

extension Everything.Aside.Tours {
  /// `metallb dashboard`, as a browser and as those see it who should see nothing.
  @Suite(.lab(nodes: 2), .timeLimit(.minutes(3)))
  struct DashboardTests {
    let lab: Lab
    let kubectl: Kubectl

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
    }

    /// Runs a dashboard, and hands out its URL without the token, and the token.
    private func withDashboard(
      kubeconfig: String? = nil,
      _ body: (_ process: ChildProcess, _ origin: String, _ token: String) async throws -> Void
    ) async throws {
      let process = try ChildProcess([
        try Tool.metallb(), "dashboard", "--port", "0", "--kubeconfig", kubeconfig ?? self.lab.kubeconfig,
      ])
      do {
        let line = try await eventually("the URL is printed", within: .seconds(20)) {
          process.standardOutput.split(separator: "\n").first { $0.contains("#token=") }.map(String.init)
            ?? ""
        } isRight: {
          $0.contains("#token=")
        }
        let parts = line.trimmingCharacters(in: .whitespaces).components(separatedBy: "/#token=")
        try await body(process, parts[0], parts[1])
      } catch {
        await process.stop()
        throw error
      }
      #expect(await process.stop() == 0)
    }

    private func curl(_ arguments: String...) async throws -> Output {
      try await run(["curl", "--silent", "--max-time", "5"] + arguments)
    }

    private func code(_ arguments: String...) async throws -> String {
      try await run(
        ["curl", "--silent", "--max-time", "5", "--output", "/dev/null", "--write-out", "%{http_code}"] + arguments
      ).out
    }

    @Test func `a browser sees a Service come without reloading, by keyboard, in light and dark, through an outage`()
      async throws
    {
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.42.0/29"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web", replicas: 2), Manifest.service("web"))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
      let program = Tool.repository.appendingPathComponent("IntegrationTests/Peers/dashboard-browser.py").path
      try await FaultProxy.with(kubeconfig: self.lab.kubeconfig) { proxy in
        try await self.withDashboard(kubeconfig: proxy.kubeconfig) { process, origin, token in
          let output = try await run(
            [
              try Tool.cached("python/bin/python"), program, "\(origin)/#token=\(token)", "--kubectl",
              try Tool.cached("bin/kubectl-current"), "--kubeconfig", self.lab.kubeconfig, "--proxy", proxy.url,
              "--pid",
              "\(process.identifier)",
            ], within: .seconds(170))
          #expect(output.code == 0, "\(output.error)\n\(output.out)")
          #expect(output.out.contains("ok the page says when metallb dashboard has ended"))
        }
      }
    }

    @Test func `who has no token, comes from another page or by another name gets no data`() async throws {
      try await self.withDashboard { _, origin, token in
        let bearer = "Authorization: Bearer \(token)"
        let port = origin.split(separator: ":").last.map(String.init) ?? ""
        let stream = try ChildProcess(["curl", "--silent", "--no-buffer", "--header", bearer, "\(origin)/stream"])
        try await eventually("the page is streamed") {
          stream.standardOutput
        } isRight: {
          $0.hasPrefix("event: page\ndata: {")
        }
        await stream.stop()
        #expect(try await self.code("\(origin)/stream") == "401")
        #expect(
          try await self.code("--header", "Authorization: Bearer \(token.reversed())", "\(origin)/stream") == "401")
        for path in ["/", "/stream"] {
          #expect(
            try await self.code("--header", bearer, "--header", "Host: evil.example:\(port)", origin + path) == "421")
          #expect(
            try await self.code("--header", bearer, "--header", "Origin: http://evil.example", origin + path) == "403")
          #expect(try await self.code("--header", bearer, "--request", "POST", "--data", "x", origin + path) == "405")
        }
        let page = try await self.curl("--include", "\(origin)/")
        #expect(page.out.contains("default-src 'none'") && !page.out.contains(token))
        // Nobody else reaches it: it listens on the loopback interface alone.
        let sockets = try await run(["ss", "--listening", "--tcp", "--numeric", "--no-header", "sport = :\(port)"]).out
        let hosts = sockets.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst(3).first }
        #expect(!hosts.isEmpty && hosts.allSatisfy { $0 == "127.0.0.1:\(port)" || $0 == "[::1]:\(port)" }, "\(sockets)")
      }
    }

    @Test func `a port that is taken, and a cluster that is not there, are said`() async throws {
      try await self.withDashboard { _, origin, _ in
        let port = origin.split(separator: ":").last.map(String.init) ?? ""
        let second = try await run(
          [try Tool.metallb(), "dashboard", "--port", port, "--kubeconfig", self.lab.kubeconfig], within: .seconds(20))
        #expect(second.code == 2 && second.error.contains("cannot serve on port \(port)"), "\(second)")
        #expect(second.error.contains("--port"))
      }
      let nobody = try await run([try Tool.metallb(), "dashboard", "--kubeconfig", "/dev/null"], within: .seconds(20))
      #expect(nobody.code == 2 && nobody.error.hasPrefix("metallb: "), "\(nobody)")
      #expect(try await run([try Tool.metallb(), "dashboard", "--port", "70000"]).code == 64)
    }
  }
}
