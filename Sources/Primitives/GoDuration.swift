/// Durations as Go writes them, which is how users know them: `1.5s`, `1m30s`, `500ms`.
package enum GoDuration {
  private static let units: [(suffix: String, unit: Duration)] = [
    ("ns", .nanoseconds(1)), ("us", .microseconds(1)), ("µs", .microseconds(1)), ("ms", .milliseconds(1)),
    ("s", .seconds(1)), ("m", .seconds(60)), ("h", .seconds(3600)),
  ]

  /// Reads what Go's `time.ParseDuration` does, up to some 290 years; nil if it is something else.
  package static func parse(_ text: some StringProtocol) -> Duration? {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
    if rest == "0" { return .zero }
    guard !rest.isEmpty else { return nil }
    var total = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
      rest = rest.dropFirst(digits.count)
      let suffix = rest.prefix { !("0"..."9").contains($0) && $0 != "." }
      rest = rest.dropFirst(suffix.count)
      guard digits.contains(where: { $0 != "." }), let number = Self.number(digits),
        let unit = Self.units.first(where: { $0.suffix == suffix })?.unit
      else { return nil }
      total += number * (unit / .nanoseconds(1))
    }
    guard total < Double(Int64.max) else { return nil }
    return .nanoseconds(Int64(isNegative ? -total : total))
  }

  /// A decimal number, of which either the whole or the fraction may be missing, as in `1.` and `.5`.
  private static func number(_ digits: Substring) -> Double? {
    let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    return Double((parts[0].isEmpty ? "0" : parts[0]) + "." + (parts.count > 1 && !parts[1].isEmpty ? parts[1] : "0"))
  }
}
