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

  /// `%v` of a label selector: `{map[app:web] [{tier In [a b]}]}`.
  package static func plain(_ selector: LabelSelector) -> String {
    let labels = (selector.matchLabels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
    let expressions = (selector.matchExpressions ?? []).map { requirement in
      "{\(requirement.key) \(requirement.operator) [\((requirement.values ?? []).sorted().joined(separator: " "))]}"
    }
    return "{map[\(labels.joined(separator: " "))] [\(expressions.joined(separator: " "))]}"
  }

  /// `%v` of a pointer to a label selector, which prints itself in the manner of protocol buffers.
  package static func verbose(_ selector: LabelSelector) -> String {
    let labels = (selector.matchLabels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)," }
    let expressions = (selector.matchExpressions ?? []).map { requirement in
      "LabelSelectorRequirement{Key:\(requirement.key),Operator:\(requirement.operator),"
        + "Values:[\((requirement.values ?? []).sorted().joined(separator: " "))],},"
    }
    return "&LabelSelector{MatchLabels:map[string]string{\(labels.joined())},"
      + "MatchExpressions:[]LabelSelectorRequirement{\(expressions.joined())},}"
  }

  /// The error of Go's `strconv.ParseUint` with base 10; nil if the text is a number of that many bits.
  package static func parseUintError(_ text: some StringProtocol, bits: Int) -> String? {
    let failure = "strconv.ParseUint: parsing \(Self.quoted(text))"
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return "\(failure): invalid syntax"
    }
    guard let number = UInt64(text), bits >= 64 || number >> UInt64(bits) == 0 else {
      return "\(failure): value out of range"
    }
    return nil
  }
}
