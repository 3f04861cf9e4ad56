import NIOCore
import NIOHTTP1

/// One request as the handler sees it; its body is read piece by piece, or collected, by the handler itself.
package struct HTTPRequest {
  package let method: HTTPMethod
  /// Path and query as sent.
  package let uri: String
  /// The path without its query, percent-decoded.
  package let path: String
  package let query: HTTPQuery
  package let headers: HTTPHeaders
  package let body: HTTPRequestBody
  package let remoteAddress: SocketAddress?
  /// What the client proved to be, where the server asks for certificates and the client presented one.
  package let certificate: PeerCertificate?
  package let isSecure: Bool

  init(
    head: HTTPRequestHead, body: HTTPRequestBody, remoteAddress: SocketAddress?, certificate: PeerCertificate?,
    isSecure: Bool
  ) {
    self.method = head.method
    self.uri = head.uri
    let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    self.path = HTTPQuery.decoded(parts.first ?? "/", plusIsSpace: false)
    self.query = HTTPQuery(parts.count > 1 ? parts[1] : "")
    self.headers = head.headers
    self.body = body
    self.remoteAddress = remoteAddress
    self.certificate = certificate
    self.isSecure = isSecure
  }
}

/// The parameters of a request's query, in the order sent.
package struct HTTPQuery: Sendable, Hashable {
  package struct Item: Sendable, Hashable {
    package var name: String
    package var value: String
  }

  package var items: [Item]

  package init(_ text: some StringProtocol = "") {
    self.items = text.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return Item(
        name: Self.decoded(parts[0], plusIsSpace: true),
        value: parts.count > 1 ? Self.decoded(parts[1], plusIsSpace: true) : "")
    }
  }

  /// The first value of that name.
  package subscript(_ name: String) -> String? {
    self.items.first { $0.name == name }?.value
  }

  package func values(_ name: String) -> [String] {
    self.items.filter { $0.name == name }.map { $0.value }
  }

  /// Undoes percent-encoding; what is not valid encoding stays as it is.
  package static func decoded(_ text: some StringProtocol, plusIsSpace: Bool) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let high = rest.first?.hexDigit, let low = rest.dropFirst().first?.hexDigit {
        bytes.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension UInt8 {
  fileprivate var hexDigit: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
