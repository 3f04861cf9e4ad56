/// Why a text is no duration; the sentences are those of Go's `time.ParseDuration`.
enum GoDurationFailure: Error, Hashable, CustomStringConvertible {
  case invalid(String)
  case missingUnit(String)
  case unknownUnit(String, in: String)

  private static let units: Set<Substring> = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"]

  /// The failure of a text that cannot be read.
  init(of text: String) {
    func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }
    var rest = Substring(text)
    if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
    while !rest.isEmpty {
      let number = rest.prefix { isDigit($0) || $0 == "." }
      guard number.contains(where: isDigit) else { break }
      rest = rest[number.endIndex...]
      let unit = rest.prefix { $0 != "." && !isDigit($0) }
      guard !unit.isEmpty else {
        self = .missingUnit(text)
        return
      }
      guard Self.units.contains(unit) else {
        self = .unknownUnit(String(unit), in: text)
        return
      }
      rest = rest[unit.endIndex...]
    }
    self = .invalid(text)
  }

  var description: String {
    switch self {
    case .invalid(let text): "time: invalid duration \(GoText.quoted(text))"
    case .missingUnit(let text): "time: missing unit in duration \(GoText.quoted(text))"
    case .unknownUnit(let unit, let text):
      "time: unknown unit \(GoText.quoted(unit)) in duration \(GoText.quoted(text))"
    }
  }
}
