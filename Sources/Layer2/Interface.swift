import Primitives

/// A network interface of this machine, as the kernel describes it.
///
/// Everything that decides about interfaces reads this value and nothing else, so that what `ip link` would show at one
/// moment can be written down in a test.
package struct Interface: Sendable, Hashable {
  /// The kernel's number for the interface; stays when it is renamed, never comes back once it is deleted.
  package let index: Int
  package var name: String
  /// Nil for interfaces without a 48-bit hardware address: tunnels, InfiniBand.
  package var hardwareAddress: MACAddress?
  package var flags: Flags
  /// In the order in which the kernel lists them.
  package var addresses: [Address]
  /// The index of the bridge, bond or VRF that this interface is a member of.
  package var master: Int?
  /// What created it, as `ip -details link` prints it: `veth`, `bridge`, `vlan`; nil for a physical interface.
  package var kind: String?

  /// Whether there is a link: a cable with somebody at its other end.
  package var hasCarrier: Bool { self.flags.contains(.lowerUp) }

  package init(
    index: Int, name: String, hardwareAddress: MACAddress? = nil, flags: Flags = [], addresses: [Address] = [],
    master: Int? = nil, kind: String? = nil
  ) {
    self.index = index
    self.name = name
    self.hardwareAddress = hardwareAddress
    self.flags = flags
    self.addresses = addresses
    self.master = master
    self.kind = kind
  }

  /// The flags of an interface that matter here; the numbers are the kernel's (`IFF_*`).
  package struct Flags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    package static let up = Flags(rawValue: 0x1)
    package static let broadcast = Flags(rawValue: 0x2)
    package static let loopback = Flags(rawValue: 0x8)
    package static let pointToPoint = Flags(rawValue: 0x10)
    package static let noARP = Flags(rawValue: 0x80)
    package static let multicast = Flags(rawValue: 0x1000)
    package static let lowerUp = Flags(rawValue: 0x10000)
  }

  /// An address that the interface itself has, with the length of its network's prefix.
  package struct Address: Sendable, Hashable {
    package let address: IPAddress
    package let prefixLength: Int

    package init(_ address: IPAddress, prefixLength: Int) {
      self.address = address
      self.prefixLength = prefixLength
    }
  }
}

extension Interface {
  /// Why neighbours on an interface are not answered.
  package enum Unsuitable: String, Error, Sendable, Hashable {
    /// Its name matches a pattern of `announcedInterfacesToExclude`.
    case excluded
    case down
    /// It is a member of a bridge, bond or VRF: the master answers.
    case enslaved
    /// Address resolution is switched off (`ip link set arp off`).
    case noARP
    /// IPv4 only: nobody could ask.
    case noBroadcast
    /// IPv6 only: there is no address to advertise from.
    case noLinkLocalAddress
    case noHardwareAddress
  }

  /// Whether this interface can announce addresses of a family (contract section 11.2); nil = it can.
  ///
  /// Exclusion by name is not looked at here: ``LinkSelector`` does that for a whole list at once.
  package func unsuitability(for family: IPFamily) -> Unsuitable? {
    guard self.flags.contains(.up) else { return .down }
    guard self.master == nil else { return .enslaved }
    guard !self.flags.contains(.noARP) else { return .noARP }
    switch family {
    case .ipv4:
      guard self.flags.contains(.broadcast) else { return .noBroadcast }
    case .ipv6:
      guard self.addresses.contains(where: { $0.address.isIPv6LinkLocal }) else { return .noLinkLocalAddress }
    }
    return self.hardwareAddress == nil ? .noHardwareAddress : nil
  }
}

extension Sequence<Interface> {
  /// Whether what is sent from an address of this machine can leave it: an interface that has the address has a carrier.
  package func canSend(from address: IPAddress) -> Bool {
    address.isUnspecified
      || self.contains { interface in interface.hasCarrier && interface.addresses.contains { $0.address == address } }
  }
}

extension IPAddress {
  /// Whether it stands for all addresses of the machine.
  fileprivate var isUnspecified: Bool {
    switch self {
    case .v4(let address): address.bits == 0
    case .v6(let address): address.bits == 0
    }
  }

  fileprivate var isIPv6LinkLocal: Bool {
    guard case .v6(let address) = self else { return false }
    return address.isLinkLocal
  }
}
