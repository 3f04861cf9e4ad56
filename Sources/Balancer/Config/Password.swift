/// What a router and we both know, to sign TCP segments with: 1 to 80 octets. It shows itself to nobody who prints it.
package struct Password: Sendable, Hashable {
  /// The longest that Linux takes (`TCP_MD5SIG_MAXKEYLEN`, `TCP_AO_MAXKEYLEN`).
  package static let maximumLength = 80

  package let octets: [UInt8]

  package init?(_ octets: some Sequence<UInt8>) {
    self.octets = Array(octets)
    guard (1...Self.maximumLength).contains(self.octets.count) else { return nil }
  }
}

extension Password: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "(password)" }
  package var debugDescription: String { self.description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
