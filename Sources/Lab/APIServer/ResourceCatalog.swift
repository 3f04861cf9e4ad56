import KubernetesModel

/// All kinds that the API server serves at the moment: the built-in ones, and those of the installed CRDs.
package struct ResourceCatalog: Sendable {
  package static let definitions = ResourceCollection(
    group: "apiextensions.k8s.io", plural: "customresourcedefinitions")

  private var byPath: [Place: ResourceDefinition] = [:]
  private var groups: [String: [String]] = [:]

  private struct Place: Hashable {
    var group: String
    var version: String
    var plural: String
  }

  package init() {
    for definition in BuiltInResources.all { self.add(definition) }
  }

  /// The group's versions, the preferred one first; none if there is no such group.
  package func versions(of group: String) -> [String] { self.groups[group] ?? [] }

  /// All groups but the core's, in the order of their names.
  package var groupNames: [String] { self.groups.keys.filter { !$0.isEmpty }.sorted() }

  package func definition(_ type: ResourceType) -> ResourceDefinition? {
    self.definition(group: type.group, version: type.version, plural: type.plural)
  }

  package func definition(group: String, version: String, plural: String) -> ResourceDefinition? {
    self.byPath[Place(group: group, version: version, plural: plural)]
  }

  package func definition(apiVersion: String, kind: String) -> ResourceDefinition? {
    self.byPath.values.first { $0.type.apiVersion == apiVersion && $0.type.kind == kind }
  }

  package func definitions(group: String, version: String) -> [ResourceDefinition] {
    self.byPath.values.filter { $0.type.group == group && $0.type.version == version }
      .sorted { $0.type.plural < $1.type.plural }
  }

  /// Everything that is served, in all versions.
  package var all: [ResourceDefinition] {
    ([""] + self.groupNames).flatMap { group in
      self.versions(of: group).flatMap { self.definitions(group: group, version: $0) }
    }
  }

  /// One definition for each place where objects are kept: in the version that its group prefers.
  package var stored: [ResourceDefinition] {
    var seen: Set<ResourceCollection> = []
    return self.all.filter { $0.isStored && seen.insert($0.collection).inserted }
  }

  /// The type that a collection's objects are best handled as.
  package func type(of collection: ResourceCollection) -> ResourceType? {
    for version in self.versions(of: collection.group) {
      if let definition = self.definition(group: collection.group, version: version, plural: collection.plural) {
        return definition.type
      }
    }
    return nil
  }

  package mutating func add(_ definition: ResourceDefinition) {
    let type = definition.type
    self.byPath[Place(group: type.group, version: type.version, plural: type.plural)] = definition
    if self.groups[type.group]?.contains(type.version) != true {
      self.groups[type.group, default: []].append(type.version)
      self.groups[type.group]?.sort(by: KubernetesVersion.isPreferred)
    }
  }

  package mutating func remove(_ collection: ResourceCollection) {
    for (place, definition) in self.byPath where definition.isCustom && definition.collection == collection {
      self.byPath[place] = nil
    }
    let versions = self.byPath.keys.filter { $0.group == collection.group }.map { $0.version }
    self.groups[collection.group]?.removeAll { !versions.contains($0) }
    if self.groups[collection.group]?.isEmpty == true { self.groups[collection.group] = nil }
  }

  /// What a CRD defines: one definition for each version that it serves.
  package static func definitions(of crd: JSONValue) -> [ResourceDefinition] {
    guard let spec = crd["spec"], let group = spec["group"]?.string, let names = spec["names"],
      let plural = names["plural"]?.string, let kind = names["kind"]?.string
    else { return [] }
    let versions = spec["versions"]?.array ?? []
    let storage = versions.first { $0["storage"]?.bool == true }?["name"]?.string ?? ""
    return versions.filter { $0["served"]?.bool == true }.compactMap { version in
      guard let name = version["name"]?.string else { return nil }
      let schema = version[path: "schema", "openAPIV3Schema"]
      var subresources: [String] = []
      if version[path: "subresources", "status"] != nil { subresources.append("status") }
      if version[path: "subresources", "scale"] != nil { subresources.append("scale") }
      let warning =
        version["deprecated"]?.bool == true
        ? version["deprecationWarning"]?.string ?? "\(group)/\(name) \(kind) is deprecated" : nil
      return ResourceDefinition(
        ResourceType(
          group: group, version: name, plural: plural, kind: kind,
          isNamespaced: spec["scope"]?.string != "Cluster"),
        singular: names["singular"]?.string,
        shortNames: (names["shortNames"]?.array ?? []).compactMap { $0.string },
        categories: (names["categories"]?.array ?? []).compactMap { $0.string },
        verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
        subresources: subresources, rules: CustomResourceRules(hasStatus: subresources.contains("status")),
        custom: CustomResource(
          schema: schema.flatMap { try? StructuralSchema(openAPIV3Schema: $0) }, openAPISchema: schema,
          printerColumns: version["additionalPrinterColumns"]?.array ?? [],
          selectableFields: (version["selectableFields"]?.array ?? []).compactMap {
            $0["jsonPath"]?.string.map { String($0.drop { $0 == "." }) }
          },
          deprecationWarning: warning, storageVersion: storage,
          isConverted: spec[path: "conversion", "strategy"]?.string == "Webhook"))
    }
  }
}

/// The order of API versions: stable before beta before alpha, then the higher number.
package enum KubernetesVersion {
  package static func isPreferred(_ left: String, _ right: String) -> Bool {
    switch (Self.rank(left), Self.rank(right)) {
    case (let left?, let right?): left > right
    case (.some, nil): true
    case (nil, .some): false
    case (nil, nil): left < right
    }
  }

  private static func rank(_ version: String) -> (Int, Int, Int)? {
    guard version.first == "v" else { return nil }
    let digits = version.dropFirst().prefix { $0.isNumber }
    guard let major = Int(digits) else { return nil }
    let rest = version.dropFirst(1 + digits.count)
    if rest.isEmpty { return (2, major, 0) }
    for (stability, name) in [(1, "beta"), (0, "alpha")] where rest.hasPrefix(name) {
      guard let minor = Int(rest.dropFirst(name.count)) else { return nil }
      return (stability, major, minor)
    }
    return nil
  }
}
