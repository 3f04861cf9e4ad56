import Primitives

/// The nodes whose speakers are alive, with what those tell of them.
package struct LiveMembers: Sendable, Hashable {
  /// What a speaker tells the others of its node.
  package struct Facts: Sendable, Hashable {
    /// The names of the interfaces on which addresses of a family can be announced; nil = there are too many to tell.
    package var interfaces: [IPFamily: Set<String>]?
    /// The hardware addresses from which it announces.
    package var hardware: Set<MACAddress>

    package init(interfaces: [IPFamily: Set<String>]? = nil, hardware: Set<MACAddress> = []) {
      self.interfaces = interfaces
      self.hardware = hardware
    }
  }

  package var names: Set<String>
  /// Of nodes whose speakers tell any; upstream's tell none.
  package var facts: [String: Facts]

  package init(_ names: Set<String>, facts: [String: Facts] = [:]) {
    self.names = names
    self.facts = facts
  }

  /// Whether all elect by these facts; if only some did, an address could have two owners, or none.
  package var isUniform: Bool { self.names.allSatisfy { self.facts[$0] != nil } }
}
