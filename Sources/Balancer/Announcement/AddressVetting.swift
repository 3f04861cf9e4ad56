import HashTreeCollections
import KubernetesModel
import Primitives

/// Somebody on the local network who says that an address is his.
package struct AddressHolder: Sendable, Hashable {
  package var hardware: MACAddress
  /// The interface of this node that he was heard on.
  package var interface: String
  /// What else he is known by on that network.
  package var addresses: [IPAddress]

  package init(hardware: MACAddress, interface: String, addresses: [IPAddress] = []) {
    self.hardware = hardware
    self.interface = interface
    self.addresses = addresses
  }
}

/// The addresses that are looked for on the local network before they are announced from here, as nobody has announced
/// them yet: a stranger may have them (Docs/decisions/0013-one-owner-on-the-wire.md).
struct AddressVetting: Sendable, Equatable {
  enum Standing: Sendable, Hashable {
    /// The question is out.
    case asked
    case free
    /// Another speaker has it: no obstacle, but a matter of the election.
    case announcedElsewhere
    case occupied(AddressHolder)
  }

  private(set) var standings: TreeDictionary<IPAddress, Standing> = [:]
  private var wanted: [IPAddress: Set<ObjectKey>] = [:]
  private var wants: [ObjectKey: Set<IPAddress>] = [:]

  subscript(address: IPAddress) -> Standing? { self.standings[address] }

  /// The Services that wait for the answer about an address.
  func services(waitingFor address: IPAddress) -> Set<ObjectKey> { self.wanted[address] ?? [] }

  func isOccupied(_ address: IPAddress) -> Bool {
    if case .occupied = self.standings[address] { true } else { false }
  }

  /// Files what was found out; false if nobody waits for it, or it is known.
  mutating func file(_ standing: Standing, of address: IPAddress) -> Bool {
    guard let known = self.standings[address], known != standing else { return false }
    self.standings[address] = standing
    return true
  }

  /// Has a Service wait for these addresses and no others; returns those to ask for, and those that nobody waits for any
  /// more.
  mutating func wait(_ key: ObjectKey, for addresses: Set<IPAddress>) -> (asked: [IPAddress], abandoned: [IPAddress]) {
    let former = self.wants[key] ?? []
    guard former != addresses else { return ([], []) }
    self.wants[key] = addresses.isEmpty ? nil : addresses
    var (asked, abandoned): ([IPAddress], [IPAddress]) = ([], [])
    for address in former.subtracting(addresses).sorted() {
      self.wanted[address]?.remove(key)
      guard self.wanted[address]?.isEmpty == true else { continue }
      self.wanted[address] = nil
      if self.standings.removeValue(forKey: address) != .free { abandoned.append(address) }
    }
    for address in addresses.subtracting(former).sorted() {
      self.wanted[address, default: []].insert(key)
      if self.standings[address] == nil {
        self.standings[address] = .asked
        asked.append(address)
      }
    }
    return (asked, abandoned)
  }
}
