/// A page of metrics in Prometheus' text format, version 0.0.4.
///
/// A page is built from the state at the moment of a scrape, so that metrics are a projection and never a second truth.
package struct MetricsPage: Sendable {
  /// The `Content-Type` of the page.
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// What a family's numbers mean.
  package enum Kind: String, Sendable {
    case counter
    case gauge
    case histogram
  }

  /// One number with the labels that tell it from the others of its family.
  package struct Sample: Sendable {
    package let labels: [(name: String, value: String)]
    package let value: Double
    /// What follows the name of the family, where a family has several names.
    let suffix: String

    package init(_ value: Double, labels: KeyValuePairs<String, String> = [:], suffix: String = "") {
      self.suffix = suffix
      self.labels = labels.map { (name: $0.key, value: $0.value) }
      self.value = value
    }
  }

  private var lines: [String] = []

  package init() {}

  /// Appends a family; one without samples is left out, as Prometheus' own libraries do.
  package mutating func append(_ name: String, _ kind: Kind, help: String, _ samples: [Sample]) {
    guard !samples.isEmpty else { return }
    self.lines.append("# HELP \(name) \(Self.escaped(help, quotes: false))")
    self.lines.append("# TYPE \(name) \(kind.rawValue)")
    for sample in samples {
      let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }.joined(separator: ",")
      self.lines.append("\(name)\(sample.suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.text(of: sample.value))")
    }
  }

  /// Appends a family of a single sample without labels.
  package mutating func append(_ name: String, _ kind: Kind, help: String, _ value: Double) {
    self.append(name, kind, help: help, [Sample(value)])
  }

  package var text: String { self.lines.joined(separator: "\n") + (self.lines.isEmpty ? "" : "\n") }

  static func text(of value: Double) -> String {
    if let integer = Int64(exactly: value) { return String(integer) }
    if value.isNaN { return "NaN" }
    return value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : String(value)
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
