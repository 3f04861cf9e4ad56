import Primitives

/// A frame of either address resolution protocol: ARP for IPv4, Neighbor Discovery for IPv6.
package enum LinkFrame: Sendable, Hashable {
  case arp(ARPFrame)
  case neighbor(NeighborFrame)

  /// Reads a frame of a family; nil if it is malformed, which costs its sender the answer.
  package init?(decoding bytes: RawSpan, family: IPFamily) {
    switch family {
    case .ipv4:
      guard let frame = try? ARPFrame(decoding: bytes) else { return nil }
      self = .arp(frame)
    case .ipv6:
      guard let frame = try? NeighborFrame(decoding: bytes) else { return nil }
      self = .neighbor(frame)
    }
  }

  /// The frame as it goes to the network device.
  package var bytes: [UInt8] {
    switch self {
    case .arp(let frame): frame.bytes
    case .neighbor(let frame): frame.bytes
    }
  }

  /// Whom the Ethernet frame is from.
  package var source: MACAddress {
    switch self {
    case .arp(let frame): frame.source
    case .neighbor(let frame): frame.source
    }
  }

  var tag: VLANTag? {
    switch self {
    case .arp(let frame): frame.tag
    case .neighbor(let frame): frame.tag
    }
  }

  /// A statement that a host has an address.
  package struct Claim: Sendable, Hashable {
    package var address: IPAddress
    package var holder: MACAddress

    package init(address: IPAddress, holder: MACAddress) {
      self.address = address
      self.holder = holder
    }
  }

  /// What the frame says its sender has: the sender address of any ARP packet, request or reply (RFC 5227 section 2.4),
  /// and the target of an advertisement (RFC 4862 section 5.4.4). A probe claims nothing, and what
  /// belongs to another virtual network does not count.
  package var claim: Claim? {
    if let tag = self.tag, tag.network != 0 { return nil }
    switch self {
    case .arp(let frame):
      return frame.sender.bits == 0 ? nil : Claim(address: .v4(frame.sender), holder: frame.senderHardware)
    case .neighbor(let frame):
      guard case .advertisement(let advertisement) = frame.message else { return nil }
      return Claim(address: .v6(frame.target), holder: advertisement.targetHardware ?? frame.source)
    }
  }
}
