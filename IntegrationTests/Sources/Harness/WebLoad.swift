import Foundation

/// A client of a lab that asks a Service fifty times a second, each time on a new connection, while something else happens.
package struct WebLoad: Sendable {
  package struct Request: Sendable {
    /// The time of day at its beginning.
    package let begun: Date
    package let duration: Duration
    package let isAnswered: Bool
  }

  package let requests: [Request]
  /// When the body began and when it was through.
  package let struck: Date

  /// Runs for some seconds; after one of them `body` runs.
  package static func run(
    _ lab: Lab, _ address: String, seconds: Int, while body: () async throws -> Void
  ) async throws -> WebLoad {
    let script = Tool.repository.appendingPathComponent("IntegrationTests/Peers/load.py").path
    let load = try lab.start("client", "python3", script, address, "\(seconds)")
    try await Task.sleep(for: .seconds(1))
    let struck = Date()
    try await body()
    let text = try await load.output(within: .seconds(seconds + 20)).expectSuccess()
    let requests = text.split(separator: "\n").compactMap { line -> Request? in
      let fields = line.split(separator: " ").compactMap { Double($0) }
      guard fields.count == 3 else { return nil }
      return Request(
        begun: Date(timeIntervalSince1970: fields[0]), duration: .milliseconds(Int(fields[1] * 1000)),
        isAnswered: fields[2] == 1)
    }
    guard requests.count > seconds * 20 else {
      throw HarnessError.notReady("only \(requests.count) requests in \(seconds) s: \(text.suffix(300))")
    }
    return WebLoad(requests: requests, struck: struck)
  }

  package var answered: Int { self.requests.filter(\.isAnswered).count }

  /// How long after the strike the last request began that was not answered within a time; zero if there is none.
  package func trouble(slowerThan limit: Duration) -> Duration {
    let last = self.requests.filter { !$0.isAnswered || $0.duration > limit }.map(\.begun).max()
    guard let last, last > self.struck else { return .zero }
    return .milliseconds(Int(last.timeIntervalSince(self.struck) * 1000))
  }
}
