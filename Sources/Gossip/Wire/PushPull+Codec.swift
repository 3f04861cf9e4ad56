import Primitives

extension PushPull {
  var encoded: [UInt8] {
    var writer = MessagePackWriter(startingWith: .pushPull)
    writer.writeMap(count: 3)
    writer.write("Join", self.isJoin)
    writer.write("Nodes", UInt(self.states.count))
    writer.write("UserStateLen", UInt(self.userState.count))
    for state in self.states { state.write(to: &writer) }
    writer.append(self.userState)
    return writer.bytes
  }

  /// What stands before the states.
  struct Header: Sendable, Equatable {
    var stateCount = 0
    var userStateLength = 0
    var isJoin = false

    init(from reader: inout MessagePackReader) throws(WireError) {
      var header = (states: 0, userState: 0, isJoin: false)
      try reader.readFields { name, reader throws(WireError) in
        switch name {
        case "Nodes": header.states = try reader.readNumber(name)
        case "UserStateLen": header.userState = try reader.readNumber(name)
        case "Join": header.isJoin = try reader.readBool(name)
        default: return false
        }
        return true
      }
      guard header.states >= 0, header.userState >= 0 else { throw .unexpectedValue(in: "Nodes") }
      (self.stateCount, self.userStateLength, self.isJoin) = header
    }
  }
}

extension NodeState {
  fileprivate func write(to writer: inout MessagePackWriter) {
    writer.writeMap(count: 7)
    writer.write("Addr", self.endpoint.address.octets)
    writer.write("Incarnation", self.incarnation)
    writer.write("Meta", self.meta)
    writer.write("Name", self.node)
    writer.write("Port", self.endpoint.port)
    writer.write("State", self.liveness.rawValue)
    writer.write("Vsn", self.versions?.bytes ?? [])
  }

  /// Reads a node of a push/pull, or an alive message, which differ in what the field with the name is called.
  init(from reader: inout MessagePackReader, named nameField: String) throws(WireError) {
    var (node, address, port, incarnation) = (String?.none, IPAddress?.none, UInt16(0), UInt32(0))
    var (meta, liveness, versions) = ([UInt8](), Liveness.alive, ProtocolVersions?.none)
    try reader.readFields { name, reader throws(WireError) in
      switch name {
      case nameField: node = try reader.readText(name)
      case "Addr": address = try IPAddress(wire: reader.readBytes(name))
      case "Port": port = try reader.readNumber(name)
      case "Meta": meta = Array(try reader.readBytes(name))
      case "Incarnation": incarnation = try reader.readNumber(name)
      case "State":
        guard let known = Liveness(rawValue: try reader.readNumber(name)) else { throw .unexpectedValue(in: name) }
        liveness = known
      case "Vsn": versions = ProtocolVersions(try reader.readBytes(name))
      default: return false
      }
      return true
    }
    guard let node else { throw .missingField(nameField) }
    guard let address else { throw .missingField("Addr") }
    self.init(
      node: node, endpoint: MemberAddress(address, port), meta: meta, incarnation: incarnation, liveness: liveness,
      versions: versions)
  }
}
