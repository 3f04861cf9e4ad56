import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// The metrics: who may read them, and whether Prometheus understands them.
  @Suite(.lab(nodes: 1), .timeLimit(.minutes(2)))
  struct MetricsTests {
    let lab: Lab
    let kubectl: Kubectl

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
    }

    @Test func `the metrics are shown to whom the API server allows it, and promtool accepts them`() async throws {
      let stranger = try await self.lab.scrape(node: 1, token: nil)
      #expect(stranger.code == 401)
      #expect(stranger.text == "Unauthorized\n")
      #expect(try await self.lab.scrape(node: 1, token: "forged").code == 401)

      let token = try await self.lab.createAccount("scraper")
      let powerless = try await self.lab.scrape(node: 1, token: token)
      #expect(powerless.code == 403)
      #expect(powerless.text == "Authorization denied for user system:serviceaccount:default:scraper\n")

      try await self.lab.allowScrapes(by: "scraper")
      let scraped = try await eventually("a right that is given counts", within: .seconds(20)) {
        try await self.lab.scrape(node: 1, token: token)
      } isRight: {
        $0.code == 200
      }
      #expect(scraped.text.contains("metallb_k8s_client_config_loaded_bool 1"))
      let page = try Workspace.current.file("metrics", scraped.text)
      _ = try await run(["sh", "-c", #""$0" check metrics <"$1""#, try Tool.cached("bin/promtool"), page])
        .expectSuccess()
    }

    @Test func `a token never shows in the log`() async throws {
      let token = "a-token-that-nobody-should-see"
      #expect(try await self.lab.scrape(node: 1, token: token).code == 401)
      for component in ["speaker", "controller"] {
        let log = try await self.kubectl(
          "logs", "--namespace", "metallb-system", "--selector", "component=\(component)", "--tail=-1")
        #expect(!log.isEmpty && !log.contains(token))
      }
    }
  }
}
