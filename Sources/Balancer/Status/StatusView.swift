import KubernetesModel

/// One way to look at the state of a cluster: a subcommand of `metallb status`.
package protocol StatusView: Sendable {
  /// For people.
  func lines(colours: Bool, width: Int) -> [String]
  /// For machines: all of it, however long.
  var json: JSONValue { get }
  /// What is shown, as other commands want it named.
  var names: [String] { get }
}

extension StatusView {
  /// Sections of text under headings; those without rows are left out unless there is something else to say.
  static func section(
    _ name: String, _ table: TextTable, otherwise: String? = nil, colours: Bool, width: Int
  ) -> [String] {
    guard !table.rows.isEmpty || otherwise != nil else { return [] }
    return [StatusText.heading(name, colours: colours)]
      + (table.rows.isEmpty
        ? ["  \(otherwise ?? "")"] : table.lines(indent: 2, width: width, colours: colours))
  }
}

/// How much of a long list is shown.
package struct StatusLimit: Sendable, Hashable {
  /// 0 = all.
  package var count: Int
  /// What to say of the way to the rest.
  package var hint: String

  package init(_ count: Int, hint: String) {
    self.count = count
    self.hint = hint
  }

  /// The first of a list, and the line that counts the others.
  func cut<Element>(_ elements: [Element], _ remark: String = "") -> (shown: [Element], more: [String]) {
    guard self.count > 0, elements.count > self.count else { return (elements, []) }
    return (
      Array(elements.prefix(self.count)), ["  … and \(elements.count - self.count) more\(remark): \(self.hint)"]
    )
  }
}
