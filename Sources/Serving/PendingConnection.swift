import NIOCore

/// A connection that nobody reads yet: accepted, or made, and waiting for the task that will use it.
///
/// NIO's asynchronous channel stops the process when it is dropped without having been used, and that is what happens to
/// those that still wait at a listener which ends. So a connection becomes one only in the hands of its user. Until then it
/// reads nothing, for which its bootstrap must set the option `autoRead` to false; it closes when it is dropped.
package final class PendingConnection<Inbound: Sendable, Outbound: Sendable>: Sendable {
  package let channel: any Channel
  private let isOutboundHalfClosureEnabled: Bool

  package init(_ channel: any Channel, isOutboundHalfClosureEnabled: Bool = false) {
    self.channel = channel
    self.isOutboundHalfClosureEnabled = isOutboundHalfClosureEnabled
  }

  deinit {
    self.channel.close(promise: nil)
  }

  /// Begins to read, hands over both directions, and closes the connection afterwards. To be called once.
  ///
  /// Throws `ChannelError.ioOnClosedChannel` when the other end has gone away in the meantime.
  package func executeThenClose<Result: Sendable>(
    _ body: (NIOAsyncChannelInboundStream<Inbound>, NIOAsyncChannelOutboundWriter<Outbound>) async throws -> Result
  ) async throws -> Result {
    let channel = self.channel
    let isOutboundHalfClosureEnabled = self.isOutboundHalfClosureEnabled
    let wire = try await channel.eventLoop.submit {
      // A closed channel takes no further handler, and half of an asynchronous channel would be dropped.
      guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
      return try NIOAsyncChannel<Inbound, Outbound>(
        wrappingChannelSynchronously: channel,
        configuration: .init(isOutboundHalfClosureEnabled: isOutboundHalfClosureEnabled))
    }.get()
    return try await wire.executeThenClose { inbound, outbound in
      try await channel.setOption(.autoRead, value: true).get()
      return try await body(inbound, outbound)
    }
  }
}
