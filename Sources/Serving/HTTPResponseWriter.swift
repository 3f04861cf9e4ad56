import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// The way back to the client for one request: a whole response at once, or a head and then pieces.
///
/// Writes suspend while the client does not read. A writer may be handed to a child task, but only one task may write at a
/// time.
package final class HTTPResponseWriter: Sendable {
  private enum Progress {
    case unstarted
    case started
    case finished
  }

  private struct State {
    var progress = Progress.unstarted
    var hasAnnouncedClose = false
  }

  private let outbound: Connection.Outbound
  private let isHead: Bool
  private let closes: @Sendable () -> Bool
  private let state = NIOLockedValueBox(State())

  init(outbound: Connection.Outbound, isHead: Bool, closes: @escaping @Sendable () -> Bool) {
    self.outbound = outbound
    self.isHead = isHead
    self.closes = closes
  }

  /// Sends a whole response; its length is announced.
  package func respond(_ status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer())
    async throws
  {
    var headers = headers
    if status.mayHaveResponseBody {
      headers.replaceOrAdd(name: "Content-Length", value: String(body.readableBytes))
    }
    let head = self.begin(status, headers)
    let sendsBody = body.readableBytes > 0 && !self.isHead && status.mayHaveResponseBody
    self.state.withLockedValue { $0.progress = .finished }
    try await self.outbound.write(
      contentsOf: sendsBody ? [.head(head), .body(.byteBuffer(body)), .end(nil)] : [.head(head), .end(nil)])
  }

  /// Sends a whole response of text.
  package func respond(_ status: HTTPResponseStatus, contentType: String, text: String) async throws {
    try await self.respond(status, headers: ["Content-Type": contentType], body: ByteBuffer(string: text))
  }

  /// Sends the head of a response whose body follows in pieces.
  package func start(_ status: HTTPResponseStatus, headers: HTTPHeaders = [:]) async throws {
    let head = self.begin(status, headers)
    self.state.withLockedValue { $0.progress = .started }
    try await self.outbound.write(.head(head))
  }

  package func write(_ piece: ByteBuffer) async throws {
    if self.isHead || piece.readableBytes == 0 { return }
    try await self.outbound.write(.body(.byteBuffer(piece)))
  }

  /// Ends a response that was begun by `start`.
  package func finish() async throws {
    self.state.withLockedValue { $0.progress = .finished }
    try await self.outbound.write(.end(nil))
  }

  private func begin(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) -> HTTPResponseHead {
    var headers = headers
    if self.closes() {
      headers.replaceOrAdd(name: "Connection", value: "close")
      self.state.withLockedValue { $0.hasAnnouncedClose = true }
    }
    return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
  }

  var hasAnnouncedClose: Bool { self.state.withLockedValue { $0.hasAnnouncedClose } }

  /// Ends whatever the handler left open; a handler that answered nothing has answered 500.
  func finishIfNeeded() async throws {
    switch self.state.withLockedValue({ $0.progress }) {
    case .unstarted: try await self.respond(.internalServerError, contentType: "text/plain", text: "no answer\n")
    case .started: try await self.finish()
    case .finished: break
    }
  }

  /// Answers with an error where no answer has begun; false when it is too late and only closing is left.
  func failIfUnstarted(_ status: HTTPResponseStatus, _ text: String) async throws -> Bool {
    switch self.state.withLockedValue({ $0.progress }) {
    case .unstarted:
      self.state.withLockedValue { $0.hasAnnouncedClose = true }
      try await self.respond(
        status, headers: ["Connection": "close", "Content-Type": "text/plain; charset=utf-8"],
        body: ByteBuffer(string: text))
      return true
    case .started: return false
    case .finished: return true
    }
  }
}
