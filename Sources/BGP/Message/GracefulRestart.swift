/// What a speaker says of its own restarts in the Graceful Restart capability (RFC 4724 section 3, RFC 8538 section 2).
///
///     R 1 bit | N 1 bit | reserved 2 bits | restart time 12 bits | { AFI 2 | SAFI 1 | flags 1 }…
package struct GracefulRestart: Sendable, Hashable {
  /// A family whose routes survive a restart.
  package struct Family: Sendable, Hashable {
    package var family: AddressFamily
    /// Whether packets were forwarded all through the last restart.
    package var hasPreservedForwarding: Bool

    package init(_ family: AddressFamily, hasPreservedForwarding: Bool) {
      self.family = family
      self.hasPreservedForwarding = hasPreservedForwarding
    }
  }

  /// R: the speaker has restarted, and waits for no End-of-RIB of ours before it sends.
  package var isRestarting: Bool
  /// N: NOTIFICATION and expiry of the hold timer keep routes as well, unless it is a hard reset (RFC 8538).
  package var coversNotifications: Bool
  /// For how many seconds routes are to be kept, below 4096.
  package var restartSeconds: UInt16
  package var families: [Family]

  package static let longestRestart: UInt16 = 0x0FFF

  package init(isRestarting: Bool, coversNotifications: Bool, restartSeconds: UInt16, families: [Family]) {
    self.isRestarting = isRestarting
    self.coversNotifications = coversNotifications
    self.restartSeconds = min(restartSeconds, Self.longestRestart)
    self.families = families
  }

  init(reading reader: inout ByteReader) throws(ByteReader.Truncated) {
    let first = try reader.uint16()
    var families: [Family] = []
    while !reader.isAtEnd {
      let family = AddressFamily(identifier: try reader.uint16(), subsequent: try reader.uint8())
      families.append(Family(family, hasPreservedForwarding: try reader.uint8() & 0x80 != 0))
    }
    self.init(
      isRestarting: first & 0x8000 != 0, coversNotifications: first & 0x4000 != 0,
      restartSeconds: first & Self.longestRestart, families: families)
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(
      bigEndian: (self.isRestarting ? 0x8000 : 0) | (self.coversNotifications ? 0x4000 : 0) | self.restartSeconds)
    for family in self.families {
      bytes.append(bigEndian: family.family.identifier)
      bytes.append(family.family.subsequent)
      bytes.append(family.hasPreservedForwarding ? 0x80 : 0)
    }
    return bytes
  }
}
