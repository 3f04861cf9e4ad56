import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Runner
import Serving

/// Hands requests on to pods (`pods/NAME:PORT/proxy/PATH`), over the control plane's own network, as a real API server does:
/// whoever may use the subresource reaches what the pod serves over HTTP, without credentials of the user.
struct PodProxy: Sendable {
  /// Which pod is meant, and where: `[http:]NAME[:PORT]`.
  struct Target: Sendable, Hashable {
    var name: String
    /// Nil = the first port that the pod names.
    var port: UInt16?

    init?(_ text: String) {
      var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      if parts.count == 3 {
        guard parts.removeFirst() == "http" else { return nil }
      }
      guard parts.count <= 2, !parts[0].isEmpty else { return nil }
      self.name = parts[0]
      if parts.count == 2, !parts[1].isEmpty {
        guard let port = UInt16(parts[1]), port > 0 else { return nil }
        self.port = port
      }
    }
  }

  private typealias Wire = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  private static let limit = Duration.seconds(10)
  private static let largestAnswer = 64 << 20

  /// The network namespace to connect from; nil = the machine's own.
  let namespace: String?

  func get(
    _ path: String, query: HTTPQuery, from host: String, port: UInt16, accept headers: HTTPHeaders
  ) async throws(APIFailure) -> APIResponse {
    let items = query.items.map { "\(URLText.encoded($0.name))=\(URLText.encoded($0.value))" }
    let target = URLText.encoded(path, keeping: "/") + (items.isEmpty ? "" : "?" + items.joined(separator: "&"))
    let accepted = headers["accept"].joined(separator: ",")
    do {
      return try await withTimeout(Self.limit) {
        try await self.exchange(target, host: host, port: port, accept: accepted.isEmpty ? "*/*" : accepted)
      }
    } catch let error as IOError {
      throw .serviceUnavailable(
        "error trying to reach service: dial tcp \(host):\(port): connect: "
          + String(cString: strerror(error.errnoCode)).lowercased())
    } catch {
      throw .serviceUnavailable("error trying to reach service: \(error)")
    }
  }

  private func exchange(_ target: String, host: String, port: UInt16, accept: String) async throws -> APIResponse {
    let wire = try await self.connect(host: host, port: port)
    return try await wire.executeThenClose { inbound, outbound in
      let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      let head = HTTPRequestHead(
        version: .http1_1, method: .GET, uri: target,
        headers: ["Host": authority, "Accept": accept, "Connection": "close"])
      try await outbound.write(contentsOf: [.head(head), .end(nil)])
      var answer = HTTPResponseHead(version: .http1_1, status: .badGateway)
      var body: [UInt8] = []
      for try await part in inbound {
        switch part {
        case .head(let head): answer = head
        case .body(let piece):
          body += piece.readableBytesView
          guard body.count <= Self.largestAnswer else { throw ChannelError.ioOnClosedChannel }
        case .end:
          let type = answer.headers["content-type"].first ?? "application/octet-stream"
          return .whole(status: Int(answer.status.code), headers: ["Content-Type": type], body: body)
        }
      }
      throw ChannelError.eof
    }
  }

  private func connect(host: String, port: UInt16) async throws -> Wire {
    let initializer: @Sendable (any Channel) -> EventLoopFuture<Wire> = { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        return try Wire(wrappingChannelSynchronously: channel)
      }
    }
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    guard let namespace else {
      return try await bootstrap.connect(host: host, port: Int(port), channelInitializer: initializer)
    }
    let descriptor = try await NamespaceThread.run(in: namespace) {
      guard let connection = TCPConnection(to: host, port: port, timeout: .seconds(5)) else {
        throw IOError(errnoCode: errno, reason: "connect")
      }
      return connection.release()
    }
    return try await bootstrap.withConnectedSocket(descriptor, channelInitializer: initializer)
  }
}

/// The escaping of what stands in a URL.
private enum URLText {
  /// Everything but the unreserved characters of RFC 3986, and those to keep, as %XX.
  static func encoded(_ text: String, keeping kept: String = "") -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8).union(kept.utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if unreserved.contains(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
