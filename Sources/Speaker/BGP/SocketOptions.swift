import Glibc
import NIOCore
import Primitives

/// Options of a TCP socket that BGP needs and NIO has no names for, to be set together.
struct SocketOptions: Sendable {
  /// The differentiated services code point of routing protocols, CS6 (RFC 4594), as the octet of the header.
  private static let networkControl: CInt = 0xC0
  /// The highest, so that routers one hop away can tell that we are (RFC 5082), and others are reached as well.
  private static let timeToLive: CInt = 255

  private typealias Setter = @Sendable (any SocketOptionProvider) -> EventLoopFuture<Void>

  private var setters: [Setter] = []

  /// What every packet has.
  init(_ family: IPFamily) {
    switch family {
    case .ipv4:
      self.add(CInt(IPPROTO_IP), IP_TOS, Self.networkControl)
      self.add(CInt(IPPROTO_IP), IP_TTL, Self.timeToLive)
    case .ipv6:
      self.add(CInt(IPPROTO_IPV6), IPV6_TCLASS, Self.networkControl)
      self.add(CInt(IPPROTO_IPV6), IPV6_UNICAST_HOPS, Self.timeToLive)
    }
  }

  /// What a connection with a router has.
  init(_ router: RouterAddress) {
    self.init(router.family)
    if let patience = router.patience {
      self.add(CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, CUnsignedInt(clamping: patience.components.seconds * 1000))
    }
    if let minimum = router.minimumTTL {
      switch router.family {
      case .ipv4: self.add(CInt(IPPROTO_IP), IP_MINTTL, CInt(minimum))
      case .ipv6: self.add(CInt(IPPROTO_IPV6), IPV6_MINHOPCOUNT, CInt(minimum))
      }
    }
  }

  /// Within a VRF only: SO_BINDTODEVICE takes a name of at most 15 characters and its end.
  mutating func bind(to device: String) {
    var name = (0 as UInt64, 0 as UInt64)
    withUnsafeMutableBytes(of: &name) { $0.copyBytes(from: device.utf8.prefix(Int(IFNAMSIZ) - 1)) }
    self.add(SOL_SOCKET, SO_BINDTODEVICE, name)
  }

  /// The packets that ask for connections are kept for `arrivalTTL`.
  mutating func keepRequests() {
    self.add(CInt(IPPROTO_TCP), TCP_SAVE_SYN, 1 as CInt)
  }

  /// What was left of the TTL of the packet that asked for an accepted connection; nil = it was not kept.
  ///
  /// What follows it is checked by the kernel, but only from the moment on that the connection has been accepted.
  static func arrivalTTL(of channel: any Channel) -> EventLoopFuture<UInt8?> {
    guard let socket = channel as? any SocketOptionProvider else {
      return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }
    let headers: EventLoopFuture<Headers> = socket.unsafeGetSocketOption(
      level: NIOBSDSocket.OptionLevel(rawValue: CInt(IPPROTO_TCP)),
      name: NIOBSDSocket.Option(rawValue: TCP_SAVED_SYN))
    return headers.map { headers in
      withUnsafeBytes(of: headers) { bytes in
        switch bytes[0] >> 4 {
        case 4: bytes[8]
        case 6: bytes[7]
        default: nil
        }
      }
    }
  }

  /// Room for the headers of IP and TCP with all their options.
  private typealias Headers = (
    UInt128, UInt128, UInt128, UInt128, UInt128, UInt128, UInt128, UInt128, UInt128, UInt128
  )

  /// The end of the connection is told at once, and nothing of it is kept.
  mutating func resetOnClose() {
    self.add(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
  }

  mutating func add<Value: Sendable>(_ level: CInt, _ name: CInt, _ value: Value) {
    self.setters.append { socket in
      socket.unsafeSetSocketOption(
        level: NIOBSDSocket.OptionLevel(rawValue: level), name: NIOBSDSocket.Option(rawValue: name), value: value)
    }
  }

  func set(on channel: any Channel) -> EventLoopFuture<Void> {
    guard let socket = channel as? any SocketOptionProvider else {
      return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }
    return EventLoopFuture.andAllSucceed(self.setters.map { $0(socket) }, on: channel.eventLoop)
  }
}
