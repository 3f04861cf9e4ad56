import KubernetesModel
import Primitives

/// A plan, for people and for machines.
package struct PlanReport: Sendable, Equatable {
  package var plan: AllocationPlan

  package init(_ plan: AllocationPlan) {
    self.plan = plan
  }

  // MARK: For people

  /// Services that keep what they have are counted, not listed.
  package func lines(colours: Bool, width: Int = 80) -> [String] {
    var lines: [String] = []
    let changes = self.plan.entries.filter(\.isChange)
    if !changes.isEmpty {
      let table = TextTable(
        header: ["SERVICE", "NOW", "THEN", ""], rows: changes.map { Self.row($0) })
      lines += table.lines(width: width, colours: colours) + [""]
    }
    lines += TextLayout.paragraph(self.summary, indent: 0, width: width)
    guard !self.plan.problems.isEmpty else { return lines }
    lines += ["", Styled("Problems of the new configuration", .heading).rendered(colours: colours), ""]
    let report = CheckReport(problems: self.plan.problems, count: 0)
    return lines + report.lines(colours: colours, width: width).dropLast(2)
  }

  private static func row(_ entry: AllocationPlan.Entry) -> [Styled] {
    let fate: Styled =
      switch entry.fate {
      case .keeps: Styled("keeps its address, from another pool", .plain)
      case .changes: Styled("changes", .warning)
      case .loses: Styled("loses its address" + (entry.reason.map { ": \($0)" } ?? ""), .bad)
      case .gains: Styled("gains an address", .good)
      case .waits: Styled("waits" + (entry.reason.map { ": \($0)" } ?? ""), .warning)
      }
    return [
      Styled(entry.service.description), Styled(Self.text(entry.before)), Styled(Self.text(entry.after)), fate,
    ]
  }

  private static func text(_ allocation: Allocation?) -> String {
    guard let allocation else { return "-" }
    return "\(allocation.addresses.map(\.description).joined(separator: ",")) (\(allocation.pool))"
  }

  private var summary: String {
    let total = self.plan.entries.count
    guard total > 0 else { return "There is no Service of type LoadBalancer." }
    func count(_ fate: AllocationPlan.Fate, _ one: String, _ many: String) -> String? {
      let count = self.plan.count(of: fate)
      return count == 0 ? nil : "\(count) \(count == 1 ? one : many)"
    }
    let parts = [
      count(.keeps, "keeps its address", "keep their addresses"), count(.changes, "changes", "change"),
      count(.loses, "loses its address", "lose their addresses"), count(.gains, "gains one", "gain one"),
      count(.waits, "waits for one still", "wait for one still"),
    ].compactMap { $0 }
    return "\(total) Service\(total == 1 ? "" : "s"): \(parts.joined(separator: ", "))."
  }

  // MARK: For machines

  package var json: JSONValue {
    [
      "changed": .bool(self.plan.isChange),
      "services": .array(self.plan.entries.map(Self.json)), "problems": .array(self.plan.problems.map(\.json)),
    ]
  }

  private static func json(_ entry: AllocationPlan.Entry) -> JSONValue {
    var value: JSONValue = [
      "namespace": .string(entry.service.namespace), "name": .string(entry.service.name),
      "fate": .string(entry.fate.rawValue),
    ]
    value["before"] = entry.before?.json
    value["after"] = entry.after?.json
    value["reason"] = entry.reason.map { .string($0.description) }
    return value
  }
}

extension Allocation {
  package var json: JSONValue {
    ["pool": .string(self.pool), "addresses": .array(self.addresses.map { .string($0.description) })]
  }
}
