import KubernetesModel

/// A BGPPeer in its other version (contract section 3.4): `v1beta2` is stored, `v1beta1` is the deprecated form.
///
/// What is absent stays absent, in both directions (contract section 21.18). Fields that `v1beta1` lacks travel in an
/// annotation, so that a client of that version can write an object back without losing them.
package enum PeerConversion {
  package enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
    case otherKind(String)
    case unknownVersion(String)

    package var description: String {
      switch self {
      case .otherKind(let kind): "only BGPPeers have several versions, not \(GoText.quoted(kind))"
      case .unknownVersion(let version): "there is no version \(GoText.quoted(version)) of BGPPeer"
      }
    }
  }

  /// Holds, as JSON, the fields of a `v1beta2` spec that an object shown as `v1beta1` has no place for.
  package static let annotation = "metallb.io/v1beta2-fields"

  private static let old = LegacyBGPPeer.type.apiVersion
  private static let new = BGPPeer.type.apiVersion
  private static let oldFields: Set<String> = [
    "myASN", "peerASN", "peerAddress", "sourceAddress", "peerPort", "holdTime", "keepaliveTime", "routerID",
    "nodeSelectors", "password", "bfdProfile", "ebgpMultiHop",
  ]

  package static func convert(_ object: JSONValue, to version: String) throws(Failure) -> JSONValue {
    let kind = object["kind"]?.string ?? ""
    guard kind == BGPPeer.type.kind else { throw .otherKind(kind) }
    let from = object["apiVersion"]?.string ?? ""
    for version in [from, version] where ![Self.old, Self.new].contains(version) { throw .unknownVersion(version) }
    if from == version { return object }
    var converted = object
    converted["apiVersion"] = .string(version)
    if version == Self.old { Self.toOld(&converted) } else { Self.toNew(&converted) }
    return converted
  }

  private static func toOld(_ object: inout JSONValue) {
    guard let spec = object["spec"]?.object else { return }
    var shown = spec.filter { Self.oldFields.contains($0.key) }
    // These two must be there in the old version.
    if shown["peerASN"] == nil { shown["peerASN"] = 0 }
    if shown["peerAddress"] == nil { shown["peerAddress"] = "" }
    object["spec"] = .object(shown)
    let hidden = spec.filter { !Self.oldFields.contains($0.key) && $0.value != false }
    guard !hidden.isEmpty else { return }
    var metadata = object["metadata"] ?? [:]
    var annotations = metadata["annotations"] ?? [:]
    annotations[Self.annotation] = .string(String(decoding: JSONValue.object(hidden).jsonText, as: UTF8.self))
    metadata["annotations"] = annotations
    object["metadata"] = metadata
  }

  private static func toNew(_ object: inout JSONValue) {
    guard var spec = object["spec"]?.object else { return }
    // Go's zero values, which the old version cannot tell from absence.
    if spec["peerASN"] == 0 { spec["peerASN"] = nil }
    if spec["peerAddress"] == "" { spec["peerAddress"] = nil }
    if spec["peerPort"] == 0 { spec["peerPort"] = nil }
    if var annotations = object[path: "metadata", "annotations"]?.object,
      let text = annotations[Self.annotation]?.string, let hidden = try? JSONValue(json: text.utf8).object
    {
      for (field, value) in hidden where !Self.oldFields.contains(field) { spec[field] = value }
      annotations[Self.annotation] = nil
      object["metadata"]?["annotations"] = annotations.isEmpty ? nil : .object(annotations)
    }
    object["spec"] = .object(spec)
  }
}
