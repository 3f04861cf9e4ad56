import CLinux
import Glibc
import Logging
import NIOCore
import NIOPosix
import Primitives
import Serving

/// A TCP socket that was bound inside a network namespace, for servers that run outside of it.
///
/// A socket stays in the namespace it was made in, so it is made on a thread of its own there and handed to the server.
package enum NamespaceListener {
  package static func bind(_ address: IPv4Address, port: Int, in namespace: String) async throws -> Int32 {
    try await NamespaceThread.run(in: namespace) {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      guard descriptor >= 0 else { throw Self.failure("socket") }
      var yes: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      var place = sockaddr_in()
      place.sin_family = sa_family_t(AF_INET)
      place.sin_port = UInt16(clamping: port).bigEndian
      place.sin_addr.s_addr = address.bits.bigEndian
      let result = withUnsafePointer(to: &place) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard result == 0 else {
        let failure = Self.failure("bind \(address):\(port)")
        close(descriptor)
        throw failure
      }
      return descriptor
    }
  }

  private static func failure(_ what: String) -> ToolFailure {
    ToolFailure(tool: what, reason: String(cString: strerror(errno)))
  }

  typealias Connection = PendingConnection<ByteBuffer, ByteBuffer>

  /// Accepts connections on a bound socket and hands each to `serve`, until the task is cancelled. One that `serve` leaves
  /// unused is closed.
  static func run(_ descriptor: Int32, serve: @escaping @Sendable (Connection) async -> Void) async throws {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .childChannelOption(.autoRead, value: false)
      .bind(descriptor) { channel in
        channel.eventLoop.makeSucceededFuture(Connection(channel, isOutboundHalfClosureEnabled: true))
      }
    try await listener.executeThenClose { connections in
      try await withThrowingDiscardingTaskGroup { group in
        for try await connection in connections { group.addTask { await serve(connection) } }
      }
    }
  }
}

/// Lets the nodes reach a server of the machine's loopback, such as the API server, at an address of their own network.
///
/// Bytes pass unchanged, TLS included. The nodes' end crosses the lab's wire, so a node that is cut off loses its
/// connections as it would lose those to a real API server.
package struct ControlPlaneRelay: Sendable {
  package let descriptor: Int32
  package let target: SocketAddress

  package init(descriptor: Int32, target: SocketAddress) {
    self.descriptor = descriptor
    self.target = target
  }

  package func run() async throws {
    try await NamespaceListener.run(self.descriptor) { inner in
      // Of a target that does not answer, the node hears by the end of its own connection.
      guard
        let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
          .channelOption(.autoRead, value: false).connect(to: self.target).get()
      else { return }
      let outer = NamespaceListener.Connection(channel, isOutboundHalfClosureEnabled: true)
      await Self.join(inner, outer)
    }
  }

  private static func join(_ left: NamespaceListener.Connection, _ right: NamespaceListener.Connection) async {
    try? await left.executeThenClose { leftInbound, leftOutbound in
      try await right.executeThenClose { rightInbound, rightOutbound in
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            _ = try? await { for try await bytes in leftInbound { try await rightOutbound.write(bytes) } }()
            rightOutbound.finish()
          }
          group.addTask {
            _ = try? await { for try await bytes in rightInbound { try await leftOutbound.write(bytes) } }()
            leftOutbound.finish()
          }
        }
      }
    }
  }
}
