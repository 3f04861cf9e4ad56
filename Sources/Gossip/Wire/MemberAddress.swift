import Primitives

/// Where a member listens, for datagrams and streams alike.
package struct MemberAddress: Sendable, Hashable, CustomStringConvertible {
  package var address: IPAddress
  package var port: UInt16

  package init(_ address: IPAddress, _ port: UInt16) {
    self.address = address
    self.port = port
  }

  package var description: String {
    switch self.address {
    case .v4(let address): "\(address):\(self.port)"
    case .v6(let address): "[\(address)]:\(self.port)"
    }
  }
}
