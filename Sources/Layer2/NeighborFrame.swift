import Primitives

/// A Neighbor Solicitation or Advertisement in its IPv6 packet and Ethernet frame (RFC 4861 sections 4.3 and 4.4).
///
///     Ethernet header 14 or 18 | version, class, flow 4 | payload length 2 | 58 | hop limit 255 | source 16 | destination 16 |
///     type 1 | code 0 | checksum 2 | flags 4 | target 16 | options: type 1, length in eights 1, content
///
/// Reading makes every check of RFC 4861 sections 7.1.1 and 7.1.2: a frame that passes comes from this very link, as its
/// hop limit shows. Options other than the hardware address are passed over, as section 4.6 wants.
package struct NeighborFrame: Sendable, Hashable {
  /// Whom the Ethernet frame is for.
  package var destination: MACAddress
  package var source: MACAddress
  /// The tag control information of an IEEE 802.1Q header, if the frame has one.
  package var tag: VLANTag?
  /// The source of the IPv6 packet; unspecified in a probe for duplicates.
  package var sender: IPv6Address
  /// The destination of the IPv6 packet.
  package var receiver: IPv6Address
  /// The address that is asked for, or told of.
  package var target: IPv6Address
  package var message: Message

  package init(
    destination: MACAddress, source: MACAddress, tag: VLANTag? = nil, sender: IPv6Address, receiver: IPv6Address,
    target: IPv6Address, message: Message
  ) {
    self.destination = destination
    self.source = source
    self.tag = tag
    self.sender = sender
    self.receiver = receiver
    self.target = target
    self.message = message
  }

  package enum Message: Sendable, Hashable {
    /// Who has the target? With the hardware address to answer to, if the asker gives one.
    case solicitation(senderHardware: MACAddress?)
    case advertisement(Advertisement)
  }

  /// What an advertisement says of its target.
  package struct Advertisement: Sendable, Hashable {
    package var isRouter: Bool
    /// It answers a question that had a source.
    package var isSolicited: Bool
    /// Neighbours that know another hardware address shall forget it.
    package var overrides: Bool
    package var targetHardware: MACAddress?

    package init(isRouter: Bool = false, isSolicited: Bool, overrides: Bool, targetHardware: MACAddress?) {
      self.isRouter = isRouter
      self.isSolicited = isSolicited
      self.overrides = overrides
      self.targetHardware = targetHardware
    }
  }

  /// Why bytes are neither of the two messages, or one that RFC 4861 section 7.1 has us discard.
  package enum Malformed: Error, Sendable, Hashable, CustomStringConvertible {
    case truncated(length: Int)
    case notIPv6(etherType: UInt16)
    case unknownVersion(UInt8)
    case notICMP(nextHeader: UInt8)
    case notNeighborDiscovery(type: UInt8)
    case forwarded(hopLimit: UInt8)
    case wrongChecksum
    case unknownCode(UInt8)
    case multicastTarget
    case emptyOption
    /// A question without a source that is not for the group of its target, or that names a hardware address.
    case inconsistentProbe
    /// An answer that claims to be asked for, but goes to a group.
    case solicitedByGroup

    package var description: String {
      switch self {
      case .truncated(let length): "frame of \(length) bytes ends before its packet does"
      case .notIPv6(let etherType): "EtherType \(etherType) is not IPv6"
      case .unknownVersion(let version): "IP version \(version) in an IPv6 frame"
      case .notICMP(let nextHeader): "next header \(nextHeader) is not ICMPv6"
      case .notNeighborDiscovery(let type): "ICMPv6 type \(type) is neither solicitation nor advertisement"
      case .forwarded(let hopLimit): "hop limit \(hopLimit): the packet does not come from this link"
      case .wrongChecksum: "the checksum is wrong"
      case .unknownCode(let code): "ICMPv6 code \(code) is not 0"
      case .multicastTarget: "the target is a group"
      case .emptyOption: "an option has no length"
      case .inconsistentProbe: "a solicitation without a source must be for the group of its target and name no source"
      case .solicitedByGroup: "an advertisement to a group cannot be solicited"
      }
    }
  }

  private static let etherType: UInt16 = 0x86DD
  private static let ipLength = 40
  private static let icmp: UInt8 = 58
  private static let unforwarded: UInt8 = 255
  /// The ICMPv6 message without options.
  private static let messageLength = 24

  private enum MessageType {
    static let solicitation: UInt8 = 135
    static let advertisement: UInt8 = 136
  }

  private enum Option {
    static let sourceHardware: UInt8 = 1
    static let targetHardware: UInt8 = 2
  }

  private enum Flag {
    static let router: UInt32 = 1 << 31
    static let solicited: UInt32 = 1 << 30
    static let override: UInt32 = 1 << 29
  }
}

