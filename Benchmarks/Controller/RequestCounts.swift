import Foundation

/// How many requests a server has answered, by what they asked for; read from its own metrics.
struct RequestCounts: CustomStringConvertible {
  private var counts: [String: Int] = [:]

  /// Reads `apiserver_request_total`; watches are left out, as they last, and leases, which are renewed all the time.
  init(metrics: String) {
    for line in metrics.split(separator: "\n") where line.hasPrefix("apiserver_request_total{") {
      guard let verb = Self.label("verb", of: line), let resource = Self.label("resource", of: line),
        verb != "WATCH", !["", "leases"].contains(resource),
        let value = line.split(separator: " ").last.flatMap({ Double($0) })
      else { continue }
      let subresource = Self.label("subresource", of: line).flatMap { $0.isEmpty ? nil : "/\($0)" } ?? ""
      self.counts["\(verb) \(resource)\(subresource)", default: 0] += Int(value)
    }
  }

  func since(_ earlier: RequestCounts) -> RequestCounts {
    var difference = self
    difference.counts = self.counts.merging(earlier.counts) { $0 - $1 }.filter { $0.value > 0 }
    return difference
  }

  /// Those that change something.
  var writes: Int {
    self.counts.filter { !$0.key.hasPrefix("GET ") && !$0.key.hasPrefix("LIST ") }.values.reduce(0, +)
  }

  /// Those of a Service's status, by whomever.
  var statusWrites: Int { self.counts["PUT services/status", default: 0] }

  var description: String {
    self.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }

  private static func label(_ name: String, of line: Substring) -> String? {
    guard let start = line.range(of: "\(name)=\"")?.upperBound else { return nil }
    return line[start...].firstIndex(of: "\"").map { String(line[start..<$0]) }
  }
}
