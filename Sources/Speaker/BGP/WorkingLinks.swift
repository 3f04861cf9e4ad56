import Layer2
import Primitives

/// The links of this node that work, and the networks on them: whether a router can be reached without another in between.
struct WorkingLinks: Sendable, Equatable {
  /// By the interface's number; of a link without addresses none.
  private let networks: [Int: [IPPrefix]]
  private let vrfs: [Int: String]

  init(_ interfaces: [Interface]) {
    let working = interfaces.filter { $0.flags.contains(.up) && $0.hasCarrier }
    self.networks = Dictionary(working.map { ($0.index, $0.networks) }) { first, _ in first }
    self.vrfs = interfaces.vrfs
  }

  /// Whether a router is on one of them, in a VRF or in none.
  func lead(to router: IPAddress, in vrf: String?) -> Bool { !self.links(to: router, in: vrf).isEmpty }

  /// Whether those that led to a router have all failed. An address that goes while its link works says nothing: it may be
  /// back in a moment, as when a network is configured anew.
  func haveFailed(to router: IPAddress, in vrf: String?, since former: WorkingLinks) -> Bool {
    let links = former.links(to: router, in: vrf)
    return !links.isEmpty && links.allSatisfy { self.networks[$0] == nil }
  }

  private func links(to router: IPAddress, in vrf: String?) -> [Int] {
    self.networks.filter { index, networks in
      self.vrfs[index] == vrf && networks.contains { $0.contains(router) }
    }.map(\.key)
  }
}

extension Interface {
  /// An address that is a network of its own, as there are thousands with IPVS, has no room for a router.
  fileprivate var networks: [IPPrefix] {
    self.addresses.filter { $0.prefixLength < $0.address.family.addressBits }
      .compactMap { IPPrefix($0.address, length: $0.prefixLength) }
  }
}
