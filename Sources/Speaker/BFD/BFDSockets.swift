import BFD
import Glibc
import HostNetwork
import Primitives

/// The sockets of BFD: one for each path to send from, and one for each kind of path to receive at.
///
/// All packets of a session leave from one port of its own between 49152 and 65535, with the highest TTL (RFC 5881 section
/// 4). They arrive at the well-known port, whoever they are for.
struct BFDSockets {
  private static let singleHopPort: UInt16 = 3784
  private static let multihopPort: UInt16 = 4784
  private static let sourcePorts: ClosedRange<UInt16> = 49152...65535
  /// Internetwork control, as routing protocols are marked (CS6).
  private static let trafficClass: UInt8 = 0xC0

  /// A kind of path, as far as it takes a socket of its own to receive from it.
  struct Kind: Hashable {
    let family: IPFamily
    let isMultihop: Bool
    let vrf: String?

    init(_ path: SessionPath) {
      self.family = path.peer.family
      self.isMultihop = path.isMultihop
      self.vrf = path.vrf
    }
  }

  /// A socket at the well-known port.
  struct Listener {
    let kind: Kind
    let socket: DatagramSocket
    /// The number of the VRF's device that the socket is bound to; 0 = it is bound to none.
    private let device: UInt32

    enum Arrived {
      case control(ControlPacket, DatagramSocket.Origin)
      case malformed(ControlPacket.Malformed, DatagramSocket.Origin)
    }

    /// `sharesPort`: there is one at the same port already, for another VRF or for none.
    init(_ kind: Kind, sharesPort: Bool) throws(SystemError) {
      self.kind = kind
      self.device = Self.number(of: kind.vrf)
      let port = kind.isMultihop ? BFDSockets.multihopPort : BFDSockets.singleHopPort
      self.socket = try DatagramSocket(
        DatagramSocket.Settings(
          local: .any(kind.family, port: port), device: kind.vrf, onlyFullHopLimit: !kind.isMultihop,
          sharesPort: sharesPort))
    }

    /// Whether the VRF has gone: one of the same name that came after it is another one to the kernel.
    var isStale: Bool { Self.number(of: self.kind.vrf) != self.device }

    private static func number(of vrf: String?) -> UInt32 { vrf.map { if_nametoindex($0) } ?? 0 }

    /// The next packet; nil = there is none.
    func receive() throws(SystemError) -> Arrived? {
      try self.socket.receive { bytes, origin in
        do throws(ControlPacket.Malformed) {
          return .control(try ControlPacket(decoding: bytes), origin)
        } catch {
          return .malformed(error, origin)
        }
      }
    }
  }

  private struct Sender {
    let socket: DatagramSocket
    let peer: Endpoint
  }

  private var listening: [Kind: (listener: Listener, registration: ReadinessLoop.Registration)] = [:]
  private var senders: [SessionPath: Sender] = [:]
  /// The paths that sessions are on.
  private var paths: Set<SessionPath> = []
  /// What went wrong when a path was used last.
  var failures: [SessionPath: SystemError] = [:]
  private var interfaceNames: [UInt32: (name: String, readAt: ContinuousClock.Instant)] = [:]

  var listeners: [Listener] { self.listening.values.map(\.listener) }

  typealias Watch = (Listener) throws(SystemError) -> ReadinessLoop.Registration

  /// Whether there is something for `listenToAll` to look after: packets of some path cannot be received yet, or perhaps not any
  /// more, as they come from a VRF, which can go.
  var needsCare: Bool { self.paths.contains { $0.vrf != nil || self.listening[Kind($0)] == nil } }

  /// Receives from a path from now on, or as soon as `listen` is called when that works.
  mutating func open(_ path: SessionPath, watch: Watch) throws(SystemError) {
    self.paths.insert(path)
    try self.listen(to: path, watch: watch)
  }

