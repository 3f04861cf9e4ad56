/// A mark of three numbers on a BGP route, wide enough for AS numbers of four octets (RFC 8092).
package struct LargeCommunity: Sendable, Hashable, Comparable {
  /// The AS that gives the other two their meaning.
  package let globalAdministrator: UInt32
  package let localData1: UInt32
  package let localData2: UInt32

  package init(_ globalAdministrator: UInt32, _ localData1: UInt32, _ localData2: UInt32) {
    self.globalAdministrator = globalAdministrator
    self.localData1 = localData1
    self.localData2 = localData2
  }

  package static func < (left: LargeCommunity, right: LargeCommunity) -> Bool {
    (left.globalAdministrator, left.localData1, left.localData2)
      < (right.globalAdministrator, right.localData1, right.localData2)
  }
}

extension LargeCommunity: CustomStringConvertible {
  /// `64512:1:2`.
  package var description: String { "\(self.globalAdministrator):\(self.localData1):\(self.localData2)" }
}
