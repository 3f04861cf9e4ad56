import Glibc
import NIOCore
import Synchronization

/// The connections that are open, made so that a dead one is noticed, and closed together when nobody answers any more.
///
/// HTTP/2 puts every request and watch on one connection. If the far side vanishes without a word, the kernel finds out:
/// by keepalive probes when nothing is being sent, by TCP_USER_TIMEOUT (RFC 5482) when something is. If it is there but
/// mute (a stopped process, a proxy without a backend), a request that times out makes us hang up and dial anew.
final class OpenConnections: Sendable {
  private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])
  /// What a server has to prove that TLS cannot see.
  private let proof: AddressProof?

  init(proof: AddressProof?) {
    self.proof = proof
  }

  func prepare(_ channel: any Channel) -> EventLoopFuture<Void> {
    let id = ObjectIdentifier(channel)
    self.channels.withLock { $0[id] = channel }
    channel.closeFuture.whenComplete { _ in
      self.channels.withLock { $0[id] = nil }
    }
    let options: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = [
      (ChannelOptions.socket(SocketOptionLevel(SOL_SOCKET), SocketOptionName(SO_KEEPALIVE)), 1),
      (Self.tcp(TCP_KEEPIDLE), 3),
      (Self.tcp(TCP_KEEPINTVL), 1),
      (Self.tcp(TCP_KEEPCNT), 3),
      // Milliseconds; also the limit for unanswered keepalive probes.
      (Self.tcp(TCP_USER_TIMEOUT), 6000),
      (Self.tcp(TCP_NODELAY), 1),
    ]
    // A channel that is no TCP socket refuses them, and needs none of them.
    let settings: [EventLoopFuture<Void>] = options.map { option, value in
      channel.setOption(option, value: value).recover { _ in }
    }
    let isSet = EventLoopFuture.andAllSucceed(settings, on: channel.eventLoop)
    guard let proof = self.proof else { return isSet }
    return isSet.flatMap { proof.demand(of: channel) }
  }

  func closeAll() {
    let channels = self.channels.withLock { Array($0.values) }
    for channel in channels { channel.close(promise: nil) }
  }

  private static func tcp(_ name: CInt) -> ChannelOptions.Types.SocketOption {
    ChannelOptions.socket(SocketOptionLevel(IPPROTO_TCP), SocketOptionName(name))
  }
}
