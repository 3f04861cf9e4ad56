import KubernetesModel

/// Values as the sentences of the contract show them, which are those of Go's `%q` and `%v`.
package enum GoText {
  /// `%q` of a string: in double quotes, with what is not printable escaped.
  package static func quoted(_ text: some StringProtocol) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// `%q` of a list: `["a" "b"]`.
  package static func quoted(list: some Sequence<some CustomStringConvertible>) -> String {
    "[" + list.map { Self.quoted($0.description) }.joined(separator: " ") + "]"
  }

  /// `%q` of a label selector: `{map["app":"web"] [{"tier" "In" ["a" "b"]}]}`.
  package static func quoted(_ selector: LabelSelector) -> String {
    let labels = (selector.matchLabels ?? [:]).sorted { $0.key < $1.key }
      .map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
    let expressions = (selector.matchExpressions ?? []).map(Self.quoted)
    return "{map[\(labels.joined(separator: " "))] [\(expressions.joined(separator: " "))]}"
  }

  /// `%q` of one condition of a label selector: `{"tier" "In" ["a" "b"]}`.
  package static func quoted(_ requirement: LabelSelector.Requirement) -> String {
    "{\(Self.quoted(requirement.key)) \(Self.quoted(requirement.operator)) "
      + "\(Self.quoted(list: (requirement.values ?? []).sorted()))}"
  }
}
