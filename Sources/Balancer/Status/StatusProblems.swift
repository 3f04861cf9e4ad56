import KubernetesModel

/// `metallb status problems`: everything that should not be so and what to do about it, and the traps that the cluster holds.
package struct StatusProblems: StatusView {
  private let status: ClusterStatus

  package init(_ status: ClusterStatus) {
    self.status = status
  }

  package func lines(colours: Bool, width: Int) -> [String] {
    let said = StatusText.conclusion(self.status, colours: colours, width: width, limit: nil).dropFirst()
    let verdict = StatusText.verdict(self.status, colours: colours, width: width)
    return said.isEmpty ? verdict : verdict + [""] + said
  }

  /// The objects with warnings; what processes say of themselves has no name.
  package var names: [String] {
    Set(self.status.warnings.map { "\($0.kind)/\($0.key)" }).sorted()
  }

  package var json: JSONValue {
    [
      "well": .bool(self.status.isWell), "problems": .array(self.status.problems.map { .string($0) }),
      "findings": self.status.findingsJSON, "warnings": .array(self.status.warnings.map(\.json)),
      "notes": self.status.notesJSON,
    ]
  }
}
