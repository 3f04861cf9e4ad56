/// Which versions of the protocol a node understands and which one it speaks, its own and its application's.
package struct ProtocolVersions: Sendable, Hashable {
  package var minimum: UInt8
  package var maximum: UInt8
  package var current: UInt8
  package var applicationMinimum: UInt8
  package var applicationMaximum: UInt8
  package var applicationCurrent: UInt8

  /// Version 2, with all that later ones add understood; no application (memberlist v0.5.1 as MetalLB sets it up).
  package static let ours = ProtocolVersions(minimum: 1, maximum: 5, current: 2)

  package init(
    minimum: UInt8, maximum: UInt8, current: UInt8, applicationMinimum: UInt8 = 0, applicationMaximum: UInt8 = 0,
    applicationCurrent: UInt8 = 0
  ) {
    self.minimum = minimum
    self.maximum = maximum
    self.current = current
    self.applicationMinimum = applicationMinimum
    self.applicationMaximum = applicationMaximum
    self.applicationCurrent = applicationCurrent
  }

  /// Takes the six bytes of the wire; nil if there are fewer, as from a node that does not tell.
  init?(_ bytes: some Collection<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count >= 6 else { return nil }
    self.init(
      minimum: bytes[0], maximum: bytes[1], current: bytes[2], applicationMinimum: bytes[3],
      applicationMaximum: bytes[4], applicationCurrent: bytes[5])
  }

  var bytes: [UInt8] {
    [
      self.minimum, self.maximum, self.current, self.applicationMinimum, self.applicationMaximum,
      self.applicationCurrent,
    ]
  }

  /// Whether they make sense at all; a node whose versions do not is passed over.
  var isSound: Bool { self.minimum > 0 && self.maximum > 0 && self.minimum <= self.maximum }

  // What came with which version.
  var knowsStreamPings: Bool { self.maximum >= 3 }
  var knowsNacks: Bool { self.maximum >= 4 }
  var knowsChecksums: Bool { self.maximum >= 5 }
}
