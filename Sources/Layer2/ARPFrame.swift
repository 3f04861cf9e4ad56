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

  /// Priority and network of an IEEE 802.1Q header.
  package struct VLANTag: Sendable, Hashable {
    package let control: UInt16

    package init(control: UInt16) {
      self.control = control
    }

    /// The virtual network; 0 means none, the tag is there for its priority only.
    package var network: UInt16 { self.control & 0x0FFF }
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

  private enum EtherType {
    static let arp: UInt16 = 0x0806
    static let ipv4: UInt16 = 0x0800
    static let tagged: UInt16 = 0x8100
  }

  private static let ethernet: UInt16 = 1
}

extension ARPFrame {
  /// Reads a frame as the network device delivered it.
  package init(decoding bytes: [UInt8]) throws(Malformed) {
    try self.init(decoding: bytes.span.bytes)
  }

  /// Reads a frame as the network device delivered it.
  package init(decoding bytes: RawSpan) throws(Malformed) {
    self.destination = try bytes.hardwareAddress(at: 0)
    self.source = try bytes.hardwareAddress(at: 6)
    var etherType = try bytes.field(at: 12, as: UInt16.self)
    var packet = 14
    if etherType == EtherType.tagged {
      self.tag = VLANTag(control: try bytes.field(at: 14))
      etherType = try bytes.field(at: 16)
      packet = 18
    } else {
      self.tag = nil
    }
    guard etherType == EtherType.arp else { throw .notARP(etherType: etherType) }
    let (hardwareType, hardwareLength) = (try bytes.field(at: packet, as: UInt16.self), try bytes.byte(at: packet + 4))
    guard hardwareType == Self.ethernet, hardwareLength == 6 else {
      throw .foreignHardware(type: hardwareType, length: hardwareLength)
    }
    let (protocolType, protocolLength) = (
      try bytes.field(at: packet + 2, as: UInt16.self), try bytes.byte(at: packet + 5)
    )
    guard protocolType == EtherType.ipv4, protocolLength == 4 else {
      throw .foreignProtocol(type: protocolType, length: protocolLength)
    }
    let operation = try bytes.field(at: packet + 6, as: UInt16.self)
    guard let operation = Operation(rawValue: operation) else { throw .unknownOperation(operation) }
    self.operation = operation
    self.senderHardware = try bytes.hardwareAddress(at: packet + 8)
    self.sender = IPv4Address(bits: try bytes.field(at: packet + 14))
    self.targetHardware = try bytes.hardwareAddress(at: packet + 18)
    self.target = IPv4Address(bits: try bytes.field(at: packet + 24))
  }

  /// The frame as it goes to the network device.
  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.length + 4) { buffer, count in
      var writer = Writer(buffer: UnsafeMutableRawBufferPointer(buffer))
      writer.append(self.destination)
      writer.append(self.source)
      if let tag = self.tag {
        writer.append(EtherType.tagged)
        writer.append(tag.control)
      }
      writer.append(EtherType.arp)
      writer.append(Self.ethernet)
      writer.append(EtherType.ipv4)
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

extension RawSpan {
  /// A number in network order.
  fileprivate func field<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: Value.Type = Value.self
  ) throws(ARPFrame.Malformed) -> Value {
    guard self.byteCount - offset >= MemoryLayout<Value>.size else { throw .truncated(length: self.byteCount) }
    return Value(bigEndian: self.unsafeLoadUnaligned(fromByteOffset: offset, as: type))
  }

  fileprivate func byte(at offset: Int) throws(ARPFrame.Malformed) -> UInt8 {
    try self.field(at: offset)
  }

  fileprivate func hardwareAddress(at offset: Int) throws(ARPFrame.Malformed) -> MACAddress {
    let (high, low) = (try self.field(at: offset, as: UInt16.self), try self.field(at: offset + 2, as: UInt32.self))
    return MACAddress(bits: UInt64(high) << 32 | UInt64(low))
  }
}

/// Writes fields in network order into memory that holds the longest frame.
private struct Writer {
  let buffer: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(buffer: UnsafeMutableRawBufferPointer) {
    self.buffer = buffer
  }

  mutating func append(_ address: MACAddress) {
    self.append(UInt16(truncatingIfNeeded: address.bits >> 32))
    self.append(UInt32(truncatingIfNeeded: address.bits))
  }

  mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
    self.buffer.storeBytes(of: value.bigEndian, toByteOffset: self.count, as: Value.self)
    self.count += MemoryLayout<Value>.size
  }
}
