/// An attribute that could not be understood, and what that means for the routes of its UPDATE (RFC 7606 section 2).
package struct AttributeFault: Sendable, Hashable {
  package enum Consequence: String, Sendable, Hashable {
    /// The routes are taken as withdrawn.
    case treatAsWithdraw = "treat as withdraw"
    /// The attribute alone is left out.
    case discardAttribute = "discard attribute"
  }

  package let type: UInt8
  package let consequence: Consequence

  package init(type: UInt8, _ consequence: Consequence) {
    self.type = type
    self.consequence = consequence
  }
}

extension AttributeFault: CustomStringConvertible {
  package var description: String { "attribute \(self.type) is malformed: \(self.consequence.rawValue)" }
}
