/// The two versions of OpenAPI that a server speaks.
enum OpenAPIDialect: Sendable {
  case v2
  case v3

  func reference(_ name: String) -> String {
    switch self {
    case .v2: "#/definitions/\(name)"
    case .v3: "#/components/schemas/\(name)"
    }
  }
}
