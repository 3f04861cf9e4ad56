import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// Whoever reaches the ports of a process and means no good: it is bounded, said once, and survived, and those who are
  /// welcome are served all the while.
  @Suite(.timeLimit(.minutes(3)))
  struct HostileInputTests {
    private static let crowded = "more clients connect than are served at once"

    @Test func `a thousand connections that say nothing keep nobody out`() async throws {
      try await OperatedController.with { operated in
        let token = try await operated.scraperToken()
        #expect(try await operated.scrape(token: token).code == 200)
        let crowds = try [operated.metricsPort, operated.webhookPort].map {
          try OperatedController.hostile("idle", "\($0)", "1000", "60")
        }
        for crowd in crowds {
          try await eventually("all of them are connected", within: .seconds(20)) {
            crowd.standardOutput
          } isRight: {
            $0.contains("ready")
          }
        }
        for _ in 0..<3 {
          #expect(try await operated.scrape(token: token, within: 10).code == 200)
          let review = try await operated.review(within: 10)
          #expect(review.code == 200 && review.text.contains(#""allowed":true"#), "\(review)")
          #expect(try operated.descriptorCount() < 400)
          try await Task.sleep(for: .milliseconds(500))
        }
        for crowd in crowds {
          crowd.signal(SIGTERM)
          let report = try await crowd.output(within: .seconds(20)).expectSuccess()
          #expect(report.contains("closed"), "\(report)")
        }
        #expect(operated.count(Self.crowded) == 2, "once for each port")
        #expect(try await operated.health().code == 200)
      }
    }

    @Test func `whoever sends a header byte by byte is disconnected after ten seconds`() async throws {
      try await OperatedController.with { operated in
        let crawlers = try [operated.metricsPort, operated.webhookPort].map {
          try OperatedController.hostile("headers", "\($0)", "40", "20")
        }
        #expect(try await operated.review(within: 8).code == 200)
        for crawler in crawlers {
          let report = try JSONDecoder().decode(
            [String: Double].self, from: Data(try await crawler.output(within: .seconds(40)).expectSuccess().utf8))
          #expect((report["longest"] ?? 99) < 18 && (report["shortest"] ?? 0) > 8, "\(report)")
        }
        #expect(try await operated.health().code == 200)
      }
    }

    @Test func `a body of a hundred megabytes is refused without being kept, and many large ones share a budget`()
      async throws
    {
      try await OperatedController.with { operated in
        let huge = try Workspace.current.file("huge.json", String(repeating: " ", count: 100 << 20))
        let before = try operated.peakMemory()
        let answer = try await operated.ask(
          port: operated.webhookPort, OperatedController.reviewPath, "--header", "Content-Type: application/json",
          "--data-binary", "@\(huge)", within: 20)
        #expect(answer.code == 0 || answer.text.contains("limit is"), "\(answer)")
        let afterOne = try operated.peakMemory()
        #expect(afterOne - before < 64, "\(before) MB, then \(afterOne) MB")

        let large = try Workspace.current.file("large.json", String(repeating: " ", count: 12 << 20))
        let url = "https://127.0.0.1:\(operated.webhookPort)\(OperatedController.reviewPath)"
        let clients = try (0..<16).map { _ in
          try ChildProcess([
            "curl", "--silent", "--insecure", "--max-time", "30", "--output", "/dev/null", "--write-out",
            "%{http_code}",
            "--header", "Content-Type: application/json", "--data-binary", "@\(large)", url,
          ])
        }
        var codes: [String] = []
        for client in clients { codes.append(try await client.output(within: .seconds(40)).out) }
        // Those that found room are told that a review is not so large; whoever found none was told to come back.
        #expect(codes.allSatisfy { ["200", "503", "000"].contains($0) }, "\(codes)")
        let afterMany = try operated.peakMemory()
        #expect(afterMany - before < 160, "\(before) MB, then \(afterMany) MB")
        try await eventually("there is room again", equals: true) {
          try await operated.review().text.contains(#""allowed":true"#)
        }
      }
    }

    @Test func `a storm of scrapes delays neither health nor the next Service`() async throws {
      try await OperatedController.with { operated in
        let token = try await operated.scraperToken()
        try await operated.kubectl.apply(Manifest.pool("pool", "192.0.2.0/24"))
        let storm = try OperatedController.hostile("storm", "\(operated.metricsPort)", "48", "60", token)
        try await operated.kubectl.apply(Manifest.service("calm"))
        try await eventually("the Service has its address", equals: ["192.0.2.0"], within: .seconds(15)) {
          try await operated.kubectl.addresses(of: "calm")
        }
        #expect(try await operated.ask(port: operated.healthPort, "/healthz", isSecure: false, within: 5).code == 200)
        try await Task.sleep(for: .seconds(3))
        #expect(storm.isRunning)
        storm.signal(SIGTERM)
        let report = try JSONDecoder().decode(
          [String: Int].self, from: Data(try await storm.output(within: .seconds(20)).expectSuccess().utf8))
        #expect((report["200"] ?? 0) > 20, "\(report)")
        #expect(report.keys.allSatisfy { ["200", "refused", "none"].contains($0) }, "\(report)")
        #expect(try operated.peakMemory() < 200)
      }
    }

    /// What matters are connections that are accepted and not yet served when the end comes: a few attempts, as it takes luck.
    @Test func `a server that is interrupted while clients rush in ends in good order`() async throws {
      for attempt in 1...3 {
        let port = try WebhookInstallation.freePort()
        let server = try await LabAPIServer(listen: "127.0.0.1:\(port)")
        let crowd = try OperatedController.hostile("rush", "\(port)", "2", "20")
        try await eventually("they have begun", within: .seconds(5)) {
          crowd.standardOutput
        } isRight: {
          $0.contains("ready")
        }
        try await Task.sleep(for: .milliseconds(100 * attempt))
        #expect(await server.process.stop() == 0, "\(server.process.standardError.suffix(2000))")
        _ = try await crowd.output(within: .seconds(30)).expectSuccess()
      }
    }

    /// A certificate by openssl, valid for so many days from a date on, in a directory; `otherKey` = with a key that is not its.
    private func makeCertificate(
      in directory: URL, named name: String, from date: String = "now", otherKey: Bool = false
    ) async throws {
      let script = """
        set -e; cd '\(directory.path)'
        faketime '\(date)' openssl req -x509 -newkey rsa:2048 -nodes -days 10 -subj '/CN=\(name)' -keyout new.key -out new.crt
        [ '\(otherKey)' = false ] || openssl genrsa -out new.key 2048
        mv new.key tls.key; mv new.crt tls.crt
        """
      _ = try await run(["sh", "-c", script], within: .seconds(20)).expectSuccess()
    }

    /// The name on the certificate that the metrics show; empty = none is shown.
    private func shownName(_ port: Int) async throws -> String {
      let script = "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null | openssl x509 -noout -subject"
      let subject = try await run(["sh", "-c", script], within: .seconds(10)).out
      return subject.components(separatedBy: "CN = ").last?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }

    @Test func `a certificate that is missing, expired or of another key is named once, until a good one comes`()
      async throws
    {
      let directory = Workspace.current.newDirectory("certificates")
      try await OperatedController.with(["--metrics-cert-dir=\(directory.path)"]) { operated in
        func awaitLog(_ sentence: String) async throws {
          try await eventually("the log says: \(sentence)", within: .seconds(10)) {
            operated.log
          } isRight: {
            $0.contains(sentence)
          }
        }
        try await awaitLog("the metrics have no usable certificate")
        #expect(try await self.shownName(operated.metricsPort) == "")
        try await self.makeCertificate(in: directory, named: "expired", from: "2001-01-01")
        try await awaitLog("clients refuse the certificate of the metrics")
        #expect(operated.log.contains("tls.crt has expired on 2001-01-11"))
        #expect(try await self.shownName(operated.metricsPort) == "expired")
        let missing = operated.count("the metrics have no usable certificate")
        try await self.makeCertificate(in: directory, named: "mismatched", otherKey: true)
        try await eventually("the wrong key is told", within: .seconds(10)) {
          operated.count("the metrics have no usable certificate")
        } isRight: {
          $0 > missing
        }
        #expect(try await self.shownName(operated.metricsPort) == "expired", "the last one that works is shown")
        try await self.makeCertificate(in: directory, named: "good")
        try await eventually("the good one is shown", equals: "good", within: .seconds(10)) {
          try await self.shownName(operated.metricsPort)
        }
        #expect(operated.count("clients refuse the certificate of the metrics") == 1)
        let token = try await operated.scraperToken()
        let page = try await operated.scrape(token: token)
        #expect(page.text.contains(#"metallb_certificate_expiry_timestamp_seconds{use="metrics"}"#), "\(page)")
        #expect(page.text.contains(#"metallb_certificate_expiry_timestamp_seconds{use="webhooks"}"#))
      }
    }
  }
}
