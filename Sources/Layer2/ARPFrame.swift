import Primitives

/// An ARP packet for IPv4 over Ethernet in its Ethernet frame (RFC 826).
///
///     destination 6 | source 6 | [0x8100 tag 2] | 0x0806 | hardware 1 | protocol 0x0800 | 6 | 4 | operation 2 |
///     sender hardware 6 | sender address 4 | target hardware 6 | target address 4 | padding
///
/// Padding after the packet is ignored when reading; short frames are padded by the network device when sending.
package struct ARPFrame: Sendable, Hashable {
  /// Whom the Ethernet frame is for.
  package var destination: MACAddress
  package var source: MACAddress
  /// The tag control information of an IEEE 802.1Q header, if the frame has one.
  package var tag: VLANTag?
  package var operation: Operation
  package var senderHardware: MACAddress
  package var sender: IPv4Address
  package var targetHardware: MACAddress
  package var target: IPv4Address

  package init(
    destination: MACAddress, source: MACAddress, tag: VLANTag? = nil, operation: Operation, senderHardware: MACAddress,
    sender: IPv4Address, targetHardware: MACAddress, target: IPv4Address
  ) {
    self.destination = destination
    self.source = source
    self.tag = tag
    self.operation = operation
    self.senderHardware = senderHardware
    self.sender = sender
    self.targetHardware = targetHardware
    self.target = target
  }

  package enum Operation: UInt16, Sendable, Hashable {
    case request = 1
    case reply = 2
  }

  /// Why bytes are not an ARP packet for IPv4 over Ethernet.
  package enum Malformed: Error, Sendable, Hashable, CustomStringConvertible {
    case truncated(length: Int)
    case notARP(etherType: UInt16)
    case foreignHardware(type: UInt16, length: UInt8)
    case foreignProtocol(type: UInt16, length: UInt8)
    case unknownOperation(UInt16)

    package var description: String {
      switch self {
      case .truncated(let length): "frame of \(length) bytes ends before its ARP packet does"
      case .notARP(let etherType): "EtherType \(etherType) is not ARP"
      case .foreignHardware(let type, let length): "hardware type \(type) with \(length) bytes is not Ethernet"
      case .foreignProtocol(let type, let length): "protocol type \(type) with \(length) bytes is not IPv4"
      case .unknownOperation(let operation): "ARP operation \(operation) is neither request nor reply"
      }
    }
  }

  /// The length of a frame without tag and padding.
  package static let length = 42

  /// The length of the packet in it.
  private static let packetLength = 28
  private static let etherType: UInt16 = 0x0806
  private static let ipv4: UInt16 = 0x0800
  private static let ethernet: UInt16 = 1
}

extension ARPFrame {
  /// Reads a frame as the network device delivered it.
  package init(decoding bytes: [UInt8]) throws(Malformed) {
    try self.init(decoding: bytes.span.bytes)
  }

  /// Reads a frame as the network device delivered it.
  package init(decoding bytes: RawSpan) throws(Malformed) {
    guard let header = EthernetHeader(bytes) else { throw .truncated(length: bytes.byteCount) }
    guard header.etherType == Self.etherType else { throw .notARP(etherType: header.etherType) }
    let packet = header.length
    guard bytes.byteCount >= packet + Self.packetLength else { throw .truncated(length: bytes.byteCount) }
    let (hardwareType, hardwareLength) = (
      bytes.number(at: packet, as: UInt16.self), bytes.number(at: packet + 4, as: UInt8.self)
    )
    guard hardwareType == Self.ethernet, hardwareLength == 6 else {
      throw .foreignHardware(type: hardwareType, length: hardwareLength)
    }
    let (protocolType, protocolLength) = (
      bytes.number(at: packet + 2, as: UInt16.self), bytes.number(at: packet + 5, as: UInt8.self)
    )
    guard protocolType == Self.ipv4, protocolLength == 4 else {
      throw .foreignProtocol(type: protocolType, length: protocolLength)
    }
    let operation = bytes.number(at: packet + 6, as: UInt16.self)
    guard let operation = Operation(rawValue: operation) else { throw .unknownOperation(operation) }
    self.init(
      destination: header.destination, source: header.source, tag: header.tag, operation: operation,
      senderHardware: bytes.hardwareAddress(at: packet + 8), sender: IPv4Address(bits: bytes.number(at: packet + 14)),
      targetHardware: bytes.hardwareAddress(at: packet + 18), target: IPv4Address(bits: bytes.number(at: packet + 24)))
  }

  /// The frame as it goes to the network device.
  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.length + 4) { buffer, count in
      var writer = FrameWriter(buffer: UnsafeMutableRawBufferPointer(buffer))
      writer.append(
        EthernetHeader(
          destination: self.destination, source: self.source, tag: self.tag, etherType: Self.etherType))
      writer.append(Self.ethernet)
      writer.append(Self.ipv4)
      writer.append(0x0604 as UInt16)
      writer.append(self.operation.rawValue)
      writer.append(self.senderHardware)
      writer.append(self.sender.bits)
      writer.append(self.targetHardware)
      writer.append(self.target.bits)
      count = writer.count
    }
  }
}
