/// Priority and network of an IEEE 802.1Q header.
package struct VLANTag: Sendable, Hashable {
  package let control: UInt16

  package init(control: UInt16) {
    self.control = control
  }

  /// The virtual network; 0 means none, the tag is there for its priority only.
  package var network: UInt16 { self.control & 0x0FFF }
}
