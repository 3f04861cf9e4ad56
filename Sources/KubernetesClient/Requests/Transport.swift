import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Runner
import Synchronization

/// Carries requests to one API server: address, credentials, time limits, and the server's wish to be asked later.
final class Transport: Sendable {
  /// For a request with a whole answer; the server's own limit is 60 s.
  static let requestLimit = Duration.seconds(30)
  /// For the head of an answer that is a stream.
  static let headLimit = TimeAmount.seconds(20)
  /// A watch hears a bookmark about once a minute; silence beyond this is worth a question.
  static let silenceLimit = TimeAmount.seconds(90)
  /// A connection on which nothing was heard for this long is asked whether anybody is still there.
  private static let quietLimit = Duration.seconds(20)
  private static let heartbeatLimit = Duration.seconds(8)
  private static let connectLimit = TimeAmount.seconds(5)
  /// What is noticed within this time by several watchers happened once.
  private static let rewindingPause = Duration.seconds(60)
  private static let maximumAnswer = 256 << 20
  private static let maximumPostponements = 10
  private static let longestPostponement = Duration.seconds(30)

  /// For requests with a whole answer.
  private let http: HTTPClient
  /// For streams, on a connection of their own: HTTP/2 gives all streams of a connection one window, and a watch that is
  /// read slowly must not hold up the answer to a write.
  private let streams: HTTPClient
  private let hearing = Mutex(Hearing())
  private let rewindings = Mutex(Rewindings())

  private struct Rewindings {
    var count = 0
    var last: ContinuousClock.Instant?
  }

  private struct Hearing {
    /// When the server was last heard, on any request or watch.
    var last = Time.now
    var lastHeartbeat = Time.now
  }

  let tally = RequestTally()
  private let connections: OpenConnections
  private let credentials: CredentialStore
  private let configuration: ClusterConfiguration
  private let base: String
  private let userAgent: String

