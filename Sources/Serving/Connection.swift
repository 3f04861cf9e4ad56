import Logging
import NIOCore
import NIOHTTP1
import NIOSSL

/// One client's connection: turns the parts on the wire into requests, one after the other.
final class Connection {
  typealias Parts = NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
  typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

  private let channel: any Channel
  private let parts: PartReader
  private let outbound: Outbound
  private let isSecure: Bool
  private let maximumBodyBytes: Int
  private let bodies: ByteBudget
  private let logger: Logger
  private let connections: ConnectionSet

  init(
    channel: any Channel, parts: Parts, outbound: Outbound, isSecure: Bool, maximumBodyBytes: Int, bodies: ByteBudget,
    logger: Logger, connections: ConnectionSet
  ) {
    self.channel = channel
    self.parts = PartReader(parts)
    self.outbound = outbound
    self.isSecure = isSecure
    self.maximumBodyBytes = maximumBodyBytes
    self.bodies = bodies
    self.logger = logger
    self.connections = connections
  }

  func run(_ handler: HTTPServer.Handler) async throws {
    var certificate: PeerCertificate??
    while let part = try await self.parts.next() {
      guard case .head(let head) = part else { continue }
      if certificate == nil { certificate = .some(try await self.peerCertificate()) }
      guard self.connections.setBusy(true, self.channel) else { return }
      let body = HTTPRequestBody(
        parts: self.parts, outbound: self.outbound, head: head, limit: self.maximumBodyBytes, budget: self.bodies)
      let request = HTTPRequest(
        head: head, body: body, remoteAddress: self.channel.remoteAddress, certificate: certificate ?? nil,
        isSecure: self.isSecure)
      let keepsAlive = head.isKeepAlive
      let writer = HTTPResponseWriter(
        outbound: self.outbound, isHead: head.method == .HEAD,
        closes: { [connections = self.connections] in !keepsAlive || connections.isDraining })
      do {
        try await handler(request, writer)
        try await writer.finishIfNeeded()
      } catch let error as HTTPRequestBody.Failure {
        guard try await writer.failIfUnstarted(error.status, "\(error)\n") else { throw error }
      } catch  where !(error is CancellationError) {
        self.logger.error(
          "Request failed", metadata: ["method": "\(head.method)", "uri": "\(head.uri)", "reason": "\(error)"])
        guard try await writer.failIfUnstarted(.internalServerError, "internal error\n") else { throw error }
      }
      let mayContinue = try await body.skipRest()
      if !self.connections.setBusy(false, self.channel) || !mayContinue || writer.hasAnnouncedClose { return }
    }
  }

  private func peerCertificate() async throws -> PeerCertificate? {
    guard self.isSecure else { return nil }
    guard let certificate = try await self.channel.nioSSL_peerCertificate().get() else { return nil }
    return try PeerCertificate(derBytes: certificate.toDERBytes())
  }
}

/// The one reader of a connection's incoming parts, shared by the connection and the request that it is at.
final class PartReader {
  private var iterator: Connection.Parts

  init(_ iterator: Connection.Parts) {
    self.iterator = iterator
  }

  func next() async throws -> HTTPServerRequestPart? {
    try await self.iterator.next()
  }
}
