import CLinux
import Glibc
import Layer2
import Primitives

/// What the kernel knows of a host on a link: which hardware address an address was last seen with (the neighbour table).
package struct Neighbour: Sendable, Hashable {
  package let interface: Int
  package let address: IPAddress
  package let hardwareAddress: MACAddress

  package init(interface: Int, address: IPAddress, hardwareAddress: MACAddress) {
    self.interface = interface
    self.address = address
    self.hardwareAddress = hardwareAddress
  }

  /// Reads what RTM_NEWNEIGH says (rtnetlink(7), `struct ndmsg`); nil for an entry that is no Ethernet neighbour or has not
  /// been resolved.
  init?(_ message: NetlinkMessage) throws(NetlinkMessage.Malformed) {
    let attributes = try message.attributes(after: 12)
    guard let hardware = attributes[UInt16(NDA_LLADDR)].flatMap({ MACAddress(octets: $0) }),
      let octets = attributes[UInt16(NDA_DST)],
      let address = IPv4Address(octets: octets).map(IPAddress.v4) ?? IPv6Address(octets: octets).map(IPAddress.v6)
    else { return nil }
    self.init(
      interface: Int(try message.payload.number(at: 4, as: Int32.self)), address: address, hardwareAddress: hardware)
  }
}

extension NetlinkSocket {
  /// The whole neighbour table.
  package func neighbours() throws(Failure) -> [Neighbour] {
    // `struct ndmsg`, for both families. That the table changes meanwhile does no harm: it is a hint.
    var neighbours: [Neighbour] = []
    for message in try self.dump(RTM_GETNEIGH, [UInt8](repeating: 0, count: 12)).messages {
      do throws(NetlinkMessage.Malformed) {
        if let neighbour = try Neighbour(message) { neighbours.append(neighbour) }
      } catch { throw .malformed(error) }
    }
    return neighbours
  }
}
