import BFD
import Glibc
import HostNetwork
import Layer2
import Primitives

/// The sockets of the Echo function: for each interface and family, one to hand datagrams to neighbours and one to catch what
/// comes back.
///
/// A packet socket catches it, because to the kernel a datagram that arrives from our own address is forged.
struct BFDEchoSockets {
  private struct Way: Hashable {
    let family: IPFamily
    let interface: String
    let index: UInt32
  }

  private struct Sockets {
    let sender: RawSocket
    let receiver: PacketSocket
    let registration: ReadinessLoop.Registration
  }

  private var sockets: [Way: Sockets] = [:]
  private var ways: [SessionPath: Set<Way>] = [:]
  /// What went wrong when a path was used last.
  var failures: [SessionPath: SystemError] = [:]

  var receivers: [PacketSocket] { self.sockets.values.map(\.receiver) }

  /// Hands a packet to the peer of a path, out of the interface and with the address by which the peer was heard.
  mutating func send(
    _ packet: EchoPacket, on path: SessionPath, _ arrival: Arrival, loop: ReadinessLoop,
    watch: (PacketSocket) throws(SystemError) -> ReadinessLoop.Registration
  ) throws(SystemError) {
    let index = if_nametoindex(arrival.interface)
    guard index != 0 else { throw SystemError("find the interface \(arrival.interface)", code: ENODEV) }
    let way = Way(family: path.peer.family, interface: arrival.interface, index: index)
    if self.sockets[way] == nil {
      self.closeAll(before: way, on: loop)
      self.sockets[way] = try Self.open(way, watch: watch)
    }
    self.ways[path, default: []].insert(way)
    let datagram = EchoDatagram(packet, address: arrival.destination)
    try self.sockets[way]?.sender.send(datagram.bytes, by: Endpoint(path.peer, port: 0, scope: index))
    self.failures[path] = nil
  }

  private static func open(
    _ way: Way, watch: (PacketSocket) throws(SystemError) -> ReadinessLoop.Registration
  ) throws(SystemError) -> Sockets {
    let link = Link(
      index: Int(way.index), name: way.interface, family: way.family, hardwareAddress: MACAddress(bits: 0))
    let receiver = try PacketSocket(
      on: link, receiving: way.family == .ipv4 ? .ipv4 : .ipv6,
      filter: .datagrams(to: EchoDatagram.port, of: way.family))
    return Sockets(
      sender: try RawSocket(way.family, on: way.interface), receiver: receiver, registration: try watch(receiver))
  }

  /// Closes what only this path needed.
  mutating func close(_ path: SessionPath, on loop: ReadinessLoop) {
    self.failures[path] = nil
    for way in self.ways.removeValue(forKey: path) ?? [] where !self.ways.values.contains(where: { $0.contains(way) }) {
      self.close(way, on: loop)
    }
  }

  /// Closes what was on an interface of the same name that has gone, which nothing will come back on.
  private mutating func closeAll(before way: Way, on loop: ReadinessLoop) {
    for old in self.sockets.keys where old.interface == way.interface && old.index != way.index {
      self.close(old, on: loop)
      for path in self.ways.keys { self.ways[path]?.remove(old) }
    }
  }

  private mutating func close(_ way: Way, on loop: ReadinessLoop) {
    if let sockets = self.sockets.removeValue(forKey: way) { loop.ignore(sockets.registration) }
  }

  mutating func closeAll(on loop: ReadinessLoop) {
    for sockets in self.sockets.values { loop.ignore(sockets.registration) }
    self = BFDEchoSockets()
  }
}
