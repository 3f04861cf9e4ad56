import Logging
import NIOCore
import NIOPosix
import Primitives
import Serving

/// What runs for every image that is not the product's: it tells who answers, and to whom.
///
/// TCP ports speak HTTP, UDP ports send back what they get with the pod's name in front.
package struct WebServer: Sendable {
  package let pod: String
  package let node: String
  package let tcpPorts: [Int]
  package let udpPorts: [Int]
  package let logger: Logger

  package init(pod: String, node: String, tcpPorts: [Int], udpPorts: [Int], logger: Logger) {
    self.pod = pod
    self.node = node
    self.tcpPorts = tcpPorts
    self.udpPorts = udpPorts
    self.logger = logger
  }

  package func run() async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for port in self.tcpPorts { group.addTask { try await self.serveHTTP(port) } }
      for port in self.udpPorts { group.addTask { try await self.serveUDP(port) } }
    }
  }

  private func serveHTTP(_ port: Int) async throws {
    let server = HTTPServer(HTTPServer.Configuration(host: Self.anyAddress, port: port), logger: self.logger) {
      request, response in
      let client = request.remoteAddress.map(Self.text) ?? "unknown"
      self.logger.info(
        "request", metadata: ["method": "\(request.method)", "path": "\(request.path)", "client": "\(client)"])
      try await response.respond(
        .ok, contentType: "text/plain; charset=utf-8",
        text: Self.answer(pod: self.pod, node: self.node, client: client, port: port))
    }
    try await server.run()
  }

  static func answer(pod: String, node: String, client: String, port: Int) -> String {
    "Welcome! This is pod \(pod) on node \(node).\nclient: \(client)\nport: \(port)\n"
  }

  private func serveUDP(_ port: Int) async throws {
    typealias Datagram = AddressedEnvelope<ByteBuffer>
    let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: Self.anyAddress, port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<Datagram, Datagram>(wrappingChannelSynchronously: channel)
        }
      }
    try await channel.executeThenClose { inbound, outbound in
      for try await datagram in inbound {
        var answer = ByteBuffer(string: "\(self.pod) \(self.node) ")
        answer.writeImmutableBuffer(datagram.data)
        // A client that has gone away is no reason to stop.
        try? await outbound.write(Datagram(remoteAddress: datagram.remoteAddress, data: answer))
      }
    }
  }

  /// Takes both families: IPv4 arrives with mapped addresses.
  private static let anyAddress = "::"

  private static func text(_ address: SocketAddress) -> String {
    let port = address.port ?? 0
    switch address.ipAddress.flatMap({ IPAddress($0) }) {
    case .v4(let address): return "\(address):\(port)"
    case .v6(let address): return "[\(address)]:\(port)"
    case nil: return "unknown:\(port)"
    }
  }
}
