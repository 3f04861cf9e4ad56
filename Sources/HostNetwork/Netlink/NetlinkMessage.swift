/// One message of rtnetlink, with its header read and its payload as it came (RFC 3549, netlink(7)).
///
/// Netlink speaks the byte order of the machine, and pads everything to four bytes.
package struct NetlinkMessage: Sendable, Hashable {
  package var type: UInt16
  package var flags: UInt16
  package var sequence: UInt32
  package var payload: ArraySlice<UInt8>

  package init(type: UInt16, flags: UInt16 = 0, sequence: UInt32 = 0, payload: ArraySlice<UInt8>) {
    self.type = type
    self.flags = flags
    self.sequence = sequence
    self.payload = payload
  }

  /// Bytes that are not a sequence of messages or attributes.
  package enum Malformed: Error, Sendable, Hashable, CustomStringConvertible {
    case truncated(length: Int)
    case impossibleLength(Int)

    package var description: String {
      switch self {
      case .truncated(let length): "netlink: a message ends early, after \(length) bytes"
      case .impossibleLength(let length): "netlink: an element says that it has \(length) bytes"
      }
    }
  }

  private static let headerLength = 16

  /// The messages of one datagram.
  package static func messages(in datagram: [UInt8]) throws(Malformed) -> [NetlinkMessage] {
    var messages: [NetlinkMessage] = []
    var rest = datagram[...]
    while !rest.isEmpty {
      let length = Int(try rest.number(at: 0, as: UInt32.self))
      guard length >= Self.headerLength else { throw .impossibleLength(length) }
      guard length <= rest.count else { throw .truncated(length: rest.count) }
      messages.append(
        NetlinkMessage(
          type: try rest.number(at: 4), flags: try rest.number(at: 6), sequence: try rest.number(at: 8),
          payload: rest.dropFirst(Self.headerLength).prefix(length - Self.headerLength)))
      rest = rest.dropFirst(length.padded)
    }
    return messages
  }

  /// The message as the kernel wants it.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: UInt32(Self.headerLength + self.payload.count))
    bytes.append(number: self.type)
    bytes.append(number: self.flags)
    bytes.append(number: self.sequence)
    bytes.append(number: 0 as UInt32)
    bytes.append(contentsOf: self.payload)
    return bytes
  }

  /// The attributes after a fixed part of the payload: what each type was last said to be. A list or a nested list inside
  /// an attribute is read by ``attributes(in:)`` again.
  package func attributes(after fixedLength: Int) throws(Malformed) -> [UInt16: ArraySlice<UInt8>] {
    guard self.payload.count >= fixedLength else { throw .truncated(length: self.payload.count) }
    return try Self.attributes(in: self.payload.dropFirst(fixedLength))
  }

  package static func attributes(in bytes: ArraySlice<UInt8>) throws(Malformed) -> [UInt16: ArraySlice<UInt8>] {
    var attributes: [UInt16: ArraySlice<UInt8>] = [:]
    var rest = bytes
    while rest.count >= 4 {
      let length = Int(try rest.number(at: 0, as: UInt16.self))
      guard length >= 4 else { throw .impossibleLength(length) }
      guard length <= rest.count else { throw .truncated(length: rest.count) }
      // The two high bits say how the value is coded, which its type says as well.
      let type = try rest.number(at: 2, as: UInt16.self) & 0x3FFF
      attributes[type] = rest.dropFirst(4).prefix(length - 4)
      rest = rest.dropFirst(length.padded)
    }
    return attributes
  }
}

extension ArraySlice<UInt8> {
  /// A number in the byte order of the machine, at an offset from the start of the slice.
  package func number<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: Value.Type = Value.self
  ) throws(NetlinkMessage.Malformed) -> Value {
    guard self.count - offset >= MemoryLayout<Value>.size else { throw .truncated(length: self.count) }
    return self.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
  }
}

extension [UInt8] {
  /// Appends a number in the byte order of the machine.
  package mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(number: Value) {
    Swift.withUnsafeBytes(of: number) { self.append(contentsOf: $0) }
  }
}

extension Int {
  /// The next multiple of four.
  fileprivate var padded: Int { (self + 3) & ~3 }
}
