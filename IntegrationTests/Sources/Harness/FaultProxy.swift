import Foundation

/// A proxy before an API server that misbehaves on command (Peers/fault-proxy.py has the rules).
package struct FaultProxy: Sendable {
  package let process: ChildProcess
  package let kubeconfig: String
  private let address: String

  /// Where it takes orders.
  package var url: String { self.address }

  package static func with(kubeconfig: String, _ body: (FaultProxy) async throws -> Void) async throws {
    let proxy = try await FaultProxy(before: kubeconfig)
    do {
      try await body(proxy)
    } catch {
      await proxy.process.stop()
      throw error
    }
    await proxy.process.stop()
  }

  init(before kubeconfig: String) async throws {
    let program = Tool.repository.appendingPathComponent("IntegrationTests/Peers/fault-proxy.py").path
    let process = try ChildProcess([try Tool.cached("python/bin/python"), program, kubeconfig])
    let port = try await eventually("the proxy listens") {
      process.standardOutput.trimmingCharacters(in: .newlines)
    } isRight: {
      !$0.isEmpty
    }
    self.process = process
    self.address = "http://127.0.0.1:\(port)"
    self.kubeconfig = try Workspace.current.file(
      "kubeconfig",
      """
      apiVersion: v1
      kind: Config
      clusters: [{name: proxy, cluster: {server: "\(self.address)"}}]
      contexts: [{name: proxy, context: {cluster: proxy, user: nobody}}]
      users: [{name: nobody, user: {}}]
      current-context: proxy
      """)
  }

  /// One rule: what happens to the requests that it matches.
  package struct Rule: Encodable, Sendable {
    package var method: String?
    package var path: String?
    package var watch: Bool?
    package var times: Int?
    package var delay: Double?
    package var action: String?
    package var code: Int?
    package var body: String?
    package var headers: [String: String]?
    package var from: String?
    package var to: String?

    package init(
      _ action: String? = nil, method: String? = nil, path: String? = nil, watch: Bool? = nil, times: Int? = nil
    ) {
      self.action = action
      self.method = method
      self.path = path
      self.watch = watch
      self.times = times
    }

    /// Answers a metav1.Status with this code.
    package static func status(
      _ code: Int, reason: String, method: String? = nil, path: String? = nil, watch: Bool? = nil, times: Int? = nil,
      headers: [String: String]? = nil
    ) -> Rule {
      var rule = Rule("status", method: method, path: path, watch: watch, times: times)
      rule.code = code
      rule.headers = headers
      rule.body =
        #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"by order of a test","reason":"\#(reason)","code":\#(code)}"#
      return rule
    }
  }

  package func set(_ rules: Rule...) async throws {
    let text = String(decoding: try JSONEncoder().encode(rules), as: UTF8.self)
    try await self.control("PUT", "/faults", text)
  }

  package func endWatches() async throws { try await self.control("DELETE", "/watches") }

  package func freezeWatches() async throws { try await self.control("PUT", "/watches/frozen") }

  /// How many requests of this method went to paths that contain a text.
  package func count(_ method: String, _ path: String) async throws -> Int {
    let text = try await self.control("GET", "/requests")
    let counts = try JSONDecoder().decode([String: Int].self, from: Data(text.utf8))
    return counts.filter { $0.key.hasPrefix("\(method) ") && $0.key.contains(path) }.values.reduce(0, +)
  }

  @discardableResult
  private func control(_ method: String, _ path: String, _ body: String = "") async throws -> String {
    try await run(
      [
        "curl", "--silent", "--fail", "--max-time", "10", "--request", method, "--data-binary", "@-",
        self.address + path,
      ],
      input: body
    ).expectSuccess()
  }
}
