import Balancer
import Glibc
import HostNetwork
import NIOCore
import Primitives

// How segments are signed: by TCP MD5 (RFC 2385), or by TCP's authentication option (RFC 5925).

extension SocketOptions {
  /// Segments from and to a router are signed. A listening socket leaves the choice among several keys to the router.
  mutating func sign(
    with authentication: BGPPeerConfiguration.Authentication, for remote: SocketAddress, isListening: Bool = false
  ) {
    switch authentication {
    case .none: break
    case .password(let password): self.add(CInt(IPPROTO_TCP), TCP_MD5SIG, Self.signature(password, for: remote))
    case .keys(let keys):
      guard let router = IPAddress(remote) else { return }
      for (index, key) in keys.all.enumerated() {
        self.add(
          CInt(IPPROTO_TCP), TCPAuthentication.addition,
          TCPAuthentication.Key(key, for: router).added(asCurrent: index == 0 && !isListening))
      }
    }
  }

  /// They are not signed any more, for listening sockets; the kernel refuses to forget what it never knew.
  mutating func stopSigning(with authentication: BGPPeerConfiguration.Authentication, for remote: SocketAddress) {
    switch authentication {
    case .none: break
    case .password: self.add(CInt(IPPROTO_TCP), TCP_MD5SIG, Self.signature(nil, for: remote))
    case .keys(let keys):
      guard let router = IPAddress(remote) else { return }
      for key in keys.all {
        self.add(
          CInt(IPPROTO_TCP), TCPAuthentication.removal,
          TCPAuthentication.Key(key, for: router).removed(inFavourOf: nil))
      }
    }
  }

  /// The router is asked to sign with a key, whichever it began with.
  mutating func prefer(_ key: AuthenticationKey, for router: IPAddress) {
    self.add(
      CInt(IPPROTO_TCP), TCPAuthentication.preference, TCPAuthentication.Key(key, for: router).preferred())
  }

  /// A connection goes over to other keys: those that are new are known, then the router is asked for the first of them, then
  /// those that are gone are forgotten.
  mutating func change(_ old: AuthenticationKeys, to new: AuthenticationKeys, for router: IPAddress) {
    let first = TCPAuthentication.Key(new.first, for: router)
    for key in new.all where !old.all.contains(key) {
      self.add(
        CInt(IPPROTO_TCP), TCPAuthentication.addition, TCPAuthentication.Key(key, for: router).added(asCurrent: false))
    }
    self.prefer(new.first, for: router)
    for key in old.all where !new.all.contains(key) {
      self.add(
        CInt(IPPROTO_TCP), TCPAuthentication.removal,
        TCPAuthentication.Key(key, for: router).removed(inFavourOf: first))
    }
  }

  /// As `TCP_MD5SIG` of tcp(7) takes it; a key of no length takes the key away.
  private static func signature(_ password: Password?, for remote: SocketAddress) -> tcp_md5sig {
    var option = tcp_md5sig()
    remote.withSockAddr { address, length in
      withUnsafeMutableBytes(of: &option.tcpm_addr) { bytes in
        bytes.copyMemory(from: UnsafeRawBufferPointer(start: address, count: min(Int(length), bytes.count)))
      }
    }
    guard let password else { return option }
    option.tcpm_keylen = UInt16(password.octets.count)
    withUnsafeMutableBytes(of: &option.tcpm_key) { $0.copyBytes(from: password.octets.prefix($0.count)) }
    return option
  }
}

extension TCPAuthentication.Key {
  fileprivate init(_ key: AuthenticationKey, for router: IPAddress) {
    let algorithm: TCPAuthentication.Algorithm =
      switch key.algorithm {
      case .hmacSHA1: .hmacSHA1
      case .aes128CMAC: .aes128CMAC
      }
    self.init(
      router: router, sendID: key.sendID, receiveID: key.receiveID, algorithm: algorithm, secret: key.secret.octets)
  }
}
