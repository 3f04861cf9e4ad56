import KubernetesModel

/// Who set which fields of an object: `metadata.managedFields`.
package struct ManagedFields: Sendable, Hashable {
  package enum Operation: String, Sendable, Hashable {
    case apply = "Apply"
    case update = "Update"
  }

  /// One writer. Two versions of the API are two writers when they update, but one when they apply.
  package struct Manager: Sendable, Hashable {
    package var name: String
    package var operation: Operation
    package var apiVersion: String
    package var subresource: String

    package init(name: String, operation: Operation, apiVersion: String, subresource: String = "") {
      self.name = name
      self.operation = operation
      self.apiVersion = operation == .apply ? "" : apiVersion
      self.subresource = subresource
    }

    /// How a conflict names it.
    package var sentence: String {
      var text = "\"\(self.name)\""
      if !self.subresource.isEmpty { text += " with subresource \"\(self.subresource)\"" }
      if self.operation == .update { text += " using \(self.apiVersion)" }
      return text
    }
  }

  struct Entry: Sendable, Hashable {
    var fields: FieldSet
    var apiVersion: String
    /// RFC 3339.
    var time: String?
  }

  private(set) var entries: [Manager: Entry] = [:]

  package init() {}

  /// Reads them from an object; entries that cannot be understood are left out.
  package init(of object: JSONValue?) {
    for item in object?[path: "metadata", "managedFields"]?.array ?? [] {
      guard let operation = item["operation"]?.string.flatMap(Operation.init), let fields = item["fieldsV1"] else {
        continue
      }
      let apiVersion = item["apiVersion"]?.string ?? ""
      let manager = Manager(
        name: item["manager"]?.string ?? "", operation: operation, apiVersion: apiVersion,
        subresource: item["subresource"]?.string ?? "")
      let set = FieldSet(fieldsV1: fields)
      let previous = self.entries[manager]
      self.entries[manager] = Entry(
        fields: previous?.fields.union(set) ?? set, apiVersion: apiVersion, time: item["time"]?.string)
    }
  }

  package var isEmpty: Bool { self.entries.isEmpty }

  package subscript(_ manager: Manager) -> FieldSet? { self.entries[manager]?.fields }

  /// Gives a manager another set of fields. An updating manager without fields goes.
  mutating func set(_ fields: FieldSet, of manager: Manager, apiVersion: String) {
    guard !fields.isEmpty || manager.operation == .apply else {
      self.entries[manager] = nil
      return
    }
    self.entries[manager] = Entry(fields: fields, apiVersion: apiVersion, time: self.entries[manager]?.time)
  }

  /// Notes when a manager changed the object last.
  mutating func touch(_ manager: Manager, at now: Timestamp) { self.entries[manager]?.time = now.text }

  /// Takes fields away from a manager without changing its time.
  mutating func take(_ fields: FieldSet, from manager: Manager) {
    guard let entry = self.entries[manager] else { return }
    let left = entry.fields.subtracting(fields)
    self.entries[manager]?.fields = left
    if left.isEmpty { self.entries[manager] = nil }
  }

  /// All fields that any manager has set.
  var union: FieldSet { self.entries.values.reduce(FieldSet()) { $0.union($1.fields) } }

  /// As they stand in an object: who applies first, then by time.
  package var json: JSONValue {
    let sorted = self.entries.sorted { left, right in
      func order(_ entry: (key: Manager, value: Entry)) -> (Int, String, String, String) {
        (entry.key.operation == .apply ? 0 : 1, entry.value.time ?? "", entry.key.name, entry.key.subresource)
      }
      return order(left) < order(right)
    }
    return .array(
      sorted.map { manager, entry in
        var item: [String: JSONValue] = [
          "manager": .string(manager.name), "operation": .string(manager.operation.rawValue),
          "apiVersion": .string(entry.apiVersion), "fieldsType": "FieldsV1", "fieldsV1": entry.fields.fieldsV1,
        ]
        if let time = entry.time { item["time"] = .string(time) }
        if !manager.subresource.isEmpty { item["subresource"] = .string(manager.subresource) }
        return .object(item)
      })
  }

  /// The object with these in its metadata.
  package func written(to object: JSONValue) -> JSONValue {
    var result = object
    var metadata = object["metadata"] ?? [:]
    metadata["managedFields"] = self.isEmpty ? JSONValue?.none : self.json
    result["metadata"] = metadata
    return result
  }
}
