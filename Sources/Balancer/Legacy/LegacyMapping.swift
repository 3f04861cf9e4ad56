import KubernetesModel

/// One mapping of the old configuration while it is read: gives its members by name and type, and remembers what does
/// not fit and what nobody asked for.
struct LegacyMapping {
  private let members: [String: JSONValue]
  private let path: String
  private var taken: Set<String> = []
  /// What was found so far, in the order of reading.
  private(set) var findings: [LegacyFinding] = []

  /// `path` is where the mapping stands, empty for the document itself.
  init(_ value: JSONValue, at path: String) {
    self.path = path
    switch value {
    case .object(let members): self.members = members
    case .null: self.members = [:]
    default:
      self.members = [:]
      self.findings.append(Self.mismatch(value, at: path, wanted: "a mapping"))
    }
  }

  /// The place of a member.
  func place(_ name: String) -> String { self.path.isEmpty ? name : "\(self.path).\(name)" }

  mutating func report(_ finding: LegacyFinding) { self.findings.append(finding) }

  /// A text; a number or a truth value counts as its spelling, as it did in the ConfigMap's days.
  mutating func string(_ name: String) -> String? {
    guard let value = self.take(name) else { return nil }
    guard let text = Self.text(value) else {
      self.findings.append(Self.mismatch(value, at: self.place(name), wanted: "a text"))
      return nil
    }
    return text
  }

  mutating func bool(_ name: String) -> Bool? {
    guard let value = self.take(name) else { return nil }
    if let bool = value.bool { return bool }
    self.findings.append(Self.mismatch(value, at: self.place(name), wanted: "true or false"))
    return nil
  }

  mutating func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
    guard let value = self.take(name) else { return nil }
    if let integer = value.integer, range.contains(integer) { return integer }
    self.findings.append(
      Self.mismatch(
        value, at: self.place(name), wanted: "a whole number from \(range.lowerBound) to \(range.upperBound)"))
    return nil
  }

  mutating func strings(_ name: String) -> [String] {
    self.list(name).enumerated().compactMap { index, value in
      if let text = Self.text(value) { return text }
      self.findings.append(Self.mismatch(value, at: "\(self.place(name))[\(index)]", wanted: "a text"))
      return nil
    }
  }

  /// A mapping from texts to texts.
  mutating func dictionary(_ name: String) -> [String: String] {
    guard let value = self.take(name) else { return [:] }
    guard let members = value.object else {
      self.findings.append(Self.mismatch(value, at: self.place(name), wanted: "a mapping"))
      return [:]
    }
    var result: [String: String] = [:]
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      if let text = Self.text(value) {
        result[key] = text
      } else {
        self.findings.append(Self.mismatch(value, at: "\(self.place(name)).\(key)", wanted: "a text"))
      }
    }
    return result
  }

  /// A list of mappings, each read by `read`, which is also told the place.
  mutating func mappings<Entry>(_ name: String, _ read: (inout LegacyMapping) -> Entry) -> [Entry] {
    self.list(name).enumerated().map { index, value in
      var mapping = LegacyMapping(value, at: "\(self.place(name))[\(index)]")
      let entry = read(&mapping)
      self.findings += mapping.finished()
      return entry
    }
  }

  /// All findings, with a warning for each member that nobody asked for.
  func finished() -> [LegacyFinding] {
    self.findings
      + self.members.keys.filter { !self.taken.contains($0) }.sorted().map { name in
        LegacyFinding(
          field: self.place(name), message: "unknown field \(GoText.quoted(name)) is ignored",
          remedy: "Correct its name, or remove it.", isWarning: true)
      }
  }

  private mutating func take(_ name: String) -> JSONValue? {
    self.taken.insert(name)
    guard let value = self.members[name], value != .null else { return nil }
    return value
  }

  private mutating func list(_ name: String) -> [JSONValue] {
    guard let value = self.take(name) else { return [] }
    if let list = value.array { return list }
    self.findings.append(Self.mismatch(value, at: self.place(name), wanted: "a list"))
    return []
  }

  private static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .integer(let integer): String(integer)
    case .bool(let bool): bool ? "true" : "false"
    case .number(let number): "\(number)"
    case .null, .array, .object: nil
    }
  }

  private static func mismatch(_ value: JSONValue, at place: String, wanted: String) -> LegacyFinding {
    let found =
      switch value {
      case .null: "nothing"
      case .bool(let bool): "\(bool)"
      case .integer(let integer): "\(integer)"
      case .number(let number): "\(number)"
      case .string(let text): GoText.quoted(text)
      case .array: "a list"
      case .object: "a mapping"
      }
    return LegacyFinding(
      field: place, message: "\(place.isEmpty ? "the configuration" : place) must be \(wanted), but is \(found)",
      remedy: "Write \(wanted) here.")
  }
}

/// Something found in the old configuration: where, what, and what to do about it.
package struct LegacyFinding: Sendable, Hashable {
  /// The place in the text, such as `peers[0].hold-time`.
  package var field: String
  package var message: String
  package var remedy: String
  /// A warning does not keep the configuration from being used.
  package var isWarning: Bool

  package init(field: String, message: String, remedy: String, isWarning: Bool = false) {
    self.field = field
    self.message = message
    self.remedy = remedy
    self.isWarning = isWarning
  }
}
