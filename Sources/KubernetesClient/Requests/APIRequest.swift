/// One request to the API server, before it is bound to an address and to credentials.
package struct APIRequest: Sendable, Hashable {
  package enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  package var method: Method
  package var path: String
  package var query: [Parameter]
  package var contentType: String?
  package var body: [UInt8]?

  /// One parameter of the query, in plain text.
  package struct Parameter: Sendable, Hashable {
    package var name: String
    package var value: String
  }

  package init(
    _ method: Method, _ path: String, query: [(String, String?)] = [], contentType: String? = nil, body: [UInt8]? = nil
  ) {
    self.method = method
    self.path = path
    self.query = query.compactMap { name, value in value.map { Parameter(name: name, value: $0) } }
    self.contentType = contentType
    self.body = body
  }

  /// Path and query as they stand in the URL.
  package var target: String {
    var target = self.path
    for (index, parameter) in self.query.enumerated() {
      target += index == 0 ? "?" : "&"
      target += "\(Self.encoded(parameter.name))=\(Self.encoded(parameter.value))"
    }
    return target
  }

  /// Everything but the unreserved characters of RFC 3986 as %XX.
  static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default:
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
