import Primitives

/// The reading of one entry of `spec.addresses`: a CIDR, or a range `start-end` with or without spaces round the dash.
package enum AddressBlock {
  /// Why an entry is neither; the sentences are upstream's.
  package enum Failure: Error, Hashable, CustomStringConvertible {
    case cidr(String)
    case start(range: String, text: String)
    case end(range: String, text: String)
    case order(range: String, start: IPAddress, end: IPAddress)
    /// Upstream accepts the IPv4-IPv6 order, and such a pool never yields an address (contract section 21.10).
    case families(range: String, start: IPAddress, end: IPAddress)

    package var description: String {
      switch self {
      case .cidr(let text):
        "invalid CIDR \(GoText.quoted(text))"
      case .start(let range, let text):
        "invalid IP range \(GoText.quoted(range)): invalid start IP \(GoText.quoted(text))"
      case .end(let range, let text):
        "invalid IP range \(GoText.quoted(range)): invalid end IP \(GoText.quoted(text))"
      case .order(let range, let start, let end):
        "invalid IP range \(GoText.quoted(range)): start IP \"\(start)\" is after the end IP \"\(end)\""
      case .families(let range, let start, let end):
        "invalid IP range \(GoText.quoted(range)): start IP \"\(start)\" and end IP \"\(end)\" are of different families"
      }
    }

    /// What the user can do about it.
    package var remedy: String {
      switch self {
      case .cidr: "Write a CIDR such as 192.0.2.0/24 or 2001:db8::/64, or a range such as 192.0.2.10-192.0.2.20."
      case .start, .end: "Write both ends of the range as plain addresses, such as 192.0.2.10-192.0.2.20."
      case .order: "Swap the two ends of the range."
      case .families: "Write one range for each family."
      }
    }
  }

  package static func parse(_ text: String) throws(Failure) -> IPRange {
    let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2 else {
      guard let prefix = IPPrefix(text) else { throw .cidr(text) }
      return prefix.range
    }
    guard let start = IPAddress(ends[0].trimmed) else { throw .start(range: text, text: String(ends[0])) }
    guard let end = IPAddress(ends[1].trimmed) else { throw .end(range: text, text: String(ends[1])) }
    guard start.family == end.family else { throw .families(range: text, start: start, end: end) }
    guard let range = IPRange(from: start, through: end) else { throw .order(range: text, start: start, end: end) }
    return range
  }
}

extension StringProtocol {
  /// Without white space at both ends, as Go's `strings.TrimSpace`.
  var trimmed: SubSequence {
    let start = self.firstIndex { !$0.isWhitespace } ?? self.endIndex
    let end = self[start...].lastIndex { !$0.isWhitespace }.map(self.index(after:)) ?? start
    return self[start..<end]
  }
}
