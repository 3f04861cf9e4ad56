import KubernetesModel

/// The types of the built-in kinds, in a notation of one line or few per type.
///
/// A line that starts in the first column names a record (`group.version.Kind`, `atomic` when it is written as one
/// piece); the indented ones list its fields as `name:type=number` followed by marks:
///
///     [T] a list    {T} a map from strings    ...T=n fields of T that stand in this very object
///     map(a,b) set  list types for server-side apply (none: atomic)         atomic  a map or record of one piece
///     merge(key) merge retainKeys replace     for strategic merge patches
///     required default(x) enum(a,b)           for OpenAPI documents
///     optional                                absent is something else than zero, false or empty
package enum BuiltInTypes {
  package static let records: [String: RecordShape] = {
    var records: [String: RecordShape] = [:]
    for text in [Self.meta, Self.core, Self.pods, Self.workloads, Self.access, Self.extensions] {
      for record in Self.parse(text) { records[record.name] = record }
    }
    return Self.flattened(records)
  }()

  /// The description of a kind, if it is built in.
  package static func record(for type: ResourceType) -> RecordShape? {
    self.records[self.recordName(group: type.group, version: type.version, kind: type.kind)]
  }

  package static func shape(for type: ResourceType) -> Shape? {
    let name = self.recordName(group: type.group, version: type.version, kind: type.kind)
    return self.records[name] == nil ? nil : .named(name)
  }

  /// `core.v1.Service`, `rbac.v1.Role`.
  package static func recordName(group: String, version: String, kind: String) -> String {
    let first = group.isEmpty ? "core" : String(group.prefix { $0 != "." })
    return "\(first).\(version).\(kind)"
  }

  private static func parse(_ text: String) -> [RecordShape] {
    var records: [RecordShape] = []
    var field: FieldShape?
    func close() {
      if let last = field, !records.isEmpty { records[records.count - 1].fields[last.name] = last }
      field = nil
    }
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard line.hasPrefix(" ") else {
        close()
        records.append(RecordShape(name: String(words[0]), fields: [:], isAtomic: words.contains("atomic")))
        continue
      }
      for word in words {
        if let next = FieldShape(notation: word) {
          close()
          field = next
        } else {
          field?.mark(word)
        }
      }
    }
    close()
    return records
  }

  /// Gives records that embed others the embedded fields too, so that a look-up by JSON name finds them.
  private static func flattened(_ records: [String: RecordShape]) -> [String: RecordShape] {
    func fields(of record: RecordShape) -> [String: FieldShape] {
      var all = record.fields
      for field in record.fields.values where field.isInline {
        guard case .named(let name) = field.shape, let embedded = records[name] else { continue }
        for var inner in fields(of: embedded).values where !inner.isInline && all[inner.name] == nil {
          inner.number = 0
          all[inner.name] = inner
        }
      }
      return all
    }
    return records.mapValues { record in
      var record = record
      record.fields = fields(of: record)
      return record
    }
  }
}

extension FieldShape {
  /// Reads `name:type=number` or `...type=number`.
  fileprivate init?(notation word: Substring) {
    guard let equals = word.lastIndex(of: "="), let number = Int(word[word.index(after: equals)...]) else { return nil }
    let head = word[..<equals]
    if head.hasPrefix("...") {
      self.init(name: String(head), shape: Shape(notation: head.dropFirst(3)))
      self.isInline = true
    } else {
      guard let colon = head.firstIndex(of: ":") else { return nil }
      self.init(name: String(head[..<colon]), shape: Shape(notation: head[head.index(after: colon)...]))
    }
    self.number = number
  }

  fileprivate mutating func mark(_ word: Substring) {
    let parts = word.split(separator: "(", maxSplits: 1)
    let arguments = parts.count == 2 ? parts[1].dropLast().split(separator: ",", omittingEmptySubsequences: false) : []
    switch parts[0] {
    case "atomic":
      self.isAtomic = true
      if case .map(let value, _) = self.shape { self.shape = .map(value, isAtomic: true) }
    case "set": self.setListKind(.set)
    case "map": self.setListKind(.map(keys: arguments.map(String.init)))
    case "merge":
      self.patch.merges = true
      self.patch.mergeKey = arguments.first.map(String.init)
    case "retainKeys": self.patch.retainsKeys = true
    case "replace": self.patch.replaces = true
    case "required": self.isRequired = true
    case "optional": self.isOptional = true
    case "enum": self.enumeration = arguments.map(String.init)
    case "default": self.defaultValue = arguments.first.map { Self.literal($0) }
    default: break
    }
  }

  private mutating func setListKind(_ kind: Shape.ListKind) {
    if case .list(let element, _) = self.shape { self.shape = .list(element, kind) }
  }

  private static func literal(_ text: Substring) -> JSONValue {
    switch text {
    case "true": true
    case "false": false
    default: Int64(text).map(JSONValue.integer) ?? .string(String(text))
    }
  }
}

extension Shape {
  fileprivate init(notation: Substring) {
    if notation.hasPrefix("[") {
      self = .list(Shape(notation: notation.dropFirst().dropLast()), .atomic)
    } else if notation.hasPrefix("{") {
      self = .map(Shape(notation: notation.dropFirst().dropLast()), isAtomic: false)
    } else if let scalar = Scalar(rawValue: String(notation)) {
      self = .scalar(scalar)
    } else if notation.contains(".") {
      self = .named(String(notation))
    } else {
      self = .opaque
    }
  }
}
