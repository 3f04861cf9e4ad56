import Layer2
import Primitives

/// The networks that this node has an address on, by the VRF that they are in: others may have the same addresses.
struct LocalNetworks: Sendable, Equatable {
  private let networks: [String?: [IPPrefix]]

  init(_ interfaces: [Interface]) {
    let vrfs = interfaces.vrfs
    self.networks = Dictionary(grouping: interfaces) { vrfs[$0.index] }.mapValues { interfaces in
      interfaces.flatMap(\.addresses).compactMap { IPPrefix($0.address, length: $0.prefixLength) }
    }
  }

  /// Whether an address is on one of those in a VRF, or in none.
  func contains(_ address: IPAddress, in vrf: String?) -> Bool {
    self.networks[vrf]?.contains { $0.contains(address) } ?? false
  }
}