extension NeighborFrame {
  /// Reads a frame as the network device delivered it.
  package init(decoding bytes: [UInt8]) throws(Malformed) {
    try self.init(decoding: bytes.span.bytes)
  }

  /// Reads a frame as the network device delivered it.
  package init(decoding bytes: RawSpan) throws(Malformed) {
    guard let header = EthernetHeader(bytes) else { throw .truncated(length: bytes.byteCount) }
    guard header.etherType == Self.etherType else { throw .notIPv6(etherType: header.etherType) }
    let packet = header.length
    let message = packet + Self.ipLength
    guard bytes.byteCount >= message + Self.messageLength else { throw .truncated(length: bytes.byteCount) }
    let version: UInt8 = bytes.number(at: packet, as: UInt8.self) >> 4
    guard version == 6 else { throw .unknownVersion(version) }
    let nextHeader: UInt8 = bytes.number(at: packet + 6)
    guard nextHeader == Self.icmp else { throw .notICMP(nextHeader: nextHeader) }
    let type: UInt8 = bytes.number(at: message)
    guard type == MessageType.solicitation || type == MessageType.advertisement else {
      throw .notNeighborDiscovery(type: type)
    }
    let hopLimit: UInt8 = bytes.number(at: packet + 7)
    guard hopLimit == Self.unforwarded else { throw .forwarded(hopLimit: hopLimit) }
    let length = Int(bytes.number(at: packet + 4, as: UInt16.self))
    guard length >= Self.messageLength, bytes.byteCount >= message + length else {
      throw .truncated(length: bytes.byteCount)
    }
    let (sender, receiver) = (bytes.ipv6Address(at: packet + 8), bytes.ipv6Address(at: packet + 24))
    let content = bytes.extracting(message..<message + length)
    guard InternetChecksum.ofMessage(content, from: sender, to: receiver) == 0 else { throw .wrongChecksum }
    let code: UInt8 = content.number(at: 1)
    guard code == 0 else { throw .unknownCode(code) }
    let target = content.ipv6Address(at: 8)
    guard !target.isMulticast else { throw .multicastTarget }
    let hardware = try Self.hardwareAddress(
      type == MessageType.solicitation ? Option.sourceHardware : Option.targetHardware, in: content)
    self.init(
      destination: header.destination, source: header.source, tag: header.tag, sender: sender, receiver: receiver,
      target: target, message: .solicitation(senderHardware: hardware))
    if type == MessageType.solicitation {
      let isProbe = sender == .unspecified
      guard !isProbe || (receiver == target.solicitedNodeGroup && hardware == nil) else { throw .inconsistentProbe }
    } else {
      let flags: UInt32 = content.number(at: 4)
      let isSolicited = flags & Flag.solicited != 0
      guard !isSolicited || !receiver.isMulticast else { throw .solicitedByGroup }
      self.message = .advertisement(
        Advertisement(
          isRouter: flags & Flag.router != 0, isSolicited: isSolicited, overrides: flags & Flag.override != 0,
          targetHardware: hardware))
    }
  }

