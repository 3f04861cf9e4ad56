import KubernetesModel
import Primitives

/// Which addresses this node answers for on the local network, and on behalf of which Services.
///
/// Services that share an address hold it together: it is answered for on the interfaces of any of them, until the last
/// lets go.
struct AddressClaims: Sendable, Equatable {
  /// What has changed for one address.
  enum Change: Sendable, Equatable {
    case claimed(IPAddress, InterfaceSelection)
    case released(IPAddress)
  }

  private var holders: [IPAddress: [ObjectKey: InterfaceSelection]] = [:]

  /// The addresses with the interfaces on which they are answered for.
  var interfaces: [IPAddress: InterfaceSelection] { self.holders.compactMapValues(Self.union) }

  /// Whether this node answers for an address.
  func holds(_ address: IPAddress) -> Bool { self.holders[address] != nil }

  /// Puts one announcement of a Service in place of another; nil = none.
  mutating func replace(_ old: Layer2Announcement?, with new: Layer2Announcement?) -> [Change] {
    let addresses = Set((old?.addresses ?? []) + (new?.addresses ?? [])).sorted()
    return addresses.compactMap { address in
      let before = self.holders[address].flatMap(Self.union)
      if let old { self.holders[address]?[old.service] = nil }
      if let new, new.addresses.contains(address) {
        self.holders[address, default: [:]][new.service] = new.interfaces
      }
      if self.holders[address]?.isEmpty == true { self.holders[address] = nil }
      let after = self.holders[address].flatMap(Self.union)
      guard before != after else { return nil }
      return after.map { .claimed(address, $0) } ?? .released(address)
    }
  }

  private static func union(_ selections: [ObjectKey: InterfaceSelection]) -> InterfaceSelection? {
    guard let first = selections.values.first else { return nil }
    return selections.values.dropFirst().reduce(first) { $0.union($1) }
  }
}
