import KubernetesModel

/// Turns objects into the tables that `kubectl get` shows (`meta.k8s.io` Table).
///
/// Columns with a priority above 0 show with `-o wide` only. Built-in kinds have columns of their own (`PrinterColumns`);
/// those of a custom resource come from its CRD.
package struct TableRenderer: Sendable {
  /// What a row carries besides its cells (`includeObject`).
  package enum IncludedObject: String, Sendable, Hashable {
    case none = "None"
    case metadata = "Metadata"
    case object = "Object"

    /// An absent or empty parameter means the metadata; anything unknown is refused by the server with 400.
    package init?(parameter: String?) {
      switch parameter {
      case nil, "": self = .metadata
      case .some(let text):
        guard let value = IncludedObject(rawValue: text) else { return nil }
        self = value
      }
    }

    /// The message of that 400.
    package static func refusal(_ parameter: String) -> String {
      "Unable to convert to Table as requested: includeObject: Invalid value: \"\(parameter)\": "
        + "must be 'Metadata', 'Object', 'None', or empty"
    }
  }

  package let columns: [Column]

  package init(columns: [Column]) {
    self.columns = columns
  }

  /// The table of a built-in kind.
  package init(builtIn type: ResourceType) {
    self.columns = PrinterColumns.columns(for: type)
  }

  /// The table of a custom resource: its name, then `additionalPrinterColumns` of the CRD's version, or its age.
  package init(additionalPrinterColumns: [JSONValue]) {
    let columns = additionalPrinterColumns.compactMap(Column.init(printerColumn:))
    self.columns = [.name] + (columns.isEmpty ? [.ageOfCustomResource] : columns)
  }

  /// A table of `items` at a time.
  ///
  /// - Parameters:
  ///   - metadata: the metadata of the list, or of the single object (of which a table keeps the resourceVersion).
  ///   - includesColumns: false for all events of a watch but the first.
  package func table(
    of items: [JSONValue], metadata: JSONValue? = nil, include: IncludedObject = .metadata, version: String = "v1",
    includesColumns: Bool = true, at now: Timestamp
  ) -> JSONValue {
    var header: [String: JSONValue] = [:]
    for name in ["resourceVersion", "continue", "remainingItemCount"] { header[name] = metadata?[name] }
    return [
      "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": .object(header),
      "columnDefinitions": includesColumns ? .array(self.columns.map(\.definition)) : .null,
      "rows": .array(items.map { self.row($0, include: include, version: version, at: now) }),
    ]
  }

  /// The table of one object, for a GET by name and for watch events.
  package func table(
    of item: JSONValue, include: IncludedObject = .metadata, version: String = "v1", includesColumns: Bool = true,
    at now: Timestamp
  ) -> JSONValue {
    let metadata: JSONValue = .object(["resourceVersion": item[path: "metadata", "resourceVersion"] ?? ""])
    return self.table(
      of: [item], metadata: metadata, include: include, version: version, includesColumns: includesColumns, at: now)
  }

  /// An object reduced to its metadata (`PartialObjectMetadata`).
  package static func partialObject(_ object: JSONValue, version: String = "v1") -> JSONValue {
    [
      "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
      "metadata": object["metadata"] ?? [:],
    ]
  }

  private func row(
    _ item: JSONValue, include: IncludedObject, version: String, at now: Timestamp
  ) -> JSONValue {
    var row: [String: JSONValue] = ["cells": .array(self.columns.map { $0.cell(item, now) })]
    switch include {
    case .none: row["object"] = .null
    case .metadata: row["object"] = Self.partialObject(item, version: version)
    case .object: row["object"] = item
    }
    return .object(row)
  }
}
