import Glibc

/// How the demo speaks: with colour and marks in a terminal, in plain lines elsewhere.
package struct DemoScreen: Sendable {
  private let isFancy: Bool
  private let start: ContinuousClock.Instant

  package init() {
    let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
    self.isFancy = isatty(1) == 1 && getenv("NO_COLOR") == nil && !isDumb
    self.start = .now
  }

  package func title(_ text: String) { self.say("\n  \(self.style("1", text))\n\n") }

  /// A step that is under way; in a terminal it is overwritten by what became of it.
  package func begin(_ text: String) {
    if self.isFancy { self.say("  \(self.style("33", "○")) \(text) …") }
  }

  package func done(_ text: String) {
    let time = Self.seconds(ContinuousClock.now - self.start)
    if self.isFancy {
      self.say("\r\u{1B}[K  \(self.style("32", "●")) \(text)  \(self.style("2", time))\n")
    } else {
      self.say("ok      \(text)  (\(time))\n")
    }
  }

  package func failed(_ text: String, reason: String) {
    if self.isFancy {
      self.say("\r\u{1B}[K  \(self.style("31", "✗")) \(text)\n    \(self.style("31", reason))\n")
    } else {
      self.say("FAILED  \(text): \(reason)\n")
    }
  }

  package func detail(_ text: String) {
    for line in text.split(separator: "\n") { self.say("    \(self.isFancy ? self.style("2", "│ ") : "| ")\(line)\n") }
  }

  package func strong(_ text: String) -> String { self.style("1;36", text) }

  /// The outage as a row of marks: answered, partly answered, unanswered.
  package func timeline(_ loss: [Double]) {
    let marks = loss.map { share -> String in
      if share == 0 { return self.isFancy ? self.style("32", "▪") : "." }
      if share < 0.99 { return self.isFancy ? self.style("33", "▪") : "o" }
      return self.isFancy ? self.style("31", "▪") : "x"
    }
    if self.isFancy { self.say("\r\u{1B}[K") }
    self.detail(marks.joined())
  }

  package func end(_ text: String) { self.say("\n  \(text)\n\n") }

  package static func seconds(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    return "\(seconds).\(attoseconds / 100_000_000_000_000_000) s"
  }

  package static func milliseconds(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    return milliseconds < 1000 ? "\(milliseconds) ms" : Self.seconds(duration)
  }

  private func style(_ code: String, _ text: String) -> String {
    self.isFancy ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  private func say(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
      if count < 0 { if errno == EINTR { continue } else { return } }
      rest = rest.dropFirst(count)
    }
  }
}
