/// A label selector as objects carry it (`metav1.LabelSelector`); an empty one matches everything.
package struct LabelSelector: Codable, Sendable, Hashable {
  package var matchLabels: [String: String]?
  package var matchExpressions: [Requirement]?

  package init(matchLabels: [String: String]? = nil, matchExpressions: [Requirement]? = nil) {
    self.matchLabels = matchLabels
    self.matchExpressions = matchExpressions
  }

  /// One condition on one label; all conditions of a selector must hold.
  package struct Requirement: Codable, Sendable, Hashable {
    package var key: String
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`; any other matches nothing and is reported by validation.
    package var `operator`: String
    package var values: [String]?

    package init(key: String, operator: String, values: [String]? = nil) {
      self.key = key
      self.operator = `operator`
      self.values = values
    }

    package func matches(_ labels: [String: String]) -> Bool {
      let value = labels[self.key]
      switch self.operator {
      case "In": return value.map { (self.values ?? []).contains($0) } ?? false
      case "NotIn": return value.map { !(self.values ?? []).contains($0) } ?? true
      case "Exists": return value != nil
      case "DoesNotExist": return value == nil
      default: return false
      }
    }
  }

  package func matches(_ labels: [String: String]) -> Bool {
    (self.matchLabels ?? [:]).allSatisfy { labels[$0.key] == $0.value }
      && (self.matchExpressions ?? []).allSatisfy { $0.matches(labels) }
  }
}

extension Sequence where Element == LabelSelector {
  /// Whether any of the selectors matches; selectors in a list are alternatives.
  package func anyMatches(_ labels: [String: String]) -> Bool {
    self.contains { $0.matches(labels) }
  }
}
