import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Primitives
import Runner

/// One POST over TLS on a connection of its own.
struct WebhookExchange: Sendable {
  private static let largestAnswer = 16 << 20

  let place: WebhookPlace
  let authority: [UInt8]?
  let limit: Duration
  /// The network namespace to connect from; nil = the machine's own.
  let namespace: String?

  private typealias Wire = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  /// The body of the answer, which must be a 200.
  func post(_ body: [UInt8]) async throws -> [UInt8] {
    do {
      return try await withTimeout(self.limit) { try await self.exchange(body) }
    } catch is TimeoutError {
      throw WebhookFailure(description: "context deadline exceeded")
    } catch let error as NIOSSLError {
      throw WebhookFailure(description: Self.text(of: error))
    } catch let error as NIOSSLExtraError {
      throw WebhookFailure(description: "tls: failed to verify certificate: x509: \(error)")
    } catch let error as IOError {
      throw WebhookFailure(description: self.dialFailure(error.errnoCode))
    } catch let error as ChannelError {
      throw WebhookFailure(description: "EOF (\(error))")
    }
  }

  private static func text(of error: NIOSSLError) -> String {
    if case .handshakeFailed(let reason) = error, "\(reason)".contains("CERTIFICATE_VERIFY_FAILED") {
      return "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    }
    return "remote error: tls: \(error)"
  }

  private func dialFailure(_ code: Int32) -> String {
    "dial tcp \(self.place.host):\(self.place.port): connect: \(String(cString: strerror(code)).lowercased())"
  }

  private func exchange(_ body: [UInt8]) async throws -> [UInt8] {
    let wire = try await self.connect()
    return try await wire.executeThenClose { inbound, outbound in
      let head = HTTPRequestHead(
        version: .http1_1, method: .POST, uri: self.place.target,
        headers: [
          "Host": "\(self.place.serverName):\(self.place.port)", "Content-Type": "application/json",
          "Accept": "application/json", "Content-Length": String(body.count), "Connection": "close",
          "User-Agent": "kube-apiserver-admission",
        ])
      try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(ByteBuffer(bytes: body))), .end(nil)])
      var status = HTTPResponseStatus.ok
      var answer: [UInt8] = []
      for try await part in inbound {
        switch part {
        case .head(let head): status = head.status
        case .body(let piece):
          answer += piece.readableBytesView
          guard answer.count <= Self.largestAnswer else { throw WebhookFailure(description: "the answer is too large") }
        case .end:
          guard status == .ok else {
            throw WebhookFailure(description: "the server answers \(status.code) \(status.reasonPhrase)")
          }
          return answer
        }
      }
      throw WebhookFailure(description: "EOF")
    }
  }

  private func connect() async throws -> Wire {
    let context = try self.context()
    let name = self.place.serverName
    let initializer: @Sendable (any Channel) -> EventLoopFuture<Wire> = { channel in
      channel.eventLoop.makeCompletedFuture {
        // An address goes into no SNI, but the certificate must name it all the same.
        let handler = try NIOSSLClientHandler(context: context, serverHostname: IPAddress(name) == nil ? name : nil)
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        return try Wire(wrappingChannelSynchronously: channel)
      }
    }
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    guard let namespace else {
      return try await bootstrap.connect(
        host: self.place.host, port: self.place.port, channelInitializer: initializer)
    }
    let (host, port, limit) = (self.place.host, UInt16(clamping: self.place.port), self.limit)
    let descriptor = try await NamespaceThread.run(in: namespace) {
      guard let connection = TCPConnection(to: host, port: port, timeout: limit) else {
        throw IOError(errnoCode: errno, reason: "connect")
      }
      return connection.release()
    }
    return try await bootstrap.withConnectedSocket(descriptor, channelInitializer: initializer)
  }

  private func context() throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.applicationProtocols = ["http/1.1"]
    if let authority {
      configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority))
    }
    return try NIOSSLContext(configuration: configuration)
  }
}
