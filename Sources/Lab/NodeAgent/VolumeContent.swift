import FoundationEssentials
import KubernetesModel

/// The files of a pod's volumes, as names and bytes.
package enum VolumeContent {
  /// The volume with the token, the authority and the namespace that every pod has.
  static let serviceAccountVolume = "kube-api-access"

  /// What is in a volume; nil for one that begins empty.
  static func files(
    of volume: JSONValue, planner: ContainerPlanner, token: String, authority: String
  ) throws(ContainerPlanner.Missing) -> [String: [UInt8]]? {
    if let source = volume["configMap"] {
      return try Self.selected(source, name: source["name"]?.string, kind: "configmap", in: planner.configMaps)
    }
    if let source = volume["secret"] {
      return try Self.selected(source, name: source["secretName"]?.string, kind: "secret", in: planner.secrets)
    }
    if let source = volume["downwardAPI"] { return Self.downward(source, planner.place) }
    guard let sources = volume[path: "projected", "sources"]?.array else { return nil }
    var files: [String: [UInt8]] = [:]
    for source in sources {
      if let part = source["configMap"] {
        let name = part["name"]?.string
        if name == "kube-root-ca.crt", planner.configMaps["kube-root-ca.crt"] == nil {
          files["ca.crt"] = Array(authority.utf8)
        } else {
          files.merge(try Self.selected(part, name: name, kind: "configmap", in: planner.configMaps)) { $1 }
        }
      }
      if let part = source["secret"] {
        files.merge(
          try Self.selected(part, name: part["name"]?.string, kind: "secret", in: planner.secrets)
        ) { $1 }
      }
      if let part = source["downwardAPI"] { files.merge(Self.downward(part, planner.place)) { $1 } }
      if let part = source["serviceAccountToken"] { files[part["path"]?.string ?? "token"] = Array(token.utf8) }
    }
    return files
  }

  /// The entries of a ConfigMap or a Secret, decoded.
  static func entries(of object: LabObject) -> [String: [UInt8]] {
    let isSecret = object.json["kind"]?.string == "Secret"
    var entries: [String: [UInt8]] = [:]
    for (key, value) in object.json["data"]?.object ?? [:] {
      guard let text = value.string else { continue }
      entries[key] = isSecret ? Data(base64Encoded: text).map { Array($0) } : Array(text.utf8)
    }
    for (key, value) in object.json["binaryData"]?.object ?? [:] {
      entries[key] = value.string.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
    }
    for (key, value) in object.json["stringData"]?.object ?? [:] { entries[key] = value.string.map { Array($0.utf8) } }
    return entries
  }

  private static func selected(
    _ source: JSONValue, name: String?, kind: String, in objects: [String: LabObject]
  ) throws(ContainerPlanner.Missing) -> [String: [UInt8]] {
    let isOptional = source["optional"]?.bool == true
    guard let object = objects[name ?? ""] else {
      if isOptional { return [:] }
      throw ContainerPlanner.Missing(description: "\(kind) \"\(name ?? "")\" not found")
    }
    let entries = Self.entries(of: object)
    guard let items = source["items"]?.array else { return entries }
    var files: [String: [UInt8]] = [:]
    for item in items {
      guard let key = item["key"]?.string, let path = item["path"]?.string else { continue }
      if let value = entries[key] {
        files[path] = value
      } else if !isOptional {
        throw ContainerPlanner.Missing(description: "\(kind) \"\(name ?? "")\" has no key \"\(key)\"")
      }
    }
    return files
  }

  private static func downward(_ source: JSONValue, _ place: PodPlace) -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for item in source["items"]?.array ?? [] {
      guard let path = item["path"]?.string, let field = item[path: "fieldRef", "fieldPath"]?.string else { continue }
      files[path] = Array((place.field(field) ?? "").utf8)
    }
    return files
  }
}
