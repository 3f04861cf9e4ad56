import KubernetesModel

/// The rules that label selectors in configuration objects keep (contract section 6), shared by all kinds that have some.
package enum SelectorCheck {
  /// What is wrong with one selector or one value in a list, before the object's own prefix is put in front.
  package struct Finding: Sendable, Hashable {
    package var field: String
    package var message: String
    package var remedy: String

    package init(field: String, message: String, remedy: String) {
      self.field = field
      self.message = message
      self.remedy = remedy
    }
  }

  /// The findings on a list of selectors that stands at `field` and that sentences call `name`.
  ///
  /// `failure` makes the sentence on a selector that cannot be evaluated from what is wrong in it.
  package static func findings(
    in selectors: [LabelSelector], field: String, name: String,
    failure: (_ error: String, _ selector: LabelSelector) -> String
  ) -> [Finding] {
    var findings: [Finding] = []
    var seen: Set<LabelSelector> = []
    for (index, selector) in selectors.enumerated() {
      let place = "\(field)[\(index)]"
      var expressions: Set<LabelSelector.Requirement> = []
      for (position, expression) in (selector.matchExpressions ?? []).map(Self.normalized).enumerated() {
        let expressionPlace = "\(place).matchExpressions[\(position)]"
        findings += Self.duplicates(
          in: expression.values ?? [], field: "\(expressionPlace).values",
          name: "match expression value in label selector")
        if !expressions.insert(expression).inserted {
          findings.append(
            Finding(
              field: expressionPlace, message: "duplicate definition of match expressions \(GoText.quoted(expression))",
              remedy: "Remove one of the two equal expressions."))
        }
      }
      if !seen.insert(Self.normalized(selector)).inserted {
        findings.append(
          Finding(
            field: place, message: "duplicate definition of \(name) \(GoText.quoted(selector))",
            remedy: "Remove one of the two equal selectors."))
      }
      findings += Self.failures(in: selector, field: place, failure: failure)
    }
    return findings
  }

  /// The findings on a list of plain strings that must differ from each other.
  package static func duplicates(in values: [String], field: String, name: String) -> [Finding] {
    var seen: Set<String> = []
    return values.enumerated().compactMap { index, value in
      seen.insert(value).inserted
        ? nil
        : Finding(
          field: "\(field)[\(index)]", message: "duplicate definition of \(name) \(GoText.quoted(value))",
          remedy: "Remove one of the two.")
    }
  }

  /// What keeps a selector from being evaluated.
  package static func failures(
    in selector: LabelSelector, field: String, failure: (_ error: String, _ selector: LabelSelector) -> String
  ) -> [Finding] {
    (selector.matchExpressions ?? []).enumerated().compactMap { position, expression in
      guard var finding = Self.failure(of: expression) else { return nil }
      finding.field = "\(field).matchExpressions[\(position)].\(finding.field)"
      finding.message = failure(finding.message, selector)
      return finding
    }
  }

  private static func failure(of expression: LabelSelector.Requirement) -> Finding? {
    let values = expression.values ?? []
    switch expression.operator {
    case "In", "NotIn":
      guard values.isEmpty else { return nil }
      return Finding(
        field: "values", message: "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
        remedy: "List at least one value, or use Exists or DoesNotExist.")
    case "Exists", "DoesNotExist":
      guard !values.isEmpty else { return nil }
      return Finding(
        field: "values",
        message: "values: Invalid value: \(GoText.quoted(list: values)): values set must be empty for exists and "
          + "does not exist",
        remedy: "Remove the values, or use In or NotIn.")
    default:
      return Finding(
        field: "operator", message: "\(GoText.quoted(expression.operator)) is not a valid label selector operator",
        remedy: "Use In, NotIn, Exists or DoesNotExist.")
    }
  }

  private static func normalized(_ expression: LabelSelector.Requirement) -> LabelSelector.Requirement {
    LabelSelector.Requirement(
      key: expression.key, operator: expression.operator, values: (expression.values ?? []).sorted())
  }

  private static func normalized(_ selector: LabelSelector) -> LabelSelector {
    LabelSelector(
      matchLabels: selector.matchLabels ?? [:],
      matchExpressions: (selector.matchExpressions ?? []).map(Self.normalized))
  }
}
