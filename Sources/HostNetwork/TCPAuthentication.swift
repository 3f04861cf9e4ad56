import CLinux
import Glibc
import Primitives

/// The values of the socket options of TCP's authentication option (RFC 5925), as Linux takes them from version 6.7 on
/// (tcp_ao.rst in its documentation).
///
/// A socket has keys for addresses. It signs with its current key, and its segments ask the other side to sign with the key
/// that it wants to receive next. The other side follows if it has that one, so two that change their minds at different times
/// lose nothing.
package enum TCPAuthentication {
  /// Algorithms by the kernel's name for them.
  package enum Algorithm: String, Sendable {
    case hmacSHA1 = "hmac(sha1)"
    case aes128CMAC = "cmac(aes128)"
  }

  package static let addition = Int32(TCP_AUTHENTICATION_ADD_KEY)
  package static let removal = Int32(TCP_AUTHENTICATION_DELETE_KEY)
  package static let preference = Int32(TCP_AUTHENTICATION_INFO)

  /// Whether an error of theirs means that the kernel knows nothing of it.
  package static func isMissing(_ error: Int32) -> Bool { error == ENOPROTOOPT }

  package struct Key: Sendable, Hashable {
    package var router: IPAddress
    package var sendID: UInt8
    package var receiveID: UInt8
    package var algorithm: Algorithm
    /// At most 80 octets.
    package var secret: [UInt8]

    package init(router: IPAddress, sendID: UInt8, receiveID: UInt8, algorithm: Algorithm, secret: [UInt8]) {
      self.router = router
      self.sendID = sendID
      self.receiveID = receiveID
      self.algorithm = algorithm
      self.secret = secret
    }

    /// For `addition`. The first segment is signed with a key that is current; a listening socket has none.
    package func added(asCurrent isCurrent: Bool) -> tcp_authentication_add {
      var option = tcp_authentication_add()
      option.address = self.address
      option.prefix = self.router.family == .ipv4 ? 32 : 128
      option.send_id = self.sendID
      option.receive_id = self.receiveID
      // Both algorithms are cut to 96 bits (RFC 5926 section 3.2).
      option.code_length = 12
      option.flags = isCurrent ? UInt32(TCP_AUTHENTICATION_SET_CURRENT | TCP_AUTHENTICATION_SET_RECEIVE_NEXT) : 0
      withUnsafeMutableBytes(of: &option.algorithm) { $0.copyBytes(from: self.algorithm.rawValue.utf8) }
      let octets = self.secret.prefix(MemoryLayout.size(ofValue: option.key))
      option.key_length = UInt8(octets.count)
      withUnsafeMutableBytes(of: &option.key) { $0.copyBytes(from: octets) }
      return option
    }

    /// For `removal`; a connection goes on with the other key.
    package func removed(inFavourOf other: Key?) -> tcp_authentication_delete {
      var option = tcp_authentication_delete()
      option.address = self.address
      option.prefix = self.router.family == .ipv4 ? 32 : 128
      option.send_id = self.sendID
      option.receive_id = self.receiveID
      guard let other else { return option }
      option.flags = UInt32(TCP_AUTHENTICATION_SET_CURRENT | TCP_AUTHENTICATION_SET_RECEIVE_NEXT)
      option.current_key = other.sendID
      option.receive_next = other.receiveID
      return option
    }

    /// For `preference`: the router is asked to sign with it from now on.
    package func preferred() -> tcp_authentication_info {
      var option = tcp_authentication_info()
      option.flags = UInt32(TCP_AUTHENTICATION_SET_RECEIVE_NEXT)
      option.receive_next = self.receiveID
      return option
    }

    /// Without a port, or the kernel refuses it.
    private var address: sockaddr_storage {
      var storage = sockaddr_storage()
      Endpoint(self.router, port: 0).withSocketAddress { address, length in
        withUnsafeMutableBytes(of: &storage) {
          $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
        }
      }
      return storage
    }
  }
}
