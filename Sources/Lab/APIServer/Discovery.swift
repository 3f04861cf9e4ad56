import Crypto
import KubernetesModel

/// The documents that tell clients what is served: one by one, and all at once for newer ones.
struct Discovery {
  let catalog: ResourceCatalog
  let address: String

  static let aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

  var coreVersions: JSONValue {
    [
      "kind": "APIVersions", "versions": ["v1"],
      "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(self.address)]],
    ]
  }

  var groupList: JSONValue {
    [
      "kind": "APIGroupList", "apiVersion": "v1",
      "groups": .array(self.catalog.groupNames.map { self.header(of: $0) }),
    ]
  }

  func group(_ name: String) -> JSONValue? {
    guard !self.catalog.versions(of: name).isEmpty, !name.isEmpty else { return nil }
    var group = self.header(of: name)
    group["kind"] = "APIGroup"
    group["apiVersion"] = "v1"
    return group
  }

  private func header(of name: String) -> JSONValue {
    let versions: [JSONValue] = self.catalog.versions(of: name).map { version in
      ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
    }
    return [
      "name": .string(name), "versions": .array(versions), "preferredVersion": versions.first ?? .null,
    ]
  }

  func resources(group: String, version: String) -> JSONValue? {
    let definitions = self.catalog.definitions(group: group, version: version)
    guard !definitions.isEmpty else { return nil }
    var list: JSONValue = [
      "kind": "APIResourceList",
      "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"),
      "resources": .array(definitions.flatMap { Self.plainEntries($0) }),
    ]
    if !group.isEmpty { list["apiVersion"] = "v1" }
    return list
  }

  private static func plainEntries(_ definition: ResourceDefinition) -> [JSONValue] {
    let type = definition.type
    var entry: JSONValue = [
      "name": .string(type.plural), "singularName": .string(definition.singular),
      "namespaced": .bool(type.isNamespaced), "kind": .string(type.kind), "verbs": .strings(definition.verbs),
    ]
    if !definition.shortNames.isEmpty { entry["shortNames"] = .strings(definition.shortNames) }
    if !definition.categories.isEmpty { entry["categories"] = .strings(definition.categories) }
    if definition.isStored { entry["storageVersionHash"] = .string(Self.storageHash(of: definition)) }
    return [entry]
      + definition.subresources.map { name in
        let subresource = Subresource(name, of: type)
        var entry: JSONValue = [
          "name": .string("\(type.plural)/\(name)"), "singularName": "", "namespaced": .bool(type.isNamespaced),
          "kind": .string(subresource.kind), "verbs": .strings(subresource.verbs),
        ]
        if let group = subresource.group { entry["group"] = .string(group) }
        if let version = subresource.version { entry["version"] = .string(version) }
        return entry
      }
  }

  private static func storageHash(of definition: ResourceDefinition) -> String {
    let version = definition.custom?.storageVersion ?? definition.type.version
    let text = "\(definition.collection.group)/\(version)/\(definition.type.kind)"
    return Base64.encode(Array(SHA256.hash(data: Array(text.utf8)).prefix(8)))
  }

  /// The aggregated form: of the core group at `/api`, of all others at `/apis`.
  func aggregated(isCore: Bool) -> JSONValue {
    let groups = isCore ? [""] : self.catalog.groupNames
    return [
      "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
      "items": .array(
        groups.map { group in
          [
            "metadata": group.isEmpty ? [:] : ["name": .string(group)],
            "versions": .array(
              self.catalog.versions(of: group).map { version in
                [
                  "version": .string(version), "freshness": "Current",
                  "resources": .array(
                    self.catalog.definitions(group: group, version: version).map { Self.aggregatedEntry($0) }),
                ]
              }),
          ]
        }),
    ]
  }

  private static func aggregatedEntry(_ definition: ResourceDefinition) -> JSONValue {
    let type = definition.type
    func kind(_ group: String, _ version: String, _ kind: String) -> JSONValue {
      ["group": .string(group), "version": .string(version), "kind": .string(kind)]
    }
    var entry: JSONValue = [
      "resource": .string(type.plural),
      "responseKind": definition.isCustom ? kind(type.group, type.version, type.kind) : kind("", "", type.kind),
      "scope": type.isNamespaced ? "Namespaced" : "Cluster", "singularResource": .string(definition.singular),
      "verbs": .strings(definition.verbs),
    ]
    if !definition.shortNames.isEmpty { entry["shortNames"] = .strings(definition.shortNames) }
    if !definition.categories.isEmpty { entry["categories"] = .strings(definition.categories) }
    if !definition.subresources.isEmpty {
      entry["subresources"] = .array(
        definition.subresources.map { name in
          let subresource = Subresource(name, of: type)
          return [
            "subresource": .string(name), "verbs": .strings(subresource.verbs),
            "responseKind": kind(
              subresource.group ?? (definition.isCustom ? type.group : ""),
              subresource.version ?? (definition.isCustom ? type.version : ""), subresource.kind),
          ]
        })
    }
    return entry
  }

  /// A tag that changes with the document.
  static func entityTag(of body: [UInt8]) -> String {
    let digits = SHA512.hash(data: body).map { byte in
      let text = String(byte, radix: 16, uppercase: true)
      return text.count == 1 ? "0" + text : text
    }
    return "\"\(digits.joined())\""
  }
}

/// A part of an object with a path of its own.
struct Subresource {
  let kind: String
  let verbs: [String]
  var group: String?
  var version: String?

  init(_ name: String, of type: ResourceType) {
    switch name {
    case "scale":
      self.kind = "Scale"
      self.verbs = ["get", "patch", "update"]
      self.group = "autoscaling"
      self.version = "v1"
    case "log":
      self.kind = type.kind
      self.verbs = ["get"]
    case "proxy":
      self.kind = "PodProxyOptions"
      self.verbs = ["get"]
    case "binding":
      self.kind = "Binding"
      self.verbs = ["create"]
    case "eviction":
      self.kind = "Eviction"
      self.verbs = ["create"]
      self.group = "policy"
      self.version = "v1"
    case "token":
      self.kind = "TokenRequest"
      self.verbs = ["create"]
      self.group = "authentication.k8s.io"
      self.version = "v1"
    case "finalize":
      self.kind = type.kind
      self.verbs = ["update"]
    default:
      self.kind = type.kind
      self.verbs = ["get", "patch", "update"]
    }
  }
}

extension JSONValue {
  static func strings(_ strings: [String]) -> JSONValue { .array(strings.map { .string($0) }) }
}
