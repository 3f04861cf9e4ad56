/// Durations as Go writes them, which is how objects (`metav1.Duration`), settings files and users have them: `90s`,
/// `1m30s`, `1.5h`, `300ms`.
package enum GoDuration {
  private static let units: [(name: String, attoseconds: Int128)] = [
    ("ns", 1_000_000_000), ("us", 1_000_000_000_000), ("µs", 1_000_000_000_000), ("μs", 1_000_000_000_000),
    ("ms", 1_000_000_000_000_000), ("s", 1_000_000_000_000_000_000), ("m", 60_000_000_000_000_000_000),
    ("h", 3_600_000_000_000_000_000_000),
  ]
  /// Go counts nanoseconds in 64 bits.
  private static let limit = Int128(Int64.max) * 1_000_000_000

  /// Reads a text as Go's `time.ParseDuration` does; nil if it is none.
  package static func parse(_ text: some StringProtocol) -> Duration? {
    var rest = Substring(text)
    var sign: Int128 = 1
    if let first = rest.first, first == "-" || first == "+" {
      if first == "-" { sign = -1 }
      rest.removeFirst()
    }
    if rest == "0" { return .zero }
    guard !rest.isEmpty else { return nil }
    var total: Int128 = 0
    while !rest.isEmpty {
      guard let term = Self.term(&rest) else { return nil }
      guard term <= Self.limit - total else { return nil }
      total += term
    }
    return Duration(attoseconds: sign * total)
  }

  /// One number with its unit, taken off the front.
  private static func term(_ rest: inout Substring) -> Int128? {
    func digits() -> Substring {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest[digits.endIndex...]
      return digits
    }
    let whole = digits()
    var fraction: Substring = ""
    if rest.first == "." {
      rest.removeFirst()
      fraction = digits()
    }
    guard !(whole.isEmpty && fraction.isEmpty), whole.count <= 19 else { return nil }
    let name = rest.prefix { $0 != "." && !($0.isASCII && $0.isNumber) }
    guard let unit = Self.units.first(where: { $0.name == name }) else { return nil }
    rest = rest[name.endIndex...]
    // Nineteen digits of hours are more than 128 bits hold, and a fraction may be what is too much.
    let (product, isTooLarge) = (Int128(whole) ?? 0).multipliedReportingOverflow(by: unit.attoseconds)
    guard !isTooLarge, product <= Self.limit else { return nil }
    var value = product
    var scale = unit.attoseconds
    for digit in fraction {
      scale /= 10
      value += Int128(digit.wholeNumberValue ?? 0) * scale
    }
    return value
  }

  /// The text that Go's `Duration.String` gives: `1m30s`, `2s`, `0s`, `1.5s`, `300ms`.
  package static func text(of duration: Duration) -> String {
    let nanoseconds = duration.attoseconds / 1_000_000_000
    guard nanoseconds != 0 else { return "0s" }
    let sign = nanoseconds < 0 ? "-" : ""
    let size = nanoseconds.magnitude
    func decimal(_ value: UInt128, per unit: UInt128) -> String {
      let (whole, part) = value.quotientAndRemainder(dividingBy: unit)
      guard part > 0 else { return String(whole) }
      let digits = String(part + unit).dropFirst()
      let last = digits.lastIndex { $0 != "0" } ?? digits.startIndex
      return "\(whole).\(digits[...last])"
    }
    switch size {
    case ..<1_000: return "\(sign)\(size)ns"
    case ..<1_000_000: return "\(sign)\(decimal(size, per: 1_000))µs"
    case ..<1_000_000_000: return "\(sign)\(decimal(size, per: 1_000_000))ms"
    default:
      let (minutes, rest) = size.quotientAndRemainder(dividingBy: 60_000_000_000)
      let seconds = "\(decimal(rest, per: 1_000_000_000))s"
      guard minutes > 0 else { return sign + seconds }
      return minutes < 60 ? "\(sign)\(minutes)m\(seconds)" : "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
    }
  }
}
