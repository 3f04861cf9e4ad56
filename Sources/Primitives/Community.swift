/// A mark of 32 bits on a BGP route, read as two halves: by convention an AS number and a value (RFC 1997).
package struct Community: Sendable, Hashable, Comparable {
  package let rawValue: UInt32

  /// No router passes the route on to another AS.
  package static let noExport = Community(65_535, 65_281)
  /// No router passes the route on at all.
  package static let noAdvertise = Community(65_535, 65_282)
  /// The route is about to go: prefer any other (RFC 8326).
  package static let gracefulShutdown = Community(65_535, 0)

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  package init(_ high: UInt16, _ low: UInt16) {
    self.rawValue = UInt32(high) << 16 | UInt32(low)
  }

  package static func < (left: Community, right: Community) -> Bool { left.rawValue < right.rawValue }
}

extension Community: CustomStringConvertible {
  /// `64512:100`.
  package var description: String { "\(self.rawValue >> 16):\(self.rawValue & 0xFFFF)" }
}
