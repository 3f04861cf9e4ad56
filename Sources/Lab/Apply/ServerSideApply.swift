import KubernetesModel

/// Server-side apply, and the bookkeeping of who set what by all other writes.
///
/// A manager that applies a configuration owns the fields in it. It may change what others own only by force; what it
/// owned alone and applies no more is removed.
package enum ServerSideApply {
  /// The fields that belong to the server.
  private static let unmanaged: FieldSet = {
    let names = [
      "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
      "resourceVersion",
    ]
    let metadata = names.map { FieldPath([.field("metadata"), .field($0)]) }
    return FieldSet(metadata + ["apiVersion", "kind", "metadata"].map { FieldPath([.field($0)]) })
  }()

  private static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

  /// Applies a configuration.
  ///
  /// - Parameters:
  ///   - live: the stored object; nil = it will be created.
  ///   - shape: `BuiltInTypes.shape(for:)` or `StructuralSchema.resourceShape`.
  /// - Returns: the object to store, with its managed fields. It equals `live` when nothing changes.
  package static func apply(
    _ configuration: JSONValue, to live: JSONValue?, shape: Shape, manager name: String, subresource: String = "",
    force: Bool = false, at now: Timestamp
  ) throws(ApplyError) -> JSONValue {
    if let managed = configuration[path: "metadata", "managedFields"]?.array, !managed.isEmpty {
      throw .managedFieldsNotNil
    }
    let configuration = Self.withoutNulls(configuration)
    try self.check(configuration, shape)
    let apiVersion = configuration["apiVersion"]?.string ?? ""
    let manager = ManagedFields.Manager(
      name: name, operation: .apply, apiVersion: apiVersion, subresource: subresource)
    let writer = Writer(manager: manager, apiVersion: apiVersion, shape: shape, now: now)
    do throws(ApplyError) {
      return try writer.apply(configuration, to: live, force: force)
    } catch {
      // kubectl takes over what it has applied from the client's side before.
      guard name == "kubectl", case .conflicts(let conflicts) = error, let live else { throw error }
      let allowed = self.fieldsAppliedByClient(live, shape)
      let left = conflicts.filter { FieldSet([$0.path]).subtractingRecursively(allowed).isEmpty == false }
      guard left.isEmpty else { throw .conflicts(left) }
      return try writer.apply(configuration, to: live, force: true)
    }
  }

  /// Books any other write: what differs from the stored object now belongs to the writer.
  ///
  /// - Parameters:
  ///   - old: the stored object; nil = it is created.
  ///   - new: the object to store. Managed fields in it stand for those of `old`, so that a client can edit them; an
  ///     empty list keeps those of `old`.
  package static func update(
    _ new: JSONValue, replacing old: JSONValue?, shape: Shape, manager name: String, subresource: String = "",
    at now: Timestamp
  ) -> JSONValue {
    let apiVersion = new["apiVersion"]?.string ?? ""
    let manager = ManagedFields.Manager(
      name: name, operation: .update, apiVersion: apiVersion, subresource: subresource)
    var managed = ManagedFields(of: new)
    let isReset = new[path: "metadata", "managedFields"] == [[:]]
    if managed.isEmpty || !subresource.isEmpty { managed = isReset ? ManagedFields() : ManagedFields(of: old) }
    let difference = self.difference(from: old ?? Self.empty(like: new, shape), to: new, shape)
    let written = difference.added.union(difference.modified)
    for other in managed.entries.keys where other != manager {
      managed.take(written.union(difference.removed), from: other)
    }
    let mine = (managed[manager] ?? FieldSet()).subtracting(difference.removed).union(written)
    managed.set(mine, of: manager, apiVersion: apiVersion)
    if !difference.isEmpty { managed.touch(manager, at: now) }
    return managed.written(to: new)
  }

  /// One application of a configuration by a manager.
  private struct Writer {
    let manager: ManagedFields.Manager
    let apiVersion: String
    let shape: Shape
    let now: Timestamp

    func apply(_ configuration: JSONValue, to live: JSONValue?, force: Bool) throws(ApplyError) -> JSONValue {
      var managed = ManagedFields(of: live)
      if let live, managed.isEmpty { managed = self.ownersBefore(live) }
      let previous = managed[self.manager]
      let mine = self.shape.fields(of: configuration).subtracting(ServerSideApply.unmanaged)
      managed.set(mine, of: self.manager, apiVersion: self.apiVersion)
      var result = self.shape.merged(configuration, into: live)
      if let previous { result = self.shape.removing(previous, keeping: managed.union, from: result) }
      result = ServerSideApply.withAnnotation(result, live: live, configuration: configuration, manager: self.manager)
      let difference = ServerSideApply.difference(from: live, to: result, self.shape)
      let changed = difference.added.union(difference.modified)
      var conflicts: [ApplyError.Conflict] = []
      let others = managed.entries.keys.filter { $0 != self.manager }.sorted { $0.sentence < $1.sentence }
      for other in others {
        let contested = (managed[other] ?? FieldSet()).intersection(changed)
        conflicts += contested.paths.map { ApplyError.Conflict(manager: other, path: $0) }
        managed.take(contested.union(difference.removed), from: other)
      }
      guard force || conflicts.isEmpty else { throw .conflicts(conflicts) }
      if !difference.isEmpty { managed.touch(self.manager, at: self.now) }
      return managed.written(to: result)
    }

    /// An object that was written before anybody kept books belongs to a manager of its own.
    private func ownersBefore(_ live: JSONValue) -> ManagedFields {
      var managed = ManagedFields()
      let before = ManagedFields.Manager(
        name: "before-first-apply", operation: .update, apiVersion: self.apiVersion)
      managed.set(
        self.shape.fields(of: live).subtracting(ServerSideApply.unmanaged), of: before, apiVersion: self.apiVersion)
      return managed
    }
  }

  private static func check(_ configuration: JSONValue, _ shape: Shape) throws(ApplyError) {
    var object = configuration
    object["apiVersion"] = nil
    object["kind"] = nil
    guard let misfit = shape.misfit(in: object) else { return }
    let metadata = configuration["metadata"]
    let apiVersion = configuration["apiVersion"]?.string ?? ""
    let group = apiVersion.contains("/") ? apiVersion : "/\(apiVersion)"
    let place = "\(metadata?["namespace"]?.string ?? "")/\(metadata?["name"]?.string ?? "")"
    let kind = configuration["kind"]?.string ?? ""
    throw .misfit("failed to create typed patch object (\(place); \(group), Kind=\(kind)): \(misfit)")
  }

  private static func difference(from old: JSONValue?, to new: JSONValue, _ shape: Shape) -> Shape.Difference {
    var difference = shape.difference(from: old ?? [:], to: new)
    difference.added = difference.added.subtracting(self.unmanaged)
    difference.modified = difference.modified.subtracting(self.unmanaged)
    difference.removed = difference.removed.subtracting(self.unmanaged)
    // The books themselves are not a field that one can own.
    let books = FieldSet([FieldPath([.field("metadata"), .field("managedFields")])])
    difference.added = difference.added.subtractingRecursively(books)
    difference.modified = difference.modified.subtractingRecursively(books)
    difference.removed = difference.removed.subtractingRecursively(books)
    return difference
  }

  /// What a new built-in object is compared with: its parts are there from the beginning, so that nobody owns them.
  private static func empty(like object: JSONValue, _ shape: Shape) -> JSONValue {
    guard case .object(let members) = object, case .named = shape, let record = shape.record else { return [:] }
    var result: [String: JSONValue] = [:]
    for (name, member) in members where member.object != nil {
      guard let field = record.field(name), case .named = field.shape, !field.isAtomic else { continue }
      result[name] = self.empty(like: member, field.shape)
    }
    return .object(result)
  }

  /// The fields of the last configuration that a client applied, as far as the object still has these values.
  private static func fieldsAppliedByClient(_ live: JSONValue, _ shape: Shape) -> FieldSet {
    guard let text = live[path: "metadata", "annotations", self.lastApplied]?.string,
      let applied = JSONValue(text: text)
    else { return FieldSet() }
    let difference = shape.difference(from: applied, to: live)
    let changed = difference.added.union(difference.modified).union(difference.removed)
    var fields = shape.fields(of: applied).subtracting(changed)
    fields.insert(FieldPath([.field("metadata"), .field("annotations"), .field(self.lastApplied)]))
    return fields
  }

  /// Keeps the annotation of client-side apply in step while kubectl applies from both sides.
  private static func withAnnotation(
    _ object: JSONValue, live: JSONValue?, configuration: JSONValue, manager: ManagedFields.Manager
  ) -> JSONValue {
    guard manager.name == "kubectl", manager.subresource.isEmpty,
      live?[path: "metadata", "annotations", self.lastApplied] != nil,
      object[path: "metadata", "annotations", self.lastApplied] != nil
    else { return object }
    var result = object
    result["metadata"]?["annotations"]?[self.lastApplied] = .string(configuration.compactText + "\n")
    return result
  }

  private static func withoutNulls(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members): .object(members.filter { $0.value != .null }.mapValues(self.withoutNulls))
    case .array(let elements): .array(elements.map(self.withoutNulls))
    default: value
    }
  }
}
