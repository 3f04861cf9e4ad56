import Glibc
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// An HTTP/1.1 server, with or without TLS, that hands each request to one asynchronous closure.
///
///     run() ── listener ── accepts while fewer than `maximumConnections` are open
///       └─ one task a connection ── Connection: reads a head, calls the handler, writes the response, repeats
///            └─ cancelled when the client goes away, when `run` is cancelled, or when the grace period of a stop ends
///
/// Requests of one connection are answered one after the other. Bodies stream in both directions under back-pressure: a
/// handler that does not read stops the client, a client that does not read suspends the handler's writes. A graceful stop
/// closes the listener and idle connections, lets running handlers finish within the grace period, and cancels the rest.
package struct HTTPServer: Service {
  package typealias Handler = @Sendable (HTTPRequest, HTTPResponseWriter) async throws -> Void

  /// Where to listen and what to allow a client.
  package struct Configuration: Sendable {
    /// The host of every address of the machine, of both families where there are two.
    package static let anyAddress = "::"

    package var host: String
    /// 0 takes any free port; `onListening` tells which.
    package var port: Int
    package var tls: TLSConfiguration?
    /// TLS with a certificate that may change while the server runs, instead of `tls`.
    package var renewableTLS: RenewableTLS?
    package var maximumConnections = 1024
    package var maximumBodyBytes = 3 * 1024 * 1024
    /// From the start of the connection, or of a request's first byte after an idle time, to the end of its headers.
    package var headerTimeout = Duration.seconds(10)
    /// Between one response and the next request.
    package var idleTimeout = Duration.seconds(120)
    /// From the end of a request's headers to the end of its body.
    package var bodyTimeout = Duration.seconds(30)
    /// For how long a client may leave unread what is written to it.
    package var readingTimeout = Duration.seconds(60)
    /// What all requests of this server together may hold of their bodies.
    package var maximumBufferedBytes = 64 * 1024 * 1024
    package var gracePeriod = Duration.seconds(5)

    package init(host: String, port: Int, tls: TLSConfiguration? = nil) {
      self.host = host
      self.port = port
      self.tls = tls
    }

    var isSecure: Bool { self.tls != nil || self.renewableTLS != nil }
  }

  private let configuration: Configuration
  private let logger: Logger
  private let onListening: @Sendable (SocketAddress) async -> Void
  private let handler: Handler

  package init(
    _ configuration: Configuration, logger: Logger,
    onListening: @escaping @Sendable (SocketAddress) async -> Void = { _ in },
    handler: @escaping Handler
  ) {
    self.configuration = configuration
    self.logger = logger
    self.onListening = onListening
    self.handler = handler
  }

  /// Why nothing can be served on an address.
  package struct ListenFailure: Error, Hashable, CustomStringConvertible {
    package let host: String
    package let port: Int
    package let reason: String

    package var description: String {
      let host = self.host == Configuration.anyAddress ? "" : " of \(self.host)"
      return "cannot serve on port \(self.port)\(host): \(self.reason); choose another port, or end what has it"
    }
  }

  /// Serves until cancelled or gracefully stopped; throws a `ListenFailure` when the address cannot be bound.
  package func run() async throws {
    let connections = ConnectionSet(limit: self.configuration.maximumConnections) { [logger, configuration] in
      logger.warning(
        "more clients connect than are served at once; those that have said nothing for longest are disconnected",
        metadata: ["port": "\(configuration.port)", "limit": "\(configuration.maximumConnections)"])
    }
    let bodies = ByteBudget(limit: self.configuration.maximumBufferedBytes)
    let listener = try await self.listen()
    if let address = listener.channel.localAddress {
      self.logger.debug("Listening", metadata: ["address": "\(address)"])
      await self.onListening(address)
    }
    try await withTaskCancellationOrGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          defer { connections.drain() }
          try await self.accept(from: listener, into: connections, bodies)
        }
        group.addTask { await connections.waitUntilDraining() }
        // Accepting ends first when the listener fails, the other when a stop begins.
        try await group.next()
        try? await listener.channel.close()
        group.addTask {
          try? await Task.sleep(for: self.configuration.gracePeriod)
          connections.closeAll()
        }
        // Accepting ends when the listener is closed and the last connection has ended.
        try await group.next()
        group.cancelAll()
      }
    } onCancelOrGracefulShutdown: {
      connections.drain()
    }
  }

  private typealias Wire = PendingConnection<HTTPServerRequestPart, HTTPServerResponsePart>

  /// Every address means those of IPv4 alone where the machine has no IPv6.
  private func listen() async throws -> NIOAsyncChannel<Wire, Never> {
    let host = self.configuration.host
    do {
      do {
        return try await self.bind(self.configuration)
      } catch let error as IOError
        where host == Configuration.anyAddress && [EAFNOSUPPORT, EADDRNOTAVAIL].contains(error.errnoCode)
      {
        var configuration = self.configuration
        configuration.host = "0.0.0.0"
        return try await self.bind(configuration)
      }
    } catch let error as IOError {
      throw ListenFailure(
        host: host, port: self.configuration.port, reason: String(cString: strerror(error.errnoCode)).lowercased())
    }
  }

  private func bind(_ configuration: Configuration) async throws -> NIOAsyncChannel<Wire, Never> {
    let sslContext = try configuration.tls.map { try NIOSSLContext(configuration: $0) }
    var bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    if configuration.host == Configuration.anyAddress {
      // Whatever the machine has as its default (net.ipv6.bindv6only).
      bootstrap = bootstrap.serverChannelOption(
        ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 0)
    }
    return
      try await bootstrap
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.socketOption(.so_keepalive), value: 1)
      .bind(
        host: configuration.host, port: configuration.port,
        serverBackPressureStrategy: .init(lowWatermark: 1, highWatermark: 8)
      ) { channel in
        channel.eventLoop.makeCompletedFuture {
          if configuration.isSecure {
            guard let context = configuration.renewableTLS?.context ?? sslContext else {
              channel.close(promise: nil)
              throw ChannelError.ioOnClosedChannel
            }
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
          }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: true)
          try channel.pipeline.syncOperations.addHandler(
            RequestDeadlineHandler(
              headers: TimeAmount(configuration.headerTimeout), idle: TimeAmount(configuration.idleTimeout),
              body: TimeAmount(configuration.bodyTimeout), reading: TimeAmount(configuration.readingTimeout)))
          return Wire(channel)
        }
      }
  }

  private func accept(
    from listener: NIOAsyncChannel<Wire, Never>, into connections: ConnectionSet, _ bodies: ByteBudget
  ) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      try await listener.executeThenClose { inbound in
        for try await wire in inbound {
          await connections.admit(wire.channel)
          group.addTask {
            await self.serve(wire, in: connections, bodies)
            connections.remove(wire.channel)
          }
        }
      }
    }
  }

  /// Serves one connection, and cancels its handler when the client goes away.
  private func serve(_ wire: Wire, in connections: ConnectionSet, _ bodies: ByteBudget) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await wire.executeThenClose { inbound, outbound in
            let connection = Connection(
              channel: wire.channel, parts: inbound.makeAsyncIterator(), outbound: outbound,
              isSecure: self.configuration.isSecure, maximumBodyBytes: self.configuration.maximumBodyBytes,
              bodies: bodies, logger: self.logger, connections: connections)
            try await connection.run(self.handler)
          }
        } catch is CancellationError {
        } catch {
          self.logger.debug("Connection failed", metadata: ["reason": "\(error)"])
        }
      }
      group.addTask { try? await wire.channel.closeFuture.get() }
      await group.next()
      group.cancelAll()
    }
  }
}
