/// Why bytes are no Kubernetes object in protobuf.
package enum ProtobufError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The four bytes `k8s` NUL do not come first.
  case noMagic
  case truncated
  case malformed(String)
  case unknownKind(apiVersion: String, kind: String)
  /// A field that is known but has no description here.
  case unsupported(String)

  package var description: String {
    switch self {
    case .noMagic: "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
    case .truncated: "unexpected EOF"
    case .malformed(let detail): "proto: \(detail)"
    case .unknownKind(let apiVersion, let kind): "no kind \"\(kind)\" is registered for version \"\(apiVersion)\""
    case .unsupported(let field): "the field \(field) is not understood in protobuf; send the object as JSON"
    }
  }
}
