/// What names, labels and finalizers may look like; each rule answers with the sentence of a real API server, or nil.
package enum NameRules {
  /// An RFC 1123 label: namespaces and Services of recent versions.
  package static func labelProblem(_ name: String) -> String? {
    if name.utf8.count > 63 { return "must be no more than 63 characters" }
    guard !Self.isLabel(name) else { return nil }
    return
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
      + "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
      + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
  }

  /// An RFC 1035 label: Services.
  package static func dns1035LabelProblem(_ name: String) -> String? {
    if name.utf8.count > 63 { return "must be no more than 63 characters" }
    if Self.isLabel(name), let first = name.utf8.first, !Self.isDigit(first) { return nil }
    return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
      + "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
      + "'[a-z]([-a-z0-9]*[a-z0-9])?')"
  }

  /// An RFC 1123 subdomain: nearly every other kind.
  package static func subdomainProblem(_ name: String) -> String? {
    if name.utf8.count > 253 { return "must be no more than 253 characters" }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard name.isEmpty || !parts.allSatisfy({ Self.isLabel(String($0)) }) else { return nil }
    return
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
      + "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
      + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
  }

  /// A path segment: RBAC kinds, whose names may be nearly anything.
  package static func pathSegmentProblem(_ name: String) -> String? {
    if name == "." || name == ".." { return "may not be '\(name)'" }
    for character in ["/", "%"] where name.contains(character) { return "may not contain '\(character)'" }
    return nil
  }

  package static func labelKeyProblem(_ key: String) -> String? {
    let parts = key.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count <= 2, let name = parts.last else {
      return
        "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. "
        + "'example.com/MyName')"
    }
    if parts.count == 2 {
      if parts[0].isEmpty { return "prefix part must be non-empty" }
      if let problem = Self.subdomainProblem(String(parts[0])) { return "prefix part \(problem)" }
    }
    if name.isEmpty { return "name part must be non-empty" }
    if name.utf8.count > 63 { return "name part must be no more than 63 characters" }
    guard !Self.isQualified(name) else { return nil }
    return
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
      + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
      + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
  }

  package static func labelValueProblem(_ value: String) -> String? {
    if value.isEmpty { return nil }
    if value.utf8.count > 63 { return "must be no more than 63 characters" }
    guard !Self.isQualified(Substring(value)) else { return nil }
    return
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
      + "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
      + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
  }

  /// The keys of a ConfigMap's or Secret's data.
  package static func configKeyProblem(_ key: String) -> String? {
    if key.utf8.count > 253 { return "must be no more than 253 characters" }
    if key == "." { return "must not be '.'" }
    if key == ".." { return "must not be '..'" }
    let isValid = !key.isEmpty && key.utf8.allSatisfy { Self.isAlphanumeric($0) || "-_.".utf8.contains($0) }
    guard !isValid else { return nil }
    return
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
      + "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
  }

  private static func isLabel(_ name: String) -> Bool {
    guard let first = name.utf8.first, let last = name.utf8.last else { return false }
    return Self.isLowerAlphanumeric(first) && Self.isLowerAlphanumeric(last)
      && name.utf8.allSatisfy { Self.isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") } && name.utf8.count <= 63
  }

  private static func isQualified(_ name: Substring) -> Bool {
    guard let first = name.utf8.first, let last = name.utf8.last else { return false }
    return Self.isAlphanumeric(first) && Self.isAlphanumeric(last)
      && name.utf8.allSatisfy { Self.isAlphanumeric($0) || "-_.".utf8.contains($0) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
    Self.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    Self.isLowerAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }
}
