import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Primitives
import Serving
import ServiceLifecycle

/// The lab's API server: an `APIRouter` behind an `HTTPServer`, with certificates and tokens of its own.
package struct APIServer: ServiceLifecycle.Service {
  /// Where and how to serve.
  package struct Configuration: Sendable {
    package var host: String
    package var port: Int
    package var isSecure: Bool
    /// Further names and addresses for the server's certificate.
    package var addresses: [IPAddress] = []

    package init(host: String = "127.0.0.1", port: Int = 0, isSecure: Bool = true) {
      self.host = host
      self.port = port
      self.isSecure = isSecure
    }
  }

  package let router: APIRouter
  package let credentials: ClusterCredentials
  private let configuration: Configuration
  private let logger: Logger
  private let onListening: @Sendable (SocketAddress) async -> Void

  /// - Parameter onListening: told the address as soon as requests are answered there.
  package init(
    _ configuration: Configuration, router: APIRouter, credentials: ClusterCredentials, logger: Logger,
    onListening: @escaping @Sendable (SocketAddress) async -> Void = { _ in }
  ) {
    self.configuration = configuration
    self.router = router
    self.credentials = credentials
    self.logger = logger
    self.onListening = onListening
  }

  package func run() async throws {
    var http = HTTPServer.Configuration(host: self.configuration.host, port: self.configuration.port)
    http.maximumConnections = 4096
    http.gracePeriod = .seconds(1)
    if self.configuration.isSecure {
      let named = [IPAddress(self.configuration.host)].compactMap { $0 }
      http.tls = try self.credentials.serverTLS(addresses: named + self.configuration.addresses)
    }
    let router = self.router
    let server = HTTPServer(http, logger: self.logger, onListening: self.onListening) { request, writer in
      try await Self.handle(request, writer, router)
    }
    try await server.run()
  }

  private static func handle(_ request: HTTPRequest, _ writer: HTTPResponseWriter, _ router: APIRouter) async throws {
    let body: ByteBuffer
    do {
      body = try await request.body.collect()
    } catch HTTPRequestBody.Failure.tooLarge(let limit) {
      let failure = APIFailure(
        code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is \(limit)")
      return try await Self.send(.json(413, failure.status), writer, truncatesAfter: nil)
    }
    let asked = APIRequest(
      method: request.method.rawValue, uri: request.uri, headers: request.headers, body: Array(body.readableBytesView))
    var truncatesAfter: Int?
    for fault in asked.path == "/lab/faults" ? [] : router.faults.faults(for: asked) {
      if let delay = fault.delay { try await Task.sleep(for: delay) }
      if fault.drops { throw CancellationError() }
      if let code = fault.code {
        return try await Self.send(APIRouter.failure(.fault(code)), writer, truncatesAfter: fault.truncatesAfter)
      }
      truncatesAfter = fault.truncatesAfter ?? truncatesAfter
    }
    switch await router.respond(to: asked, certificate: request.certificate) {
    case .watch(let watch): try await watch.run(writer, faults: router.faults)
    case .pieces(let headers, let pieces):
      try await writer.start(.ok, headers: headers)
      for await piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
      try await writer.finish()
    case .whole(let status, let headers, let body):
      try await Self.send(.whole(status: status, headers: headers, body: body), writer, truncatesAfter: truncatesAfter)
    }
  }

  private static func send(_ response: APIResponse, _ writer: HTTPResponseWriter, truncatesAfter: Int?) async throws {
    guard case .whole(let status, var headers, let body) = response else { return }
    if !headers.contains(name: "cache-control") { headers.add(name: "Cache-Control", value: "no-cache, private") }
    let code = HTTPResponseStatus(statusCode: status)
    guard let truncatesAfter, truncatesAfter < body.count else {
      return try await writer.respond(code, headers: headers, body: ByteBuffer(bytes: body))
    }
    // The whole length is announced, a part of it sent.
    headers.replaceOrAdd(name: "Content-Length", value: String(body.count))
    try await writer.start(code, headers: headers)
    try await writer.write(ByteBuffer(bytes: body.prefix(truncatesAfter)))
    throw CancellationError()
  }
}

extension WatchResponse {
  /// Tells a client the changes until its time is up, it goes away, or a fault ends it.
  func run(_ writer: HTTPResponseWriter, faults: FaultSwitches) async throws {
    let generation = faults.watchGeneration
    try await writer.start(
      .ok, headers: ["Content-Type": self.format.isYAML ? "application/yaml" : "application/json"])
    var events = self.stream.makeAsyncIterator()
    let end = ContinuousClock.now + self.timeout
    // About once a minute, and shortly before the server ends the watch.
    let last = end - min(.seconds(2), self.timeout / 2)
    var nextBookmark = min(ContinuousClock.now + .seconds(60), last)
    var includesColumns = true
    while !Task.isCancelled, ContinuousClock.now < end, faults.watchGeneration == generation {
      let wake = min(end, ContinuousClock.now + .milliseconds(500), self.sendsBookmarks ? nextBookmark : end)
      var lines: [UInt8] = []
      if let event = await events.next(before: wake) {
        try await self.append(event, to: &lines, &includesColumns)
        while events.hasNext, lines.count < 64 << 10, let event = await events.next(before: wake) {
          try await self.append(event, to: &lines, &includesColumns)
        }
      } else if events.hasEnded {
        break
      } else if self.sendsBookmarks, ContinuousClock.now >= nextBookmark {
        try await self.append(events.bookmark(), to: &lines, &includesColumns)
        nextBookmark = nextBookmark < last ? min(nextBookmark + .seconds(60), last) : end
      }
      if !lines.isEmpty { try await writer.write(ByteBuffer(bytes: lines)) }
    }
    try await writer.finish()
  }

  private func append(_ event: WatchStream.Event, to lines: inout [UInt8], _ includesColumns: inout Bool) async throws {
    var object = event.object
    switch event.kind {
    case .added, .modified, .deleted: object = try await self.convert?(object) ?? object
    case .bookmark, .error: break
    }
    switch (event.kind, self.format.shape) {
    case (.error, _): break
    case (.bookmark, .object) where !self.sendsBookmarks: return
    case (.bookmark, _) where !self.sendsBookmarks: return
    case (_, .table):
      object = self.definition.formatted(
        object, self.format, includesColumns: includesColumns, now: self.clock())
      includesColumns = false
    case (_, .metadata), (_, .object):
      object = self.definition.formatted(object, self.format, now: self.clock())
    }
    let line: JSONValue = ["type": .string(event.kind.rawValue), "object": object]
    line.write(into: &lines)
    lines.append(UInt8(ascii: "\n"))
  }
}