  init(_ configuration: ClusterConfiguration, environment: [String: String], userAgent: String) throws(CredentialError)
  {
    self.configuration = configuration
    self.userAgent = userAgent
    self.connections = OpenConnections(proof: AddressProof(for: configuration))
    self.credentials = try CredentialStore(configuration: configuration, environment: environment)
    var settings = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(connect: Self.connectLimit, read: Self.silenceLimit))
    settings.tlsConfiguration = self.credentials.initialTLS
    settings.httpVersion = .automatic
    // Without this a refused connection is reported only after the connect timeout; the callers retry by themselves.
    settings.connectionPool.retryConnectionEstablishment = false
    // HTTP/1.1 servers get one connection per watch and per request in flight.
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    settings.http1_1ConnectionDebugInitializer = self.connections.prepare
    settings.http2ConnectionDebugInitializer = self.connections.prepare
    if let proxy = configuration.proxy { settings.proxy = .server(host: proxy.host, port: proxy.port) }
    var address = configuration.server
    if let name = configuration.serverName {
      // The name goes into SNI and the certificate check; the connection goes to the host.
      settings.dnsOverride = [name: address.host]
      address.host = name
    }
    self.base = address.description
    self.http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    self.streams = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
  }

  func shutdown() async {
    try? await self.http.shutdown()
    try? await self.streams.shutdown()
  }

  /// The server was heard.
  func heard() {
    let now = Time.now
    self.hearing.withLock { $0.last = now }
  }

  /// How often the server was put back to an earlier state, as far as any watcher has noticed.
  var rewindingCount: Int { self.rewindings.withLock { $0.count } }

  /// A watcher has noticed that the server was put back to an earlier state; returns the count of that. Others may have come
  /// too late to notice it themselves: whatever is open is closed, so that they look.
  func noteRewinding() -> Int {
    let now = Time.now
    let (count, isNews) = self.rewindings.withLock { rewindings in
      let isNews = rewindings.last.map { $0 + Self.rewindingPause < now } ?? true
      if isNews {
        rewindings.count += 1
        rewindings.last = now
      }
      return (rewindings.count, isNews)
    }
    if isNews { self.connections.closeAll() }
    return count
  }

  /// Makes sure, while watches are open, that somebody is at the other end, until the task is cancelled.
  ///
  /// The kernel notices a host that is gone. A server that stands still, or a proxy that has lost it, keeps its
  /// connections; only a question finds that out. Bookmarks count as signs of life, so that questions are rare.
  func listen() async {
    while !Task.isCancelled {
      let now = Time.now
      let (isDue, next) = self.hearing.withLock { hearing in
        let quietSince = max(hearing.last, hearing.lastHeartbeat)
        guard quietSince + Self.quietLimit <= now else { return (false, quietSince + Self.quietLimit) }
        hearing.lastHeartbeat = now
        return (true, now + Self.quietLimit)
      }
      if isDue { _ = try? await self.attempt(APIRequest(.get, "/version"), limit: Self.heartbeatLimit) }
      try? await ContinuousClock().sleep(until: next)
    }
  }

  /// A request begun at `start` has had no answer in time. If nothing else was heard since either, then nobody is at the
  /// other end, though the connection stands: hang up, so that whatever is under way fails and the next request dials anew.
  private func missedAnswer(since start: ContinuousClock.Instant) {
    if self.hearing.withLock({ $0.last < start }) { self.connections.closeAll() }
  }

  /// The body of a 2xx answer.
  func send(_ request: APIRequest) async throws(APIError) -> ByteBuffer {
    var mayRefreshCredentials = true
    var postponements = 0
    while true {
      let (head, body) = try await self.attempt(request)
      if (200..<300).contains(head.code) { return body }
      let refusal = Refusals.read(code: head.code, retryAfter: head.retryAfter, body: body)
      if head.code == 401, mayRefreshCredentials, await self.credentials.refused() {
        mayRefreshCredentials = false
        continue
      }
      // The server says when to come back, and that it has done nothing so far.
      if let retryAfter = refusal.retryAfter, head.code == 429 || head.code >= 500,
        postponements < Self.maximumPostponements
      {
        postponements += 1
        do {
          try await ContinuousClock().sleep(for: min(retryAfter, Self.longestPostponement))
        } catch {
          throw .cancelled
        }
        continue
      }
      throw .refused(refusal)
    }
  }

  /// The body of a 2xx answer as a stream.
  func open(_ request: APIRequest) async throws(APIError) -> HTTPClientResponse.Body {
    var mayRefreshCredentials = true
    while true {
      let prepared = try await self.prepared(request)
      let response: HTTPClientResponse
      let start = Time.now
      do {
        response = try await self.streams.execute(prepared, timeout: Self.headLimit)
        self.heard()
        self.tally.count(request.method.rawValue, code: Int(response.status.code))
      } catch {
        self.tally.count(request.method.rawValue, code: nil)
        let failure = Failures.apiError(error, limit: .nanoseconds(Self.headLimit.nanoseconds))
        if case .timedOut = failure { self.missedAnswer(since: start) }
        throw failure
      }
      if response.status.code == 200 { return response.body }
      let body = try await self.collected(response)
      if response.status == .unauthorized, mayRefreshCredentials, await self.credentials.refused() {
        mayRefreshCredentials = false
        continue
      }
      throw .refused(
        Refusals.read(
          code: Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After"), body: body))
    }
  }

  private struct Head: Sendable {
    var code: Int
    var retryAfter: String?
  }

  private func attempt(
    _ request: APIRequest, limit: Duration = Transport.requestLimit
  ) async throws(APIError) -> (Head, ByteBuffer) {
    let prepared = try await self.prepared(request)
    let start = Time.now
    do {
      let answer = try await withTimeout(limit) {
        let response = try await self.http.execute(prepared, timeout: Self.silenceLimit)
        self.heard()
        let body = try await response.body.collect(upTo: Self.maximumAnswer)
        return (Head(code: Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After")), body)
      }
      self.tally.count(request.method.rawValue, code: answer.0.code)
      return answer
    } catch {
      self.tally.count(request.method.rawValue, code: nil)
      let failure = Failures.apiError(error, limit: limit)
      if case .timedOut = failure { self.missedAnswer(since: start) }
      throw failure
    }
  }

  private func collected(_ response: HTTPClientResponse) async throws(APIError) -> ByteBuffer {
    do {
      return try await withTimeout(Self.requestLimit) {
        try await response.body.collect(upTo: Self.maximumAnswer)
      }
    } catch {
      throw Failures.apiError(error, limit: Self.requestLimit)
    }
  }

  private func prepared(_ request: APIRequest) async throws(APIError) -> HTTPClientRequest {
    let presented: CredentialStore.Presented
    do throws(CredentialError) {
      presented = try await self.credentials.current()
    } catch {
      throw .noCredentials(error)
    }
    var prepared = HTTPClientRequest(url: self.base + request.target)
    prepared.method = HTTPMethod(rawValue: request.method.rawValue)
    prepared.headers.add(name: "User-Agent", value: self.userAgent)
    prepared.headers.add(name: "Accept", value: "application/json")
    if let authorization = presented.authorization { prepared.headers.add(name: "Authorization", value: authorization) }
    if let impersonation = self.configuration.impersonation {
      prepared.headers.add(name: "Impersonate-User", value: impersonation.user)
      if let uid = impersonation.uid { prepared.headers.add(name: "Impersonate-Uid", value: uid) }
      for group in impersonation.groups { prepared.headers.add(name: "Impersonate-Group", value: group) }
    }
    prepared.tlsConfiguration = presented.tls
    if let body = request.body {
      prepared.headers.add(name: "Content-Type", value: request.contentType ?? "application/json")
      prepared.body = .bytes(ByteBuffer(bytes: body))
    }
    return prepared
  }
}
