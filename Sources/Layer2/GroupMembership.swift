import Primitives

/// The solicited-node groups that one link must be a member of, for the addresses that are announced on it.
///
/// A question for an address is sent to a group that the last 24 bits of the address name (RFC 4291 section 2.7.1), so
/// several addresses can need the same one: it is joined with the first of them and left with the last.
package struct GroupMembership: Sendable, Hashable {
  /// What is to be done about one group.
  package enum Change: Sendable, Hashable {
    case join(IPv6Address)
    case leave(IPv6Address)
  }

  private var members: [IPv6Address: Set<IPv6Address>] = [:]

  package init() {}

  /// The groups that have a member.
  package var groups: Set<IPv6Address> { Set(self.members.keys) }

  /// Counts an address in; counting it twice is the same as once.
  package mutating func insert(_ address: IPv6Address) -> Change? {
    let group = address.solicitedNodeGroup
    let isFirst = self.members[group] == nil
    self.members[group, default: []].insert(address)
    return isFirst ? .join(group) : nil
  }

  /// Counts an address out; one that was not in makes no difference.
  package mutating func remove(_ address: IPv6Address) -> Change? {
    let group = address.solicitedNodeGroup
    guard self.members[group]?.remove(address) != nil, self.members[group]?.isEmpty == true else { return nil }
    self.members[group] = nil
    return .leave(group)
  }
}
