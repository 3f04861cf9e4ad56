import Foundation

/// `metallb bfd` on a host of a test's network: one BFD session of ours, and what it says of it.
package struct BFDProbe: Sendable {
  private let process: ChildProcess

  /// A line that it printed.
  package struct Line: Sendable, Equatable {
    package let at: Date
    package let text: String
  }

  package static func start(on host: NetworkHost, with peer: String, _ options: String...) throws -> BFDProbe {
    BFDProbe(process: try host.start([try Tool.metallb(), "bfd", peer] + options))
  }

  package var lines: [Line] {
    self.process.standardOutput.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
      guard parts.count == 2, let at = Self.time(parts[0]) else { return nil }
      return Line(at: at, text: parts[1])
    }
  }

  package var errors: String { self.process.standardError }

  /// How often the session went up and down so far, and why, in words.
  package var changes: [String] { self.lines.map(\.text).filter { $0 == "up" || $0.hasPrefix("down") } }

  /// Waits for the change with this number, and returns it.
  @discardableResult
  package func awaitChange(_ number: Int, _ text: String, within limit: Duration = .seconds(10)) async throws -> Line {
    let lines = try await eventually(
      "change \(number) of the session is \"\(text)\"", within: limit, every: .milliseconds(20)
    ) {
      let changes = self.lines.filter { $0.text == "up" || $0.text.hasPrefix("down") }
      if changes.isEmpty, !self.errors.isEmpty { throw HarnessError.notReady(self.errors) }
      return changes
    } isRight: {
      $0.count > number
    }
    guard lines[number].text == text else { throw HarnessError.notReady("\(text) expected, but \(lines.map(\.text))") }
    return lines[number]
  }

  /// Stops it, and returns its last line and whether it found the session up.
  package func stop() async -> (summary: String, wasUp: Bool) {
    let code = await self.process.stop()
    return (self.lines.last?.text ?? "", code == 0)
  }

  private static func time(_ text: String) -> Date? {
    // Seconds, then six decimals and a Z: more than what Foundation's formats read.
    guard let point = text.firstIndex(of: "."), let fraction = Double("0" + text[point...].dropLast()) else {
      return nil
    }
    return (try? Date("\(text[..<point])Z", strategy: .iso8601)).map { $0 + fraction }
  }
}
