/// A port by number or by name (`intstr.IntOrString`).
package enum IntOrString: Codable, Sendable, Hashable {
  case int(Int)
  case string(String)

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let int = try? container.decode(Int.self) {
      self = .int(int)
    } else {
      self = .string(try container.decode(String.self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .int(let int): try container.encode(int)
    case .string(let string): try container.encode(string)
    }
  }
}
