import Primitives

/// A community as objects write it: `64512:1`, or `large:64512:1:2`.
package enum CommunityValue: Sendable, Hashable {
  case standard(Community)
  case large(LargeCommunity)

  /// Why a text is none; the sentences are upstream's.
  package enum Failure: Error, Hashable, CustomStringConvertible {
    /// Neither two sections nor four.
    case format(String)
    case section(String, of: String, error: String)
    case marker(String)

    package var description: String {
      switch self {
      case .format(let text):
        "invalid community format: \(text)"
      case .section(let section, let text, let error):
        "invalid community value: invalid section \(GoText.quoted(section)) of community \(GoText.quoted(text)), "
          + "err: \(GoText.quoted(error))"
      case .marker(let text):
        "invalid community value: invalid marker for large community, expected community to be of format "
          + "large:<uint32>:<uint32>:<uint32> but got \(GoText.quoted(text)) instead"
      }
    }
  }

  package static func parse(_ text: String) throws(Failure) -> CommunityValue {
    let sections = text.split(separator: ":", omittingEmptySubsequences: false)
    switch sections.count {
    case 2:
      return .standard(
        Community(try Self.number(sections[0], of: text), try Self.number(sections[1], of: text)))
    case 4:
      guard sections[0] == "large" else { throw .marker(text) }
      return .large(
        LargeCommunity(
          try Self.number(sections[1], of: text), try Self.number(sections[2], of: text),
          try Self.number(sections[3], of: text)))
    default:
      throw .format(text)
    }
  }

  private static func number<Number: FixedWidthInteger>(
    _ section: Substring, of text: String
  ) throws(Failure) -> Number {
    if let error = GoText.parseUintError(section, bits: Number.bitWidth) {
      throw .section(String(section), of: text, error: error)
    }
    guard let number = Number(section) else { throw .format(text) }
    return number
  }
}
