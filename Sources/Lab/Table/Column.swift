import KubernetesModel

/// One column of a table: its heading and the cell it makes of an object.
package struct Column: Sendable {
  package let name: String
  package let type: String
  package let format: String
  package let description: String
  /// 0 shows always, anything above with `-o wide` only.
  package let priority: Int64
  package let cell: @Sendable (_ object: JSONValue, _ now: Timestamp) -> JSONValue

  package init(
    _ name: String, type: String = "string", format: String = "", description: String = "", wide: Bool = false,
    cell: @escaping @Sendable (JSONValue, Timestamp) -> JSONValue
  ) {
    self.init(
      name, type: type, format: format, description: description, priority: wide ? 1 : 0, cell: cell)
  }

  private init(
    _ name: String, type: String, format: String, description: String, priority: Int64,
    cell: @escaping @Sendable (JSONValue, Timestamp) -> JSONValue
  ) {
    self.name = name
    self.type = type
    self.format = format
    self.description = description
    self.priority = priority
    self.cell = cell
  }

  /// An entry of a CRD's `additionalPrinterColumns`; nil when it has no usable path.
  package init?(printerColumn: JSONValue) {
    guard let name = printerColumn["name"]?.string, let text = printerColumn["jsonPath"]?.string,
      let path = JSONPath(text)
    else { return nil }
    let type = printerColumn["type"]?.string ?? "string"
    self.init(
      name, type: type, format: printerColumn["format"]?.string ?? "",
      description: printerColumn["description"]?.string
        ?? "Custom resource definition column (in JSONPath format): \(text)",
      priority: printerColumn["priority"]?.integer ?? 0
    ) { object, now in
      path.values(in: object).first.map { Self.customCell($0, type: type, at: now) } ?? .null
    }
  }

  package var definition: JSONValue {
    [
      "name": .string(self.name), "type": .string(self.type), "format": .string(self.format),
      "description": .string(self.description), "priority": .integer(self.priority),
    ]
  }

  /// A value of another type than its column's is left out.
  private static func customCell(_ value: JSONValue, type: String, at now: Timestamp) -> JSONValue {
    switch (type, value) {
    case ("string", .string): value
    case ("string", .null): .null
    case ("string", _): .string(value.compactText)
    case ("integer", .integer), ("number", .number), ("boolean", .bool): value
    case ("integer", .number(let number)): Int64(exactly: number.rounded(.towardZero)).map(JSONValue.integer) ?? .null
    case ("number", .integer(let integer)): .number(Double(integer))
    case ("date", .string(let text)): .string(Self.age(text, at: now))
    default: .null
    }
  }

  /// The time since an RFC 3339 text, as a human reads it.
  static func age(_ text: String?, at now: Timestamp) -> String {
    guard let text, !text.isEmpty else { return "<unknown>" }
    guard let time = Timestamp(text) else { return "<invalid>" }
    return HumanDuration(seconds: (now.microseconds - time.microseconds) / 1_000_000).description
  }
}

extension Column {
  static let name = Column("Name", format: "name", description: "The object's name.") { object, _ in
    .string(object[path: "metadata", "name"]?.string ?? "")
  }

  static let age = Column("Age", description: "Time since the object was created.") { object, now in
    .string(Self.age(object[path: "metadata", "creationTimestamp"]?.string, at: now))
  }

  static let createdAt = Column("Created At", type: "date", description: "When the object was created.") { object, _ in
    object[path: "metadata", "creationTimestamp"] ?? .null
  }

  static let ageOfCustomResource = Column("Age", type: "date", description: "Time since the object was created.") {
    object, now in .string(Self.age(object[path: "metadata", "creationTimestamp"]?.string, at: now))
  }

  /// A column that shows one value by its path.
  static func value(_ name: String, _ path: String..., absent: JSONValue = "", wide: Bool = false) -> Column {
    Column(name, wide: wide) { object, _ in
      let value = path.reduce(JSONValue?.some(object)) { $0?[$1] }
      return value == nil || value == .null || value == "" ? absent : value ?? absent
    }
  }

  /// A column that shows a counter; absent means 0.
  static func count(_ name: String, type: String = "integer", _ path: String...) -> Column {
    Column(name, type: type) { object, _ in
      path.reduce(JSONValue?.some(object)) { $0?[$1] } ?? 0
    }
  }

  static func text(
    _ name: String, wide: Bool = false, _ text: @escaping @Sendable (JSONValue) -> String
  ) -> Column {
    Column(name, wide: wide) { object, _ in .string(text(object)) }
  }
}
