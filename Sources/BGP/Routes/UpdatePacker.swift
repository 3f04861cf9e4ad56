import Primitives

/// Puts prefixes that have everything else in common into as few messages as their size allows (RFC 4271 section 4.3).
struct UpdatePacker {
  let policy: ExportPolicy

  /// The header of a message and the two lengths of an UPDATE.
  private static let frameLength = Frame.headerLength + 4

  /// The messages that announce prefixes of a family; nil if the attributes leave no room for a prefix, or the family has no
  /// next hop.
  func announcements(of prefixes: [IPPrefix], _ route: Route, _ family: IPFamily) -> [UpdateMessage]? {
    guard let attributes = self.policy.attributes(of: route, family) else { return nil }
    let room = self.room(beside: attributes)
    guard room >= 1 + family.addressBits / 8 else { return nil }
    return self.split(prefixes, into: room).map { part in
      guard attributes.reachable == nil else {
        var whole = attributes
        whole.reachable?.prefixes = part
        return UpdateMessage(attributes: whole)
      }
      return UpdateMessage(attributes: attributes, announced: part)
    }
  }

  func withdrawals(of prefixes: [IPPrefix], _ family: IPFamily) -> [UpdateMessage] {
    if family == .ipv4 && !self.policy.usesExtendedNextHop {
      return self.split(prefixes, into: self.room(beside: PathAttributes())).map { UpdateMessage(withdrawn: $0) }
    }
    var attributes = PathAttributes()
    attributes.unreachable = UnreachableRoutes(family, [])
    return self.split(prefixes, into: self.room(beside: attributes)).map { part in
      attributes.unreachable?.prefixes = part
      return UpdateMessage(attributes: attributes)
    }
  }

  /// How many octets of prefixes fit. The length of an attribute that holds them grows by an octet when they are many.
  private func room(beside attributes: PathAttributes) -> Int {
    let growth = attributes.reachable == nil && attributes.unreachable == nil ? 0 : 1
    return self.policy.format.limit - Self.frameLength - attributes.bytes.count - growth
  }

  private func split(_ prefixes: [IPPrefix], into room: Int) -> [[IPPrefix]] {
    var parts: [[IPPrefix]] = []
    var start = 0
    var used = 0
    for (index, prefix) in prefixes.enumerated() {
      let length = prefix.encodedLength
      if used + length > room {
        parts.append(Array(prefixes[start..<index]))
        (start, used) = (index, 0)
      }
      used += length
    }
    if start < prefixes.count { parts.append(start == 0 ? prefixes : Array(prefixes[start...])) }
    return parts
  }
}
