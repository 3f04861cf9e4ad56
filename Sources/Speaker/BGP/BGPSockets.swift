import Balancer
import Glibc
import HostNetwork
import NIOCore
import NIOPosix
import Primitives

/// Opens the sockets that BGP runs over, with the options that it needs.
enum BGPSockets {
  /// Begins to connect; `prepare` gets the channel before the first packet is sent.
  static func connect(
    to remote: SocketAddress, _ router: RouterAddress, on group: any EventLoopGroup,
    prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> EventLoopFuture<any Channel> {
    ClientBootstrap(group: group)
      // Before `Peer` gives up after ten, which knows less of the reason.
      .connectTimeout(.seconds(9))
      .channelOption(.autoRead, value: false)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        prepare(channel).flatMap {
          var options = SocketOptions(router)
          if let vrf = router.vrf { options.bind(to: vrf) }
          options.sign(with: router.authentication, for: remote)
          return options.set(on: channel)
        }.flatMap {
          self.bind(channel, to: router.source)
        }
      }
      .connect(to: remote)
  }

  /// After the options: within a VRF there are addresses that are none outside it.
  private static func bind(_ channel: any Channel, to source: IPAddress?) -> EventLoopFuture<Void> {
    guard let source else { return channel.eventLoop.makeSucceededVoidFuture() }
    do {
      return channel.bind(to: try SocketAddress(ipAddress: source.description, port: 0))
    } catch {
      return channel.eventLoop.makeFailedFuture(error)
    }
  }

  /// Listens for connections of a family at a port, in a VRF or in none; `configure` gets each before anything of it is read,
  /// and refuses it by failing.
  static func listen(
    at port: UInt16, _ family: IPFamily, vrf: String?, on group: any EventLoopGroup,
    configure: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) async throws -> any Channel {
    var bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.autoRead, value: false)
      .serverChannelInitializer { channel in
        // The answer to the first packet is a packet like all others.
        var options = SocketOptions(family)
        options.keepRequests()
        if let vrf { options.bind(to: vrf) }
        return options.set(on: channel).flatMapThrowing {
          try channel.pipeline.syncOperations.addHandler(AcceptPacer())
        }
      }
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer(configure)
    if family == .ipv6 {
      bootstrap = bootstrap.serverChannelOption(
        ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
    }
    return try await bootstrap.bind(
      to: try SocketAddress(ipAddress: family == .ipv4 ? "0.0.0.0" : "::", port: Int(port))
    ).get()
  }
}

/// Why a connection could not be made, or ended, in the words of the system.
enum ConnectionFailure {
  static func text(of error: any Error, _ router: RouterAddress) -> String {
    switch error {
    case let error as IOError where error.errnoCode == EADDRNOTAVAIL && router.source != nil:
      // Upstream's sentence (contract section 13.4).
      "address \"\(router.source.map(\.description) ?? "")\" doesn't exist on this host"
    case let error as IOError where TCPAuthentication.isMissing(error.errnoCode) && router.authentication.hasKeys:
      "the kernel of this node has no TCP-AO: it takes Linux 6.7 or later, built with CONFIG_TCP_AO"
    case let error as IOError where self.isMissing(router.vrf, error): self.missing(router.vrf)
    case let error as IOError: String(cString: strerror(error.errnoCode)).lowercasedFirst
    case ChannelError.connectTimeout: "no answer to the attempt to connect" + self.suspicion(router.authentication)
    case let error as NIOConnectionError:
      error.connectionErrors.first.map { self.text(of: $0.error, router) } ?? "\(error)"
    default: "\(error)"
    }
  }

  /// Why routers cannot be listened for.
  static func text(listeningIn vrf: String?, _ error: any Error) -> String {
    guard let error = error as? IOError else { return "\(error)" }
    guard !self.isMissing(vrf, error) else { return self.missing(vrf) }
    let text = String(cString: strerror(error.errnoCode))
    return error.errnoCode == EACCES ? "\(text): ports below 1024 take the capability NET_BIND_SERVICE" : text
  }

  /// Whether a socket could not be bound to the device of a VRF.
  private static func isMissing(_ vrf: String?, _ error: IOError) -> Bool {
    vrf != nil && error.errnoCode == ENODEV
  }

  private static func missing(_ vrf: String?) -> String {
    "this node has no device \"\(vrf ?? "")\" for the VRF: make it, or correct spec.vrf of the BGPPeer"
  }

  /// Who does not sign, or signs otherwise, is as silent as who is not there: neither kernel answers the other.
  private static func suspicion(_ authentication: BGPPeerConfiguration.Authentication) -> String {
    switch authentication {
    case .none: ""
    case .password: "; the router may have another password, or none"
    case .keys(let keys):
      "; the router may not have the TCP-AO key that it receives as \(keys.first.sendID), or another under that number"
    }
  }
}

extension String {
  fileprivate var lowercasedFirst: String { self.prefix(1).lowercased() + self.dropFirst() }
}
