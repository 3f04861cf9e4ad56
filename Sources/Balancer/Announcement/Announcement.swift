import KubernetesModel
import Primitives

/// A way to attract the traffic of an address; the raw value is the word in events, metrics and logs.
package enum AnnouncingProtocol: String, Sendable, Hashable, CaseIterable {
  case layer2
  case bgp
}

/// The addresses of one Service as this node announces them by one protocol.
package enum Announcement: Sendable, Hashable {
  case layer2(Layer2Announcement)
  case bgp(BGPAnnouncement)
}

/// On which interfaces of the owner an address is announced: all suitable ones, or those of a list.
package enum InterfaceSelection: Sendable, Hashable {
  case all
  /// Names that users wrote; not all of them need exist.
  case named(Set<String>)

  /// The interfaces of either; any that is not restricted lifts all restrictions (contract section 11.2).
  package func union(_ other: InterfaceSelection) -> InterfaceSelection {
    guard case .named(let mine) = self, case .named(let theirs) = other else { return .all }
    return .named(mine.union(theirs))
  }
}

/// The addresses of one Service as this node announces them on the local network.
package struct Layer2Announcement: Sendable, Hashable {
  package var service: ObjectKey
  /// In the order of the Service's status.
  package var addresses: [IPAddress]
  package var interfaces: InterfaceSelection
  /// The term of the claim that goes with it; nil = owners are elected without regard to claims.
  package var term: Int?

  package init(service: ObjectKey, addresses: [IPAddress], interfaces: InterfaceSelection, term: Int? = nil) {
    self.service = service
    self.addresses = addresses
    self.interfaces = interfaces
    self.term = term
  }
}
