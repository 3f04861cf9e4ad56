import NIOCore
import NIOSSL

extension Channel {
  /// Closes at once. TLS has no part in it: to say goodbye to a client that is slow already would take seconds.
  func hangUp() {
    self.eventLoop.execute {
      guard let context = try? self.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self) else {
        return self.close(promise: nil)
      }
      // From here outwards there is only the socket.
      context.close(promise: nil)
    }
  }
}
