import Primitives

/// Notices that somebody else claims an address that is announced here, and tells of it without being flooded.
///
/// Each foreign claim counts. A holder is told of at once when it is first heard, and once a second as long as it goes on
/// (RFC 5227 section 2.4 (c) defends an address no more often than that, lest two hosts defend it in an endless loop). Of
/// several holders at a time a few are told of: who makes up a new one for each claim gets no answer to each.
package struct ConflictWatch: Sendable, Hashable {
  private static let interval = Duration.seconds(1)
  /// How many holders of one address are told of in an interval.
  static let mostHolders = 4

  /// When those of the last interval were told of, by address and holder.
  private var told: [IPAddress: [MACAddress: ContinuousClock.Instant]] = [:]

  package init() {}

  /// Takes a foreign claim to an announced address into account; true if it is to be told of.
  package mutating func hear(_ claim: LinkFrame.Claim, at now: ContinuousClock.Instant) -> Bool {
    let recent = (self.told[claim.address] ?? [:]).filter { now < $0.value + Self.interval }
    guard recent[claim.holder] == nil, recent.count < Self.mostHolders else { return false }
    self.told[claim.address] = recent.merging([claim.holder: now]) { $1 }
    return true
  }

  /// The address is announced here no longer.
  package mutating func forget(_ address: IPAddress) {
    self.told[address] = nil
  }
}
