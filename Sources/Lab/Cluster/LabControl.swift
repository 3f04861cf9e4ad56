import CLinux
import Glibc
import Logging
import NIOCore
import NIOPosix
import Serving

/// What a lab can be told to do while it runs: the words that travel over its control socket.
package enum LabOrder: Sendable, Hashable {
  case kill(node: String)
  case cut(node: String)
  case heal(node: String)
  case drain(node: String)
  case down

  package init?(_ line: String) {
    let words = line.split(separator: " ").map(String.init)
    switch (words.first, words.count) {
    case ("kill", 2): self = .kill(node: words[1])
    case ("cut", 2): self = .cut(node: words[1])
    case ("heal", 2): self = .heal(node: words[1])
    case ("drain", 2): self = .drain(node: words[1])
    case ("down", 1): self = .down
    default: return nil
    }
  }

  package var line: String {
    switch self {
    case .kill(let node): "kill \(node)"
    case .cut(let node): "cut \(node)"
    case .heal(let node): "heal \(node)"
    case .drain(let node): "drain \(node)"
    case .down: "down"
    }
  }
}

/// An order that could not be carried out, in a sentence for the user.
package struct LabRefusal: Error, CustomStringConvertible, Hashable {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// The control socket of a lab: one order a connection, answered by `ok` or by the reason why not.
package struct LabControl: Sendable {
  private static let longestLine = 256

  package let path: String
  package let carryOut: @Sendable (LabOrder) async throws -> Void

  package init(path: String, carryOut: @escaping @Sendable (LabOrder) async throws -> Void) {
    self.path = path
    self.carryOut = carryOut
  }

  package func run() async throws {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.autoRead, value: false)
      .bind(unixDomainSocketPath: self.path, cleanupExistingSocketFile: true) { channel in
        channel.eventLoop.makeSucceededFuture(PendingConnection<ByteBuffer, ByteBuffer>(channel))
      }
    try await listener.executeThenClose { connections in
      try await withThrowingDiscardingTaskGroup { group in
        for try await connection in connections {
          group.addTask { try? await connection.executeThenClose { try await self.serve($0, $1) } }
        }
      }
    }
  }

  private func serve(
    _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) async throws {
    var text = ""
    for try await bytes in inbound {
      text += String(buffer: bytes)
      if text.contains("\n") || text.utf8.count > Self.longestLine { break }
    }
    let line = String(text.prefix { $0 != "\n" })
    guard let order = LabOrder(line) else {
      try await outbound.write(ByteBuffer(string: "unknown order \"\(line)\"\n"))
      return
    }
    do {
      try await self.carryOut(order)
      try await outbound.write(ByteBuffer(string: "ok\n"))
    } catch {
      try await outbound.write(ByteBuffer(string: "\(error)\n"))
    }
  }

  /// Gives a running lab an order and waits until it is done.
  package static func send(_ order: LabOrder, to path: String) async throws {
    let answer = try await NamespaceThread.run(in: nil) { try Self.exchange(order.line, path) }
    if answer != "ok" { throw LabRefusal(answer.isEmpty ? "the lab ended without an answer" : answer) }
  }

  private static func exchange(_ line: String, _ path: String) throws -> String {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw ToolFailure(tool: "socket", reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { place in
      guard path.utf8.count < place.count else { return false }
      place.copyBytes(from: path.utf8)
      return true
    }
    guard fits else { throw ToolFailure(tool: path, reason: "the path is too long for a socket") }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw ToolFailure(tool: path, reason: String(cString: strerror(errno))) }
    let text = line + "\n"
    guard Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count else {
      throw ToolFailure(tool: path, reason: String(cString: strerror(errno)))
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1024)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      answer.append(contentsOf: buffer[..<count])
    }
    return String(decoding: answer.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }
}
