import Primitives

/// The head of an Ethernet frame: whom it is for, whom it is from, and what follows.
///
///     destination 6 | source 6 | [0x8100 tag 2] | type 2
struct EthernetHeader: Hashable {
  let destination: MACAddress
  let source: MACAddress
  /// The tag control information of an IEEE 802.1Q header, if the frame has one.
  let tag: VLANTag?
  let etherType: UInt16

  /// The header's own length.
  var length: Int { self.tag == nil ? 14 : 18 }

  private static let tagged: UInt16 = 0x8100

  init(destination: MACAddress, source: MACAddress, tag: VLANTag?, etherType: UInt16) {
    self.destination = destination
    self.source = source
    self.tag = tag
    self.etherType = etherType
  }

  /// Reads the head of a frame; nil if the frame ends before it does.
  init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= 14 else { return nil }
    self.destination = bytes.hardwareAddress(at: 0)
    self.source = bytes.hardwareAddress(at: 6)
    let etherType: UInt16 = bytes.number(at: 12)
    guard etherType == Self.tagged else {
      self.tag = nil
      self.etherType = etherType
      return
    }
    guard bytes.byteCount >= 18 else { return nil }
    self.tag = VLANTag(control: bytes.number(at: 14))
    self.etherType = bytes.number(at: 16)
  }
}

extension RawSpan {
  /// A number in network order. The caller has made sure that the bytes are there.
  func number<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Value.Type = Value.self) -> Value {
    Value(bigEndian: self.unsafeLoadUnaligned(fromByteOffset: offset, as: type))
  }

  func hardwareAddress(at offset: Int) -> MACAddress {
    let (high, low) = (self.number(at: offset, as: UInt16.self), self.number(at: offset + 2, as: UInt32.self))
    return MACAddress(bits: UInt64(high) << 32 | UInt64(low))
  }

  func ipv6Address(at offset: Int) -> IPv6Address {
    IPv6Address(bits: self.number(at: offset))
  }
}

/// Writes fields in network order into memory that holds the longest frame.
struct FrameWriter {
  let buffer: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(buffer: UnsafeMutableRawBufferPointer) {
    self.buffer = buffer
  }

  mutating func append(_ header: EthernetHeader) {
    self.append(header.destination)
    self.append(header.source)
    if let tag = header.tag {
      self.append(0x8100 as UInt16)
      self.append(tag.control)
    }
    self.append(header.etherType)
  }

  mutating func append(_ address: MACAddress) {
    self.append(UInt16(truncatingIfNeeded: address.bits >> 32))
    self.append(UInt32(truncatingIfNeeded: address.bits))
  }

  mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
    self.buffer.storeBytes(of: value.bigEndian, toByteOffset: self.count, as: Value.self)
    self.count += MemoryLayout<Value>.size
  }

  /// Writes a number over what was written before.
  mutating func put(_ value: UInt16, at offset: Int) {
    self.buffer.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
  }
}
