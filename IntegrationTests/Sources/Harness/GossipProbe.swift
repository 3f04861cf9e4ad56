import Foundation

/// `metallb gossip`: a bare member of ours, and what it says of the group.
package struct GossipProbe: Sendable {
  package let process: ChildProcess

  package static func start(on host: NetworkHost, _ arguments: String...) throws -> GossipProbe {
    GossipProbe(process: try host.start([try Tool.metallb(), "gossip"] + arguments))
  }

  package init(process: ChildProcess) {
    self.process = process
  }

  /// What it has said, without the time: `joined: beta 198.18.1.3:7946 alive, incarnation 1`.
  package var lines: [String] {
    self.process.standardOutput.split(separator: "\n").map { line in
      line.split(separator: " ", maxSplits: 1).last.map(String.init) ?? ""
    }
  }

  /// Waits for a line that begins so, after the first `count` lines.
  @discardableResult
  package func awaitLine(_ start: String, after count: Int = 0, within limit: Duration = .seconds(20)) async throws
    -> String
  {
    try await eventually("the gossip tells \"\(start)\"", within: limit, every: .milliseconds(20)) {
      let lines = self.lines
      guard let line = lines.dropFirst(count).first(where: { $0.hasPrefix(start) }) else {
        throw HarnessError.notReady((lines + [self.process.standardError]).joined(separator: "\n"))
      }
      return line
    } isRight: { _ in
      true
    }
  }

  /// Stops it; returns whether it found anybody.
  @discardableResult
  package func stop() async -> Bool { await self.process.stop() == 0 }
}
