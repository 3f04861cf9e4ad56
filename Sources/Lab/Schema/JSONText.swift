import KubernetesModel

extension JSONValue {
  /// The JSON text on one line with sorted members, as Go writes it: in table cells, error texts and field paths.
  package var compactText: String {
    var text = ""
    self.write(to: &text, escapingHTML: true)
    return text
  }

  /// The same with `<`, `>` and `&` as they are, as in the sentences of validation errors.
  package var compactTextUnescaped: String {
    var text = ""
    self.write(to: &text, escapingHTML: false)
    return text
  }

  private func write(to text: inout String, escapingHTML: Bool) {
    switch self {
    case .null: text += "null"
    case .bool(let bool): text += bool ? "true" : "false"
    case .integer(let integer): text += String(integer)
    case .number(let number):
      if let whole = Int64(exactly: number), abs(whole) < 1 << 53 { text += String(whole) } else { text += "\(number)" }
    case .string(let string): Self.write(string, to: &text, escapingHTML: escapingHTML)
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        element.write(to: &text, escapingHTML: escapingHTML)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { text += "," }
        Self.write(member.key, to: &text, escapingHTML: escapingHTML)
        text += ":"
        member.value.write(to: &text, escapingHTML: escapingHTML)
      }
      text += "}"
    }
  }

  private static func write(_ string: String, to text: inout String, escapingHTML: Bool) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "<", ">", "&":
        if escapingHTML {
          text += "\\u00" + String(scalar.value, radix: 16)
        } else {
          text.unicodeScalars.append(scalar)
        }
      case "\u{0}"..<"\u{20}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
