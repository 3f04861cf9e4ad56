import Crypto
import KubernetesModel

/// The OpenAPI documents of the API server: `/openapi/v3` with one document per group and version, and `/openapi/v2`.
///
/// kubectl validates with them (1.20), finds out whether the server validates (newer ones), takes merge keys from them
/// and explains fields with them. They are made from `BuiltInTypes` and the schemas of the installed CRDs.
package struct OpenAPIDocuments: Sendable {
  /// A kind that the server offers.
  package struct ServedKind: Sendable, Hashable {
    package var type: ResourceType
    /// `openAPIV3Schema` of the CRD's version; nil for built-in kinds.
    package var schema: JSONValue?
    package var subresources: [String]

    package init(type: ResourceType, schema: JSONValue? = nil, subresources: [String] = []) {
      self.type = type
      self.schema = schema
      self.subresources = subresources
    }

    /// The path of the document that describes it, such as `apis/metallb.io/v1beta1`.
    package var documentPath: String {
      self.type.group.isEmpty ? "api/\(self.type.version)" : "apis/\(self.type.group)/\(self.type.version)"
    }
  }

  private let kinds: [ServedKind]
  private let version: String

  /// - Parameter version: the server's version, such as `v1.36.2`.
  package init(kinds: [ServedKind], version: String) {
    self.kinds = kinds.sorted { ($0.documentPath, $0.type.kind) < ($1.documentPath, $1.type.kind) }
    self.version = version
  }

  /// The paths of all documents of version 3.
  package var paths: [String] {
    var paths: [String] = []
    for kind in self.kinds where paths.last != kind.documentPath { paths.append(kind.documentPath) }
    return paths
  }

  /// The answer to `/openapi/v3`: where each document is, with its hash so that it can be kept for ever.
  package func index() -> JSONValue {
    var entries: [String: JSONValue] = [:]
    for path in self.paths {
      guard let document = self.document(path: path) else { continue }
      entries[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(Self.hash(of: document))")]
    }
    return ["paths": .object(entries)]
  }

  /// The document of one group and version; nil if there is none.
  package func document(path: String) -> JSONValue? {
    let kinds = self.kinds.filter { $0.documentPath == path }
    guard !kinds.isEmpty else { return nil }
    var schemas = OpenAPISchemas(dialect: .v3)
    var paths: [String: JSONValue] = [:]
    for kind in kinds {
      let name = schemas.add(kind)
      paths.merge(OpenAPIPaths.paths(of: kind, schema: name, dialect: .v3)) { first, _ in first }
    }
    return [
      "openapi": "3.0.0", "info": self.info, "paths": .object(paths),
      "components": ["schemas": .object(schemas.definitions)],
    ]
  }

  /// The answer to `/openapi/v2` in JSON.
  package func documentV2() -> JSONValue {
    var schemas = OpenAPISchemas(dialect: .v2)
    var paths: [String: JSONValue] = [:]
    for kind in self.kinds {
      let name = schemas.add(kind)
      paths.merge(OpenAPIPaths.paths(of: kind, schema: name, dialect: .v2)) { first, _ in first }
    }
    return [
      "swagger": "2.0", "info": self.info, "paths": .object(paths), "definitions": .object(schemas.definitions),
    ]
  }

  /// The same in protobuf, which is all that kubectl understands of version 2.
  package func documentV2Protobuf() -> [UInt8] {
    GnosticEncoder.encode(self.documentV2())
  }

  /// The accepted and the answered media type of that.
  package static let protobufAccept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
  package static let protobufContentType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

  /// The hash in a document's URL and ETag.
  package static func hash(of document: JSONValue) -> String {
    let digits = Array("0123456789ABCDEF")
    var text = ""
    for byte in SHA512.hash(data: Array(document.compactText.utf8)) {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }

  private var info: JSONValue { ["title": "Kubernetes", "version": .string(self.version)] }
}
