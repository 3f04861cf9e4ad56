import Primitives

/// Notices that somebody else claims an address that is announced here, and tells of it without being flooded.
///
/// Each foreign claim counts. A holder is told of at once when it is first heard, and once a second as long as it goes on
/// (RFC 5227 section 2.4 (c) defends an address no more often than that, lest two hosts defend it in an endless loop).
package struct ConflictWatch: Sendable, Hashable {
  private struct Conflict: Sendable, Hashable {
    var holder: MACAddress
    var toldAt: ContinuousClock.Instant
  }

  private static let interval = Duration.seconds(1)

  private var conflicts: [IPAddress: Conflict] = [:]

  package init() {}

  /// Takes a foreign claim to an announced address into account; true if it is to be told of.
  package mutating func hear(_ claim: LinkFrame.Claim, at now: ContinuousClock.Instant) -> Bool {
    if let known = self.conflicts[claim.address], known.holder == claim.holder, now < known.toldAt + Self.interval {
      return false
    }
    self.conflicts[claim.address] = Conflict(holder: claim.holder, toldAt: now)
    return true
  }

  /// The address is announced here no longer.
  package mutating func forget(_ address: IPAddress) {
    self.conflicts[address] = nil
  }
}
