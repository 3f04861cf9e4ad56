import Primitives

/// How the owner of an address is chosen among the candidates
/// (Docs/decisions/0024-owners-that-stay.md).
package struct ElectionPolicy: Sendable, Hashable, Comparable {
  package enum Kind: String, Sendable, Hashable, Comparable, CaseIterable {
    /// By the order of the nodes alone, as upstream does (contract section 11.1).
    case stateless = "Stateless"
    /// The node that owns it goes on as long as it can.
    case sticky = "Sticky"
    /// The same, but no node goes on with more addresses than its share and one.
    case balanced = "Balanced"

    private var rank: Int {
      switch self {
      case .stateless: 0
      case .sticky: 1
      case .balanced: 2
      }
    }

    package static func < (left: Kind, right: Kind) -> Bool { left.rank < right.rank }
  }

  package var kind: Kind
  /// How long a node must have been able to announce before it takes an address from a node that goes on; nil = it never
  /// does.
  package var holdDown: Duration?

  package static let stateless = ElectionPolicy(.stateless)
  /// Long enough for a node to prove that it stays up.
  static let standardBalancedHoldDown = Duration.seconds(60)

  package init(_ kind: Kind, holdDown: Duration? = nil) {
    self.kind = kind
    self.holdDown = holdDown
  }

  /// Of two that are for one Service, the one that keeps more promises counts.
  package static func < (left: ElectionPolicy, right: ElectionPolicy) -> Bool {
    guard left.kind == right.kind else { return left.kind < right.kind }
    guard let mine = left.holdDown else { return right.holdDown != nil }
    return right.holdDown.map { mine > $0 } ?? false
  }
}

extension ElectionPolicy {
  /// Reads the fields of an L2Advertisement that say how owners are chosen.
  static func read(policy: String?, holdDown: String?, _ list: inout ProblemList) -> ElectionPolicy {
    let kind: Kind? = (policy ?? "").isEmpty ? .stateless : policy.flatMap { Kind(rawValue: $0) }
    guard let kind else {
      let names = Kind.allCases.map { GoText.quoted($0.rawValue) }.joined(separator: ", ")
      list.report(
        "spec.electionPolicy", "invalid election policy \(GoText.quoted(policy ?? ""))",
        remedy: "Write one of \(names).")
      return .stateless
    }
    let standard = kind == .balanced ? Self.standardBalancedHoldDown : nil
    guard let holdDown, !holdDown.isEmpty else { return ElectionPolicy(kind, holdDown: standard) }
    guard let time = GoDuration.parse(holdDown), time >= .zero else {
      list.report(
        "spec.holdDown", "invalid hold-down \(GoText.quoted(holdDown))", remedy: "Write a time such as 5m or 90s.")
      return ElectionPolicy(kind, holdDown: standard)
    }
    if kind == .stateless {
      list.warn(
        "spec.holdDown", "holdDown has no effect where owners are chosen anew at every change",
        remedy: "Set electionPolicy to Sticky or Balanced, or leave holdDown out.")
      return .stateless
    }
    return ElectionPolicy(kind, holdDown: time)
  }
}
