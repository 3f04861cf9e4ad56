import Testing

@testable import Dashboard

/// Who gets what of the server on the loopback interface.
@Suite struct DoorkeeperTests {
  private static let keeper = Doorkeeper(port: 8080, token: "secret")

  private func verdict(
    _ path: String = "/stream", method: String = "GET", hosts: [String] = ["127.0.0.1:8080"], origin: String? = nil,
    site: String? = nil, token: String? = "secret"
  ) -> Doorkeeper.Verdict {
    Self.keeper.verdict(
      on: .init(method: method, path: path, hosts: hosts, origin: origin, fetchSite: site, token: token))
  }

  private func status(_ verdict: Doorkeeper.Verdict) -> Int {
    if case .refused(let status, _) = verdict { status } else { 200 }
  }

  @Test func `who has the token gets the stream, by every name of the loopback interface`() {
    for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"] {
      #expect(self.verdict(hosts: [host], origin: "http://\(host)", site: "same-origin") == .stream)
    }
  }

  @Test func `who has no token or a wrong one gets the page, and no data`() {
    for token in [nil, "", "secre", "secret2", "SECRET"] {
      #expect(self.status(self.verdict(token: token)) == 401)
      #expect(self.verdict("/", token: token) == .asset(.page))
    }
    #expect(
      Doorkeeper(port: 8080, token: "").verdict(
        on: .init(method: "GET", path: "/stream", hosts: ["127.0.0.1:8080"], token: "")) != .stream)
  }

  @Test func `a name that was made to point here is refused, also for the page, and so is another port`() {
    for hosts in [["evil.example:8080"], ["127.0.0.1"], ["127.0.0.1:8081"], [], ["127.0.0.1:8080", "evil.example"]] {
      for path in ["/", "/stream"] { #expect(self.status(self.verdict(path, hosts: hosts)) == 421) }
    }
  }

  @Test func `other pages of the browser are refused, with the token too`() {
    #expect(self.status(self.verdict(origin: "http://evil.example")) == 403)
    #expect(self.status(self.verdict(origin: "null")) == 403)
    for site in ["cross-site", "same-site"] { #expect(self.status(self.verdict(site: site)) == 403) }
    #expect(self.status(self.verdict("/", site: "none")) == 200)
  }

  @Test func `nothing but reading is served, and nothing but the page's own files`() {
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
      #expect(self.status(self.verdict(method: method)) == 405)
    }
    for path in ["/../etc/passwd", "/index.html", "//", "/stream/", "/style.css/"] {
      #expect(self.status(self.verdict(path)) == 404)
    }
  }

  @Test func `the page loads nothing from elsewhere, and allows no code but its own`() throws {
    for asset in Asset.allCases {
      let text = String(decoding: asset.bytes, as: UTF8.self)
      #expect(!text.isEmpty)
      let addresses = text.split(separator: "http").dropFirst().map { "http" + $0.prefix(30) }
      #expect(addresses.allSatisfy { $0.hasPrefix("http://www.w3.org/") }, "\(asset): \(addresses)")
      for word in ["innerHTML", "insertAdjacentHTML", "eval(", "document.write", "style=\"", "onclick="] {
        #expect(!text.contains(word), "\(asset) has \(word)")
      }
    }
    let policy = try #require(Asset.headers.first { $0.name == "Content-Security-Policy" }?.value)
    #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("*"))
  }
}

/// What a page may ask for.
@Suite struct DashboardQueryTests {
  @Test func `what makes no sense is as if it was not there`() {
    let query = DashboardQuery([
      ("q", "  Web   MAIL "), ("show", "everything"), ("services", "-3"), ("events", "x"),
      ("nodes", "99999999999999999"),
      ("service", "a/b/c"), ("unknown", "1"),
    ])
    #expect(query.words == ["web", "mail"] && query.filter == .all && query.service == nil)
    #expect(DashboardQuery.Section.allCases.allSatisfy { query.page(of: $0) == 0 })
    #expect(DashboardQuery([("service", "a/")]).service == nil)
    #expect(DashboardQuery([("services", "3")]).page(of: .services) == 2)
    let long = DashboardQuery([("q", String(repeating: "a ", count: 100_000))])
    #expect(long.words.count <= DashboardQuery.searchLimit)
  }
}