  /// Tries again what did not work, and what worked in a VRF that has gone.
  mutating func listenToAll(on loop: ReadinessLoop, watch: Watch) throws(SystemError) {
    for (kind, listening) in self.listening where listening.listener.isStale {
      loop.ignore(listening.registration)
      self.listening[kind] = nil
    }
    var failure: SystemError?
    for path in self.paths {
      do throws(SystemError) {
        try self.listen(to: path, watch: watch)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private mutating func listen(to path: SessionPath, watch: Watch) throws(SystemError) {
    let kind = Kind(path)
    guard self.listening[kind] == nil else { return }
    let others = self.listeners.filter { $0.kind.family == kind.family && $0.kind.isMultihop == kind.isMultihop }
    for other in others { try other.socket.sharePort(true) }
    let opening = Result { () throws(SystemError) in try Listener(kind, sharesPort: !others.isEmpty) }
    for other in others { try other.socket.sharePort(false) }
    let listener = try opening.get()
    self.listening[kind] = (listener, try watch(listener))
  }

  /// Sends to the peer of a path, from a socket that is opened when it is needed first; what failed is tried again with the
  /// next packet.
  mutating func send(_ bytes: [UInt8], on path: SessionPath) throws(SystemError) {
    let sender: Sender
    if let known = self.senders[path] {
      sender = known
    } else {
      sender = try Self.open(path)
      self.senders[path] = sender
    }
    do throws(SystemError) {
      try sender.socket.send(bytes, to: sender.peer)
    } catch {
      // An address or interface that went and came back is another one to the kernel.
      if Self.outlivesSocket.contains(error.code) { self.senders[path] = nil }
      throw error
    }
  }

  private static let outlivesSocket: Set<Int32> = [ENODEV, ENXIO, EINVAL, EADDRNOTAVAIL, ENETUNREACH]

  private static func open(_ path: SessionPath) throws(SystemError) -> Sender {
    var scope: UInt32 = 0
    if let interface = path.interface, case .v6(let peer) = path.peer, peer.isLinkLocal {
      scope = if_nametoindex(interface)
      guard scope != 0 else { throw SystemError("find the interface \(interface)", code: ENODEV) }
    }
    var local = path.local.map { Endpoint($0, port: 0, scope: scope) } ?? .any(path.peer.family, port: 0)
    let port = path.isMultihop ? Self.multihopPort : Self.singleHopPort
    let peer = Endpoint(path.peer, port: port, scope: scope)
    var attempts = 16
    while true {
      local.port = UInt16.random(in: Self.sourcePorts)
      attempts -= 1
      do throws(SystemError) {
        let socket = try DatagramSocket(
          DatagramSocket.Settings(
            local: local, device: path.interface ?? path.vrf, hopLimit: 255, trafficClass: Self.trafficClass))
        return Sender(socket: socket, peer: peer)
      } catch {
        guard error.code == EADDRINUSE, attempts > 0 else { throw error }
      }
    }
  }

  /// Closes what only this path needed.
  mutating func close(_ path: SessionPath, on loop: ReadinessLoop) {
    self.paths.remove(path)
    self.senders[path] = nil
    self.failures[path] = nil
    let kind = Kind(path)
    guard !self.paths.contains(where: { Kind($0) == kind }) else { return }
    if let listening = self.listening.removeValue(forKey: kind) { loop.ignore(listening.registration) }
  }

  mutating func closeAll(on loop: ReadinessLoop) {
    for listening in self.listening.values { loop.ignore(listening.registration) }
    self = BFDSockets()
  }

  /// How a packet got here, in the words of the sessions.
  mutating func arrival(
    _ origin: DatagramSocket.Origin, at listener: Listener, now: ContinuousClock.Instant
  ) -> Arrival {
    Arrival(
      source: origin.source.address, destination: origin.destination,
      interface: self.interfaceName(origin.interface, at: now), vrf: listener.kind.vrf, ttl: origin.hopLimit,
      isMultihop: listener.kind.isMultihop)
  }

  /// The name of an interface. A number can come to mean another one, so that it is looked up again after a second.
  private mutating func interfaceName(_ index: UInt32, at now: ContinuousClock.Instant) -> String {
    if let known = self.interfaceNames[index], known.readAt + .seconds(1) > now { return known.name }
    var buffer = [CChar](repeating: 0, count: Int(IF_NAMESIZE) + 1)
    let name = if_indextoname(index, &buffer).map { String(cString: $0) } ?? ""
    self.interfaceNames[index] = (name, now)
    return name
  }
}
