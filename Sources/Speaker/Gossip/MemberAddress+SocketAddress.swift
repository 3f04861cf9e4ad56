import Gossip
import NIOCore
import Primitives

extension MemberAddress {
  /// Where a packet came from; nil for what is no IP address.
  init?(_ address: SocketAddress?) {
    guard let text = address?.ipAddress, let port = address?.port, let ip = IPAddress(text),
      let port = UInt16(exactly: port)
    else { return nil }
    self.init(ip, port)
  }

  var socketAddress: SocketAddress {
    get throws {
      try SocketAddress(packedIPAddress: ByteBuffer(bytes: self.address.octets), port: Int(self.port))
    }
  }
}
