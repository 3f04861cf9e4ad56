import Balancer
import Glibc
import NIOCore
import NIOPosix
import Primitives

/// Opens the sockets that BGP runs over, with the options that it needs.
enum BGPSockets {
  /// The differentiated services code point of routing protocols, CS6 (RFC 4594), as the octet of the header.
  private static let networkControl: CInt = 0xC0
  /// The highest, so that routers one hop away can tell that we are (RFC 5082), and others are reached as well.
  private static let timeToLive: CInt = 255

  /// Begins to connect; `prepare` gets the channel before the first packet is sent.
  static func connect(
    to remote: SocketAddress, _ router: RouterAddress, on group: any EventLoopGroup,
    prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> EventLoopFuture<any Channel> {
    var bootstrap = ClientBootstrap(group: group)
      .connectTimeout(.seconds(10))
      .channelOption(.autoRead, value: false)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        prepare(channel).flatMap { self.setOptions(of: channel, to: remote, router) }
      }
    do {
      if let source = router.source {
        bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: source.description, port: 0))
      }
    } catch {
      return group.any().makeFailedFuture(error)
    }
    return bootstrap.connect(to: remote)
  }

  private static func setOptions(of channel: any Channel, to remote: SocketAddress, _ router: RouterAddress)
    -> EventLoopFuture<Void>
  {
    guard let socket = channel as? any SocketOptionProvider else {
      return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }
    typealias Name = NIOBSDSocket.Option
    var settings: [EventLoopFuture<Void>] = []
    func set<Value: Sendable>(_ level: CInt, _ name: CInt, _ value: Value) {
      settings.append(
        socket.unsafeSetSocketOption(
          level: NIOBSDSocket.OptionLevel(rawValue: level), name: Name(rawValue: name), value: value))
    }
    if let vrf = router.vrf {
      // SO_BINDTODEVICE takes a name of at most 15 characters and its end.
      var name = (0 as UInt64, 0 as UInt64)
      withUnsafeMutableBytes(of: &name) { $0.copyBytes(from: vrf.utf8.prefix(Int(IFNAMSIZ) - 1)) }
      set(SOL_SOCKET, SO_BINDTODEVICE, name)
    }
    switch router.family {
    case .ipv4:
      set(CInt(IPPROTO_IP), IP_TOS, Self.networkControl)
      set(CInt(IPPROTO_IP), IP_TTL, Self.timeToLive)
    case .ipv6:
      set(CInt(IPPROTO_IPV6), IPV6_TCLASS, Self.networkControl)
      set(CInt(IPPROTO_IPV6), IPV6_UNICAST_HOPS, Self.timeToLive)
    }
    if let patience = router.patience {
      set(CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, CUnsignedInt(clamping: patience.components.seconds * 1000))
    }
    if let password = router.password {
      set(CInt(IPPROTO_TCP), TCP_MD5SIG, Signature(password, for: remote).option)
    }
    return EventLoopFuture.andAllSucceed(settings, on: channel.eventLoop)
  }
}

/// A key for the segments of a connection to one address (RFC 2385), as `TCP_MD5SIG` of tcp(7) takes it.
private struct Signature {
  let option: tcp_md5sig

  init(_ password: Password, for remote: SocketAddress) {
    var option = tcp_md5sig()
    remote.withSockAddr { address, length in
      withUnsafeMutableBytes(of: &option.tcpm_addr) { bytes in
        bytes.copyMemory(from: UnsafeRawBufferPointer(start: address, count: min(Int(length), bytes.count)))
      }
    }
    option.tcpm_keylen = UInt16(password.octets.count)
    withUnsafeMutableBytes(of: &option.tcpm_key) { $0.copyBytes(from: password.octets.prefix($0.count)) }
    self.option = option
  }
}

/// Why a connection could not be made, or ended, in the words of the system.
enum ConnectionFailure {
  static func text(of error: any Error, _ router: RouterAddress) -> String {
    switch error {
    case let error as IOError where error.errnoCode == EADDRNOTAVAIL && router.source != nil:
      // Upstream's sentence (contract section 13.4).
      "address \"\(router.source.map(\.description) ?? "")\" doesn't exist on this host"
    case let error as IOError where error.errnoCode == ENODEV && router.vrf != nil:
      "there is no device \"\(router.vrf ?? "")\" for the VRF"
    case let error as IOError: String(cString: strerror(error.errnoCode)).lowercasedFirst
    case ChannelError.connectTimeout: "no answer to the attempt to connect"
    case let error as NIOConnectionError:
      error.connectionErrors.first.map { self.text(of: $0.error, router) } ?? "\(error)"
    default: "\(error)"
    }
  }
}

extension String {
  fileprivate var lowercasedFirst: String { self.prefix(1).lowercased() + self.dropFirst() }
}
