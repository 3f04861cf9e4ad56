import Primitives

extension Message {
  /// The message as it travels, its type first.
  package var encoded: [UInt8] {
    var writer: MessagePackWriter
    switch self {
    case .ping(let ping): return ping.encoded
    case .indirectPing(let request): return request.encoded
    case .ack(let ack): return ack.encoded
    case .nack(let sequence):
      writer = MessagePackWriter(startingWith: .nack)
      writer.writeMap(count: 1)
      writer.write("SeqNo", sequence)
    case .suspect(let accusation):
      writer = MessagePackWriter(startingWith: .suspect)
      accusation.write(to: &writer)
    case .dead(let accusation):
      writer = MessagePackWriter(startingWith: .dead)
      accusation.write(to: &writer)
    case .alive(let alive): return alive.encoded
    case .user(let content): return [MessageType.user.rawValue] + content
    }
    return writer.bytes
  }

  /// Reads the body of a message of a type that a datagram may hold.
  init(_ type: MessageType, body: ArraySlice<UInt8>) throws(WireError) {
    var reader = MessagePackReader(body)
    switch type {
    case .ping: self = .ping(try Ping(from: &reader))
    case .indirectPing: self = .indirectPing(try IndirectPing(from: &reader))
    case .ack: self = .ack(try Ack(from: &reader))
    case .nack: self = .nack(sequence: try Ack(from: &reader).sequence)
    case .suspect: self = .suspect(try Accusation(from: &reader))
    case .alive: self = .alive(try Alive(from: &reader))
    case .dead: self = .dead(try Accusation(from: &reader))
    case .user: self = .user(Array(body))
    case .pushPull, .compound, .compressed, .encrypted, .checksummed, .error, .labelled:
      throw .unknownMessage(type: type.rawValue)
    }
  }
}

extension Ping {
  var encoded: [UInt8] {
    var writer = MessagePackWriter(startingWith: .ping)
    writer.writeMap(count: 2 + Source.fieldCount(self.source))
    writer.write("Node", self.node)
    writer.write("SeqNo", self.sequence)
    self.source?.write(to: &writer)
    return writer.bytes
  }

  init(from reader: inout MessagePackReader) throws(WireError) {
    var (sequence, node, source) = (UInt32?.none, "", SourceFields())
    try reader.readFields { name, reader throws(WireError) in
      switch name {
      case "SeqNo": sequence = try reader.readNumber(name)
      case "Node": node = try reader.readText(name)
      default: return try source.read(name, from: &reader)
      }
      return true
    }
    guard let sequence else { throw .missingField("SeqNo") }
    self.init(sequence: sequence, node: node, source: source.source)
  }
}

extension IndirectPing {
  var encoded: [UInt8] {
    var writer = MessagePackWriter(startingWith: .indirectPing)
    writer.writeMap(count: 5 + Source.fieldCount(self.source))
    writer.write("Nack", self.wantsNack)
    writer.write("Node", self.node)
    writer.write("Port", self.target.port)
    writer.write("SeqNo", self.sequence)
    self.source?.write(to: &writer)
    writer.write("Target", self.target.address.octets)
    return writer.bytes
  }

  init(from reader: inout MessagePackReader) throws(WireError) {
    var (sequence, address, port, node, nack) = (UInt32?.none, IPAddress?.none, UInt16(0), "", false)
    var source = SourceFields()
    try reader.readFields { name, reader throws(WireError) in
      switch name {
      case "SeqNo": sequence = try reader.readNumber(name)
      case "Target": address = try IPAddress(wire: reader.readBytes(name))
      case "Port": port = try reader.readNumber(name)
      case "Node": node = try reader.readText(name)
      case "Nack": nack = try reader.readBool(name)
      default: return try source.read(name, from: &reader)
      }
      return true
    }
    guard let sequence else { throw .missingField("SeqNo") }
    guard let address else { throw .missingField("Target") }
    self.init(
      sequence: sequence, target: MemberAddress(address, port), node: node, wantsNack: nack, source: source.source)
  }
}

