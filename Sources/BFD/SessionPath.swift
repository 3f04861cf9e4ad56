import Primitives

/// Between whom a session runs, and over what: there is one session on a path, however many use it.
package struct SessionPath: Sendable, Hashable {
  package var peer: IPAddress
  /// Where packets leave from; nil = where the route to the peer decides.
  package var local: IPAddress?
  /// The interface that the peer is behind; needed for a link-local peer, nil = whichever the route uses.
  package var interface: String?
  /// The VRF that the path is in, by the name of its device.
  package var vrf: String?
  /// Whether routers are in between (RFC 5883), or none (RFC 5881).
  package var isMultihop: Bool

  package init(
    peer: IPAddress, local: IPAddress? = nil, interface: String? = nil, vrf: String? = nil, isMultihop: Bool = false
  ) {
    self.peer = peer
    self.local = local
    self.interface = interface
    self.vrf = vrf
    self.isMultihop = isMultihop
  }

  /// Whether a packet that arrived in this way can be from the other end.
  func admits(_ arrival: Arrival) -> Bool {
    self.peer == arrival.source && self.isMultihop == arrival.isMultihop && self.vrf == arrival.vrf
      && (self.interface == nil || self.interface == arrival.interface)
      && (self.local == nil || self.local == arrival.destination)
  }

  /// How much it asks of a packet: where several paths admit one, that which asks most is meant.
  var precision: Int { (self.interface == nil ? 0 : 1) + (self.local == nil ? 0 : 1) }
}

extension SessionPath: CustomStringConvertible {
  package var description: String {
    var text = "\(self.peer)"
    if let interface = self.interface { text += "%\(interface)" }
    if let vrf = self.vrf { text += " in VRF \(vrf)" }
    return text
  }
}

/// How a packet got here.
package struct Arrival: Sendable, Hashable {
  package var source: IPAddress
  package var destination: IPAddress
  package var interface: String
  package var vrf: String?
  /// What was left of it.
  package var ttl: UInt8
  /// Whether it came to the port of RFC 5883 (4784), and not to that of RFC 5881 (3784).
  package var isMultihop: Bool

  package init(
    source: IPAddress, destination: IPAddress, interface: String, vrf: String? = nil, ttl: UInt8, isMultihop: Bool
  ) {
    self.source = source
    self.destination = destination
    self.interface = interface
    self.vrf = vrf
    self.ttl = ttl
    self.isMultihop = isMultihop
  }
}
