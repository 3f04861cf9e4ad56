import NIOCore
import NIOHTTP1

/// The body of a request, read once and piece by piece; the client waits while nobody reads.
package final class HTTPRequestBody {
  /// Why a body could not be read; each is answered with its own status.
  package enum Failure: Error, CustomStringConvertible {
    case tooLarge(limit: Int)
    case cutShort
    case crowded

    package var status: HTTPResponseStatus {
      switch self {
      case .tooLarge: .payloadTooLarge
      case .cutShort: .badRequest
      case .crowded: .serviceUnavailable
      }
    }

    package var description: String {
      switch self {
      case .tooLarge(let limit): "the request's body is larger than \(limit) bytes"
      case .cutShort: "the request's body ended before its announced length"
      case .crowded: "too many large requests at once; try again in a moment"
      }
    }
  }

  private let parts: PartReader
  private let outbound: Connection.Outbound
  private let limit: Int
  private let budget: ByteBudget
  /// What of the budget this body holds; it is given back with the body.
  private var held = 0
  private var awaitsContinue: Bool
  private var received = 0
  private var isAtEnd = false

  init(
    parts: PartReader, outbound: Connection.Outbound, head: HTTPRequestHead, limit: Int, budget: ByteBudget
  ) {
    self.budget = budget
    self.parts = parts
    self.outbound = outbound
    self.limit = limit
    self.awaitsContinue = head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
  }

  deinit {
    self.budget.giveBack(self.held)
  }

  /// The next piece, nil at the end.
  package func next() async throws -> ByteBuffer? {
    if self.isAtEnd { return nil }
    if self.awaitsContinue {
      self.awaitsContinue = false
      try await self.outbound.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
    }
    switch try await self.parts.next() {
    case .body(let piece):
      self.received += piece.readableBytes
      guard self.received <= self.limit else { throw Failure.tooLarge(limit: self.limit) }
      return piece
    case .end:
      self.isAtEnd = true
      return nil
    case .head, nil:
      throw Failure.cutShort
    }
  }

  /// The whole body.
  package func collect() async throws -> ByteBuffer {
    guard var whole = try await self.next() else { return ByteBuffer() }
    try self.hold(whole.readableBytes)
    while var piece = try await self.next() {
      try self.hold(piece.readableBytes)
      whole.writeBuffer(&piece)
    }
    return whole
  }

  private func hold(_ count: Int) throws(Failure) {
    guard self.budget.take(count) else { throw .crowded }
    self.held += count
  }

  /// Reads what the handler left over, so that the next request can be read; false when that is too much.
  func skipRest() async throws -> Bool {
    if self.isAtEnd { return true }
    if self.awaitsContinue { return false }
    do {
      while try await self.next() != nil {}
      return true
    } catch is Failure {
      return false
    }
  }
}
