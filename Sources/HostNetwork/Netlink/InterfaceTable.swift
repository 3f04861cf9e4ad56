import CLinux
import Layer2
import Primitives

/// The interfaces of a network namespace, put together from what rtnetlink says about links and addresses.
///
/// The first message may be about anything: addresses may come before their link does.
package struct InterfaceTable: Sendable, Hashable {
  private var links: [Int: Interface] = [:]
  private var addresses: [Int: Holding] = [:]

  /// The addresses of one interface, of which there can be thousands: kube-proxy in IPVS mode gives one those of all Services.
  private struct Holding: Sendable, Hashable {
    /// In the order in which they came.
    var list: [Interface.Address] = []
    var members: Set<Interface.Address> = []
  }

  package init() {}

  /// All interfaces with their addresses, by index.
  package var interfaces: [Interface] {
    self.links.values.sorted { $0.index < $1.index }.map { link in
      var interface = link
      interface.addresses = self.addresses[link.index]?.list ?? []
      return interface
    }
  }

  /// Takes one message into account; messages about other things change nothing.
  package mutating func apply(_ message: NetlinkMessage) throws(NetlinkMessage.Malformed) {
    switch Int(message.type) {
    case Int(RTM_NEWLINK):
      if let link = try LinkMessage(message) { self.links[link.interface.index] = link.interface }
    case Int(RTM_DELLINK):
      if let link = try LinkMessage(message) {
        self.links[link.interface.index] = nil
        self.addresses[link.interface.index] = nil
      }
    case Int(RTM_NEWADDR):
      guard let message = try AddressMessage(message) else { return }
      self.set(message.address, on: message.index, isUsable: message.isUsable)
    case Int(RTM_DELADDR):
      guard let message = try AddressMessage(message) else { return }
      self.set(message.address, on: message.index, isUsable: false)
    default:
      return
    }
  }

  private mutating func set(_ address: Interface.Address, on index: Int, isUsable: Bool) {
    if isUsable {
      // In place: a copy of thousands for each of thousands would take seconds.
      guard self.addresses[index, default: Holding()].members.insert(address).inserted else { return }
      self.addresses[index]?.list.append(address)
    } else if self.addresses[index]?.members.remove(address) != nil {
      // What goes has come late, as a rule.
      if let position = self.addresses[index]?.list.lastIndex(of: address) {
        self.addresses[index]?.list.remove(at: position)
      }
      if self.addresses[index]?.list.isEmpty == true { self.addresses[index] = nil }
    }
  }
}

/// What RTM_NEWLINK and RTM_DELLINK say about an interface (rtnetlink(7), `struct ifinfomsg`).
struct LinkMessage {
  let interface: Interface

  /// Nil for what is not about the interface itself: the membership of a bridge's port has its own messages of the same
  /// type, and so have radio events, which carry no name.
  init?(_ message: NetlinkMessage) throws(NetlinkMessage.Malformed) {
    let attributes = try message.attributes(after: 16)
    guard try message.payload.number(at: 0, as: UInt8.self) == UInt8(AF_UNSPEC),
      let name = attributes[UInt16(IFLA_IFNAME)]
    else { return nil }
    let hardwareType = try message.payload.number(at: 2, as: UInt16.self)
    let information = try NetlinkMessage.attributes(in: attributes[UInt16(IFLA_LINKINFO)] ?? [])
    self.interface = Interface(
      index: Int(try message.payload.number(at: 4, as: Int32.self)),
      name: name.text,
      hardwareAddress: Int32(hardwareType) == ARPHRD_ETHER
        ? attributes[UInt16(IFLA_ADDRESS)].flatMap { MACAddress(octets: $0) } : nil,
      flags: Interface.Flags(rawValue: try message.payload.number(at: 8)),
      master: try attributes[UInt16(IFLA_MASTER)].map { index throws(NetlinkMessage.Malformed) in
        Int(try index.number(at: 0, as: UInt32.self))
      },
      kind: information[UInt16(IFLA_INFO_KIND)]?.text)
  }
}

/// What RTM_NEWADDR and RTM_DELADDR say about an address (rtnetlink(7), `struct ifaddrmsg`).
struct AddressMessage {
  let index: Int
  let address: Interface.Address
  /// Whether duplicate address detection has found nothing, or is not due (RFC 4862 section 5.4).
  let isUsable: Bool

  /// Nil for an address of a family other than IPv4 and IPv6.
  init?(_ message: NetlinkMessage) throws(NetlinkMessage.Malformed) {
    let attributes = try message.attributes(after: 8)
    // On a point-to-point link IFA_ADDRESS is the other end's.
    guard let octets = attributes[UInt16(IFA_LOCAL)] ?? attributes[UInt16(IFA_ADDRESS)] else { return nil }
    let address: IPAddress?
    switch Int32(try message.payload.number(at: 0, as: UInt8.self)) {
    case AF_INET: address = IPv4Address(octets: octets).map(IPAddress.v4)
    case AF_INET6: address = IPv6Address(octets: octets).map(IPAddress.v6)
    default: address = nil
    }
    guard let address else { return nil }
    self.index = Int(try message.payload.number(at: 4, as: UInt32.self))
    self.address = Interface.Address(address, prefixLength: Int(try message.payload.number(at: 1, as: UInt8.self)))
    // The fixed part has room for the first eight flags, the attribute has all.
    let flags =
      if let all = attributes[UInt16(IFA_FLAGS)] {
        try all.number(at: 0, as: UInt32.self)
      } else {
        UInt32(try message.payload.number(at: 2, as: UInt8.self))
      }
    self.isUsable = flags & UInt32(IFA_F_TENTATIVE | IFA_F_DADFAILED) == 0
  }
}

extension ArraySlice<UInt8> {
  /// A C string.
  fileprivate var text: String { String(decoding: self.prefix { $0 != 0 }, as: UTF8.self) }
}
