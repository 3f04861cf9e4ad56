import Primitives

/// The autonomous systems that a route has passed through, the latest first (RFC 4271 section 4.3, RFC 6793).
package struct ASPath: Sendable, Hashable {
  /// How many octets an AS number has in a message.
  package enum Width: Int, Sendable, Hashable {
    case two = 2
    case four = 4
  }

  package struct Segment: Sendable, Hashable {
    package enum Kind: UInt8, Sendable, Hashable {
      case set = 1
      case sequence = 2
      case confederationSequence = 3
      case confederationSet = 4
    }

    package var kind: Kind
    package var numbers: [ASN]

    package init(_ kind: Kind, _ numbers: [ASN]) {
      self.kind = kind
      self.numbers = numbers
    }
  }

  package var segments: [Segment]
  /// The width in the message that the path is in.
  package var width: Width

  package init(_ segments: [Segment], width: Width) {
    self.segments = segments
    self.width = width
  }

  /// One sequence, or none for a route of our own AS.
  package init(sequence: [ASN], width: Width) {
    self.init(sequence.isEmpty ? [] : [Segment(.sequence, sequence)], width: width)
  }

  /// Whether a speaker that knows two octets only would read something else than is meant.
  var needsFourOctets: Bool {
    self.segments.contains { $0.numbers.contains { $0.number > UInt32(UInt16.max) } }
  }

  /// Reads all of a field; segments of no known kind, of no numbers or past the end make the path malformed.
  init(reading reader: inout ByteReader, width: Width) throws(ByteReader.Truncated) {
    self.init([], width: width)
    while !reader.isAtEnd {
      guard let kind = Segment.Kind(rawValue: try reader.uint8()) else { throw ByteReader.Truncated() }
      let count = try reader.uint8()
      guard count > 0 else { throw ByteReader.Truncated() }
      var numbers: [ASN] = []
      for _ in 0..<count {
        numbers.append(ASN(width == .four ? try reader.uint32() : UInt32(try reader.uint16())))
      }
      self.segments.append(Segment(kind, numbers))
    }
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for segment in self.segments {
      var rest = segment.numbers[...]
      while !rest.isEmpty {
        let part = rest.prefix(255)
        rest = rest.dropFirst(255)
        bytes += [segment.kind.rawValue, UInt8(part.count)]
        for number in part {
          switch self.width {
          case .two: bytes.append(bigEndian: number.twoOctetField)
          case .four: bytes.append(bigEndian: number.number)
          }
        }
      }
    }
    return bytes
  }
}
