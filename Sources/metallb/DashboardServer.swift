import Dashboard
import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import Runner
import Serving
import Synchronization

/// The page of `metallb dashboard`, and the stream of what it shows, on the loopback interface.
final class DashboardServer: Sendable {
  enum Failure: Error, CustomStringConvertible {
    case cannotListen(port: Int, reason: String)

    var description: String {
      switch self {
      case .cannotListen(let port, let reason):
        "cannot serve on port \(port) of 127.0.0.1: \(reason). Choose another with --port, or 0 for any free one."
      }
    }
  }

  /// How many pages may be open, with what they load.
  private static let maximumConnections = 64
  /// A stream that has nothing to say shows that it is alive.
  private static let heartbeat = Duration.seconds(10)

  private let feed: DashboardFeed
  private let port: Int
  private let token: String
  private let logger: Logger
  /// Nil until it is known where it is served.
  private let doorkeeper = Mutex<Doorkeeper?>(nil)

  init(feed: DashboardFeed, port: Int, token: String, logger: Logger) {
    self.feed = feed
    self.port = port
    self.token = token
    self.logger = logger
  }

  /// Serves until the task is cancelled; `announce` gets the URL with the token.
  func run(announce: @escaping @Sendable (_ url: String) -> Void) async throws {
    let ports = Inbox<Int>(capacity: 1)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await self.server(on: "127.0.0.1", self.port) { port in
            self.doorkeeper.withLock { $0 = Doorkeeper(port: port, token: self.token) }
            announce("http://127.0.0.1:\(port)/#token=\(self.token)")
            _ = ports.trySend(port)
          }.run()
        } catch let error as HTTPServer.ListenFailure {
          throw Failure.cannotListen(port: self.port, reason: error.reason)
        }
      }
      group.addTask {
        // Where there is no IPv6, or somebody else has the port there, IPv4 has to do.
        guard let port = await ports.next(before: nil, on: ContinuousClock()) else { return }
        try? await self.server(on: "::1", port) { _ in }.run()
      }
      try await group.waitForAllOrFailure()
    }
  }

  private func server(
    on host: String, _ port: Int, onListening: @escaping @Sendable (Int) -> Void
  ) -> HTTPServer {
    var configuration = HTTPServer.Configuration(host: host, port: port)
    configuration.maximumConnections = Self.maximumConnections
    configuration.maximumBodyBytes = 1024
    configuration.gracePeriod = .milliseconds(200)
    return HTTPServer(
      configuration, logger: self.logger, onListening: { address in onListening(address.port ?? port) },
      handler: { request, response in try await self.respond(to: request, response) })
  }

  private func respond(to request: HTTPRequest, _ response: HTTPResponseWriter) async throws {
    var headers = HTTPHeaders(Asset.headers.map { ($0.name, $0.value) })
    func refuse(_ status: HTTPResponseStatus, _ text: String) async throws {
      headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
      try await response.respond(status, headers: headers, body: ByteBuffer(string: text + "\n"))
    }
    guard let doorkeeper = self.doorkeeper.withLock({ $0 }) else {
      return try await refuse(.serviceUnavailable, "starting")
    }
    switch doorkeeper.verdict(on: Doorkeeper.Caller(request)) {
    case .refused(let status, let text): try await refuse(HTTPResponseStatus(statusCode: status), text)
    case .asset(let asset):
      headers.add(name: "Content-Type", value: asset.contentType)
      try await response.respond(.ok, headers: headers, body: ByteBuffer(bytes: asset.bytes))
    case .stream:
      headers.add(name: "Content-Type", value: "text/event-stream; charset=utf-8")
      try await response.start(.ok, headers: headers)
      let query = DashboardQuery(request.query.items.map { ($0.name, $0.value) })
      try await self.feed.withViewer { try await self.stream(query, to: response) }
    }
  }

  /// Sends what the query asks for whenever it changes, until the page is closed.
  private func stream(_ query: DashboardQuery, to response: HTTPResponseWriter) async throws {
    let bell = Inbox<Void>(capacity: 1)
    let endpoints = LatestEndpoints()
    try await self.feed.latest.ringing(bell) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        if let service = query.service {
          group.addTask {
            await self.feed.followEndpoints(of: service) { reason in
              endpoints.refuse(reason)
              _ = bell.trySend(())
            } _: { change in
              endpoints.apply(change)
              _ = bell.trySend(())
            }
          }
        }
        defer { group.cancelAll() }
        while !Task.isCancelled {
          if let snapshot = self.feed.latest.snapshot {
            let road = query.service.map {
              ServiceRoad(of: $0, in: snapshot, endpoints: endpoints.value, at: Time.now).json()
            }
            try await response.write(Self.message(PageModel(of: snapshot, for: query).json(road: road)))
          }
          while await bell.next(before: Time.now + Self.heartbeat, on: ContinuousClock()) == nil, !Task.isCancelled {
            try await response.write(ByteBuffer(string: ":\n\n"))
          }
        }
      }
    }
  }

  /// One server-sent event; JSON has no line ends of its own.
  private static func message(_ value: JSONValue) -> ByteBuffer {
    var buffer = ByteBuffer(string: "event: page\ndata: ")
    buffer.writeBytes(value.jsonText)
    buffer.writeString("\n\n")
    return buffer
  }
}

/// What is known of the endpoints of the Service that a page looks at.
private final class LatestEndpoints: Sendable {
  private let state = Mutex(ServiceRoad.Endpoints())

  var value: ServiceRoad.Endpoints { self.state.withLock { $0 } }

  func apply(_ change: ObjectChange<EndpointSlice>) {
    self.state.withLock { $0.slices.apply(change) }
  }

  func refuse(_ reason: String) {
    self.state.withLock { $0.reason = reason }
  }
}

extension Doorkeeper.Caller {
  init(_ request: HTTPRequest) {
    let authorization = request.headers.first(name: "Authorization") ?? ""
    self.init(
      method: request.method.rawValue, path: request.path, hosts: request.headers["Host"],
      origin: request.headers.first(name: "Origin"), fetchSite: request.headers.first(name: "Sec-Fetch-Site"),
      token: authorization.hasPrefix("Bearer ") ? String(authorization.dropFirst(7)) : nil)
  }
}
