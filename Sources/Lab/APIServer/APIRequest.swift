import KubernetesModel
import NIOHTTP1
import Serving

/// A request as the routes see it: no socket, the whole body in hand.
package struct APIRequest: Sendable {
  package var method: String
  package var path: String
  package var query: HTTPQuery
  package var headers: HTTPHeaders
  package var body: [UInt8]

  package init(method: String, uri: String, headers: HTTPHeaders = [:], body: [UInt8] = []) {
    let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    self.method = method
    self.path = HTTPQuery.decoded(parts.first ?? "/", plusIsSpace: false)
    self.query = HTTPQuery(parts.count > 1 ? parts[1] : "")
    self.headers = headers
    self.body = body
  }

  var accept: MediaRanges { MediaRanges(self.headers["accept"].joined(separator: ",")) }
}

/// The answer to a request.
package enum APIResponse: Sendable {
  case whole(status: Int, headers: HTTPHeaders, body: [UInt8])
  /// A watch: each event is one line.
  case watch(WatchResponse)
  /// Pieces of text as they come: the log of a pod.
  case pieces(headers: HTTPHeaders, AsyncStream<[UInt8]>)

  package static func text(_ status: Int, _ text: String) -> APIResponse {
    .whole(
      status: status, headers: ["Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"],
      body: Array(text.utf8))
  }

  /// What a mux answers for a path that nobody serves.
  static let pageNotFound = APIResponse.text(404, "404 page not found\n")

  static func json(_ status: Int, _ value: JSONValue, headers: HTTPHeaders = [:]) -> APIResponse {
    var headers = headers
    if !headers.contains(name: "content-type") { headers.add(name: "Content-Type", value: "application/json") }
    return .whole(status: status, headers: headers, body: value.jsonText + [UInt8(ascii: "\n")])
  }
}

/// A watch on its way to a client.
package struct WatchResponse: Sendable {
  package var stream: WatchStream
  package var format: ResponseFormat
  package var timeout: Duration
  package var sendsBookmarks: Bool
  var definition: ResourceDefinition
  var clock: @Sendable () -> Timestamp
  /// Puts objects into the version that the client wants; nil = they are in it.
  var convert: (@Sendable (JSONValue) async throws -> JSONValue)?
}
