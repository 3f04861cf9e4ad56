import KubernetesModel

/// What a value in a Kubernetes object looks like and how two writers share it.
///
/// One description serves strategic merge patches (merge keys), server-side apply (list and map types), the check for
/// unknown fields, the protobuf codec (field numbers) and the OpenAPI documents. That of the built-in kinds is
/// `BuiltInTypes`; that of a custom resource is made from its CRD's schema.
package indirect enum Shape: Sendable, Hashable {
  case scalar(Scalar)
  /// A record of `BuiltInTypes`, by name: some of them contain themselves.
  case named(String)
  case record(RecordShape)
  case list(Shape, ListKind)
  case map(Shape, isAtomic: Bool)
  /// Anything, owned as one piece.
  case opaque
  /// Anything; objects in it are owned member by member, lists as one piece.
  case deduced

  package enum Scalar: String, Sendable, Hashable {
    case string, bool, int32, int64, double, bytes, time, microTime, quantity, intOrString
  }

  /// How elements of a list are told apart (`x-kubernetes-list-type`).
  package enum ListKind: Sendable, Hashable {
    case atomic
    case set
    case map(keys: [String])
  }
}

/// The fields of an object.
package struct RecordShape: Sendable, Hashable {
  package var name: String
  package var fields: [String: FieldShape]
  /// Written as one piece (`x-kubernetes-map-type: atomic`).
  package var isAtomic = false
  /// Members beyond `fields` are kept (`x-kubernetes-preserve-unknown-fields`).
  package var isOpen = false
}

extension RecordShape {
  /// The field with a number in the protobuf message.
  package func field(number: Int) -> FieldShape? {
    self.fields.values.first { $0.number == number && number != 0 }
  }
}

/// One field of a record.
package struct FieldShape: Sendable, Hashable {
  package var name: String
  package var shape: Shape
  /// The number in the protobuf message; 0 = none.
  package var number = 0
  /// This field's members stand in the enclosing JSON object itself; `name` is then its protobuf name only.
  package var isInline = false
  package var isAtomic = false
  package var isRequired = false
  /// A scalar for which absent is something else than zero, false or empty.
  package var isOptional = false
  package var defaultValue: JSONValue?
  package var enumeration: [String] = []
  package var patch = PatchBehaviour()

  package init(name: String, shape: Shape) {
    self.name = name
    self.shape = shape
  }
}

/// How a strategic merge patch treats a field (`patchStrategy`, `patchMergeKey`).
package struct PatchBehaviour: Sendable, Hashable {
  /// Lists merge element by element; without it they are replaced.
  package var merges = false
  package var mergeKey: String?
  /// The patch names all the members that stay.
  package var retainsKeys = false
  /// Objects are replaced instead of merged.
  package var replaces = false

  package init(merges: Bool = false, mergeKey: String? = nil, retainsKeys: Bool = false, replaces: Bool = false) {
    self.merges = merges
    self.mergeKey = mergeKey
    self.retainsKeys = retainsKeys
    self.replaces = replaces
  }
}

extension Shape {
  /// The record behind this shape, when it is one.
  package var record: RecordShape? {
    switch self {
    case .record(let record): record
    case .named(let name): BuiltInTypes.records[name]
    case .scalar, .list, .map, .opaque, .deduced: nil
    }
  }
}

extension RecordShape {
  /// The field that a member of the JSON object stands for.
  package func field(_ name: String) -> FieldShape? {
    guard let field = self.fields[name], !field.isInline else { return nil }
    return field
  }
}
