import Foundation

/// A client of a lab that asks a Service fifty times a second, each time on a new connection, while something else happens.
package struct WebLoad: Sendable {
  package struct Request: Sendable {
    /// The time of day at its beginning.
    package let begun: Date
    package let duration: Duration
    package let isAnswered: Bool
    /// The network had lost something of it. That the client or the server was slow loses nothing.
    package let wasResent: Bool
  }

  package let requests: [Request]

  /// Runs for some seconds; after the first of them `body` runs.
  package static func run(
    _ lab: Lab, _ address: String, seconds: Int, while body: () async throws -> Void
  ) async throws -> WebLoad {
    let script = Tool.repository.appendingPathComponent("IntegrationTests/Peers/load.py").path
    let load = try lab.start("client", "python3", script, address, "\(seconds)")
    try await eventually("the load gets answers") {
      load.standardOutput
    } isRight: {
      $0.contains(" 1 0\n")
    }
    try await Task.sleep(for: .seconds(1))
    try await body()
    let text = try await load.output(within: .seconds(seconds + 20)).expectSuccess()
    let requests = text.split(separator: "\n").compactMap { line -> Request? in
      let fields = line.split(separator: " ").compactMap { Double($0) }
      guard fields.count == 4 else { return nil }
      return Request(
        begun: Date(timeIntervalSince1970: fields[0]), duration: .milliseconds(Int(fields[1] * 1000)),
        isAnswered: fields[2] == 1, wasResent: fields[3] == 1)
    }
    guard requests.count > seconds * 20 else {
      throw HarnessError.notReady("only \(requests.count) requests in \(seconds) s: \(text.suffix(300))")
    }
    return WebLoad(requests: requests)
  }

  package var answered: Int { self.requests.filter(\.isAnswered).count }

  /// The time in which requests began that were not answered, or that the network made slower than this; zero for one or none.
  package func outage(slowerThan limit: Duration) -> Duration {
    let moments = self.requests.filter { !$0.isAnswered || ($0.wasResent && $0.duration > limit) }.map(\.begun)
    guard let first = moments.min(), let last = moments.max() else { return .zero }
    return .milliseconds(Int(last.timeIntervalSince(first) * 1000))
  }
}
