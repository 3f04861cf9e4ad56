import BGP
import NIOCore
import Synchronization

/// Where the connections come in that a router makes: a few at a time, until its loop says goodbye.
///
///     BGPListener ─▶ admit ─▶ arrivals ─▶ takeArrivals ─▶ BGPPeerLoop
final class PeerDoor: Sendable {
  private struct State {
    /// Those that the loop has not seen yet.
    var arrivals: [ConnectionID: BGPConnection] = [:]
    var openCount = 0
    var lastNumber: UInt64 = 0
    var isShut = false

    mutating func takeArrivals() -> [ConnectionID: BGPConnection] {
      defer { self.arrivals = [:] }
      return self.arrivals
    }
  }

  /// How many connections a router may have with us at a time: one is established, one collides with it, others are ending.
  private static let mostConnections = 4

  private let state = Mutex(State())

  /// Lets a connection in; nil = there are enough.
  func admit(_ channel: any Channel) -> ConnectionID? {
    let connection = BGPConnection()
    let identifier = self.state.withLock { state -> ConnectionID? in
      guard !state.isShut, state.openCount < Self.mostConnections else { return nil }
      state.openCount += 1
      state.lastNumber += 1
      let identifier = ConnectionID(.incoming, state.lastNumber)
      state.arrivals[identifier] = connection
      return identifier
    }
    guard let identifier, connection.attach(channel) else { return nil }
    channel.closeFuture.whenComplete { _ in self.state.withLock { $0.openCount -= 1 } }
    return identifier
  }

  /// Takes out those that the loop has not seen.
  func takeArrivals() -> [ConnectionID: BGPConnection] {
    self.state.withLock { $0.takeArrivals() }
  }

  /// Lets nobody in any more, and sends those away that the loop has not seen.
  func shut() {
    let unseen = self.state.withLock { state in
      state.isShut = true
      return state.takeArrivals()
    }
    for connection in unseen.values { connection.abandon() }
  }
}
