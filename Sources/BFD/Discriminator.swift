/// The number by which one end of a session recognizes it, unique on its system and never zero (RFC 5880 section 6.3).
package struct Discriminator: Sendable, Hashable {
  package let number: UInt32

  package init?(_ number: UInt32) {
    guard number != 0 else { return nil }
    self.number = number
  }

  /// Any of them, evenly.
  package static func random(using dice: inout some RandomNumberGenerator) -> Discriminator {
    Discriminator(unchecked: UInt32.random(in: 1...UInt32.max, using: &dice))
  }

  private init(unchecked number: UInt32) {
    self.number = number
  }
}

extension Discriminator: CustomStringConvertible {
  package var description: String { "\(self.number)" }
}