  /// The hardware address in the first option of a type; every option must have a length, those passed over too.
  private static func hardwareAddress(_ type: UInt8, in message: RawSpan) throws(Malformed) -> MACAddress? {
    var found: MACAddress?
    var option = Self.messageLength
    while option < message.byteCount {
      guard message.byteCount - option >= 8 else { throw .truncated(length: message.byteCount) }
      let length = 8 * Int(message.number(at: option + 1, as: UInt8.self))
      guard length > 0 else { throw .emptyOption }
      guard message.byteCount - option >= length else { throw .truncated(length: message.byteCount) }
      if found == nil, message.number(at: option, as: UInt8.self) == type {
        found = message.hardwareAddress(at: option + 2)
      }
      option += length
    }
    return found
  }

  /// The frame as it goes to the network device.
  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.longest) { buffer, count in
      let memory = UnsafeMutableRawBufferPointer(buffer)
      var writer = FrameWriter(buffer: memory)
      writer.append(
        EthernetHeader(destination: self.destination, source: self.source, tag: self.tag, etherType: Self.etherType))
      let (type, flags, option, hardware) = self.fields
      writer.append(6 << 28 as UInt32)
      writer.append(UInt16(Self.messageLength + (hardware == nil ? 0 : 8)))
      writer.append(Self.icmp)
      writer.append(Self.unforwarded)
      writer.append(self.sender.bits)
      writer.append(self.receiver.bits)
      let message = writer.count
      writer.append(type)
      writer.append(0 as UInt8)
      writer.append(0 as UInt16)
      writer.append(flags)
      writer.append(self.target.bits)
      if let hardware {
        writer.append(option)
        writer.append(1 as UInt8)
        writer.append(hardware)
      }
      let content = UnsafeRawBufferPointer(rebasing: memory[message..<writer.count]).bytes
      writer.put(InternetChecksum.ofMessage(content, from: self.sender, to: self.receiver), at: message + 2)
      count = writer.count
    }
  }

  /// A tagged frame with one option.
  private static let longest = 18 + ipLength + messageLength + 8

  private var fields: (type: UInt8, flags: UInt32, option: UInt8, hardware: MACAddress?) {
    switch self.message {
    case .solicitation(let hardware):
      (MessageType.solicitation, 0, Option.sourceHardware, hardware)
    case .advertisement(let advertisement):
      (
        MessageType.advertisement,
        (advertisement.isRouter ? Flag.router : 0) | (advertisement.isSolicited ? Flag.solicited : 0)
          | (advertisement.overrides ? Flag.override : 0),
        Option.targetHardware, advertisement.targetHardware
      )
    }
  }
}

/// The ones' complement sum that guards ICMPv6 messages (RFC 1071; RFC 8200 section 8.1 for the pseudo-header).
private enum InternetChecksum {
  /// The checksum of a message whose checksum field is zero; zero for a message with the right one in it.
  static func ofMessage(_ message: RawSpan, from source: IPv6Address, to destination: IPv6Address) -> UInt16 {
    var sum = UInt64(message.byteCount) + 58
    for address in [source, destination] {
      for shift in stride(from: 0, to: 128, by: 32) {
        sum += UInt64(UInt32(truncatingIfNeeded: address.bits >> UInt128(shift)))
      }
    }
    var offset = 0
    while offset + 4 <= message.byteCount {
      sum += UInt64(message.number(at: offset, as: UInt32.self))
      offset += 4
    }
    // What is left counts as if zeros followed it.
    var (rest, shift): (UInt32, UInt32) = (0, 24)
    while offset < message.byteCount {
      rest |= UInt32(message.number(at: offset, as: UInt8.self)) << shift
      shift -= 8
      offset += 1
    }
    sum += UInt64(rest)
    while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
    return ~UInt16(truncatingIfNeeded: sum)
  }
}
