import Foundation

extension Lab {
  /// What a scrape got: the HTTP code, and the page or the refusal.
  package struct Scrape: Sendable {
    package let code: Int
    package let text: String
  }

  /// A service account of the default namespace, and a token of it.
  package func createAccount(_ name: String) async throws -> String {
    try await self.kubectl("create", "serviceaccount", name)
    return try await self.kubectl("create", "token", name).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Lets an account of the default namespace read `/metrics`.
  package func allowScrapes(by account: String) async throws {
    try await self.kubectl("create", "clusterrole", account, "--verb=get", "--non-resource-url=/metrics")
    try await self.kubectl(
      "create", "clusterrolebinding", account, "--clusterrole=\(account)", "--serviceaccount=default:\(account)")
  }

  /// A token that may read the metrics, of an account that every test of a lab shares.
  package func scraperToken() async throws -> String {
    if try await self.kubectl("get", "serviceaccount", "prometheus", "--ignore-not-found").isEmpty {
      let token = try await self.createAccount("prometheus")
      try await self.allowScrapes(by: "prometheus")
      return token
    }
    return try await self.kubectl("create", "token", "prometheus").trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The metrics of the speaker of the `number`-th node, as someone with this token sees them.
  package func scrape(node number: Int, token: String?) async throws -> Scrape {
    let header = token.map { "--header 'Authorization: Bearer \($0)'" } ?? ""
    let output = try await self.exec(
      "node-\(number)", "sh", "-c",
      #"curl --silent --insecure --max-time 10 --write-out '\n%{http_code}' \#(header) https://198.18.0.1\#(number):9120/metrics"#
    )
    let lines = output.out.split(separator: "\n", omittingEmptySubsequences: false)
    return Scrape(code: lines.last.flatMap { Int($0) } ?? 0, text: lines.dropLast().joined(separator: "\n"))
  }
}