extension Ack {
  var encoded: [UInt8] {
    var writer = MessagePackWriter(startingWith: .ack)
    writer.writeMap(count: 2)
    writer.write("Payload", self.payload)
    writer.write("SeqNo", self.sequence)
    return writer.bytes
  }

  /// Reads a nack as well, which has no payload.
  init(from reader: inout MessagePackReader) throws(WireError) {
    var (sequence, payload) = (UInt32?.none, [UInt8]())
    try reader.readFields { name, reader throws(WireError) in
      switch name {
      case "SeqNo": sequence = try reader.readNumber(name)
      case "Payload": payload = Array(try reader.readBytes(name))
      default: return false
      }
      return true
    }
    guard let sequence else { throw .missingField("SeqNo") }
    self.init(sequence: sequence, payload: payload)
  }
}

extension Accusation {
  fileprivate func write(to writer: inout MessagePackWriter) {
    writer.writeMap(count: 3)
    writer.write("From", self.from)
    writer.write("Incarnation", self.incarnation)
    writer.write("Node", self.node)
  }

  fileprivate init(from reader: inout MessagePackReader) throws(WireError) {
    var (incarnation, node, from) = (UInt32?.none, String?.none, "")
    try reader.readFields { name, reader throws(WireError) in
      switch name {
      case "Incarnation": incarnation = try reader.readNumber(name)
      case "Node": node = try reader.readText(name)
      case "From": from = try reader.readText(name)
      default: return false
      }
      return true
    }
    guard let incarnation else { throw .missingField("Incarnation") }
    guard let node else { throw .missingField("Node") }
    self.init(incarnation: incarnation, node: node, from: from)
  }
}

extension Alive {
  fileprivate var encoded: [UInt8] {
    var writer = MessagePackWriter(startingWith: .alive)
    writer.writeMap(count: 6)
    writer.write("Addr", self.endpoint.address.octets)
    writer.write("Incarnation", self.incarnation)
    writer.write("Meta", self.meta)
    writer.write("Node", self.node)
    writer.write("Port", self.endpoint.port)
    writer.write("Vsn", self.versions?.bytes ?? [])
    return writer.bytes
  }

  fileprivate init(from reader: inout MessagePackReader) throws(WireError) {
    let state = try NodeState(from: &reader, named: "Node")
    self.init(
      incarnation: state.incarnation, node: state.node, endpoint: state.endpoint, meta: state.meta,
      versions: state.versions)
  }
}

// MARK: - Parts

/// The optional fields that name who asks; the address counts only with a port.
private struct SourceFields {
  var address: IPAddress?
  var port: UInt16 = 0
  var node = ""

  /// False: the field is another one.
  mutating func read(_ name: String, from reader: inout MessagePackReader) throws(WireError) -> Bool {
    switch name {
    case "SourceAddr":
      let octets = try reader.readBytes(name)
      self.address = octets.isEmpty ? nil : try IPAddress(wire: octets)
    case "SourcePort": self.port = try reader.readNumber(name)
    case "SourceNode": self.node = try reader.readText(name)
    default: return false
    }
    return true
  }

  var source: Source? {
    guard let address, self.port > 0 else { return nil }
    return Source(node: self.node, endpoint: MemberAddress(address, self.port))
  }
}

extension Source {
  fileprivate static func fieldCount(_ source: Source?) -> Int { source == nil ? 0 : 3 }

  fileprivate func write(to writer: inout MessagePackWriter) {
    writer.write("SourceAddr", self.endpoint.address.octets)
    writer.write("SourceNode", self.node)
    writer.write("SourcePort", self.endpoint.port)
  }
}

extension IPAddress {
  /// An address as it travels; Go may write an IPv4 address in the sixteen octets of a mapped one.
  init(wire octets: some Collection<UInt8>) throws(WireError) {
    switch octets.count {
    case 4: self = .v4(IPv4Address(bits: octets.reduce(0) { $0 << 8 | UInt32($1) }))
    case 16:
      let address = IPv6Address(bits: octets.reduce(0) { $0 << 8 | UInt128($1) })
      self = address.mappedIPv4.map(IPAddress.v4) ?? .v6(address)
    default: throw .invalidAddress
    }
  }
}
