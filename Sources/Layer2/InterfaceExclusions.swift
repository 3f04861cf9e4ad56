/// The names of interfaces that never announce: `announcedInterfacesToExclude` of `excludel2.yaml`.
///
/// The patterns are regular expressions in Go's RE2 syntax and match anywhere in the name unless they are anchored
/// (contract section 11.2).
package struct InterfaceExclusions: Sendable, Hashable {
  package let patterns: [String]

  /// What is excluded when there is no file: interfaces of container runtimes and CNI plugins.
  package static let standard = InterfaceExclusions(
    unchecked: [
      "^docker.*", "^cbr.*", "^dummy.*", "^virbr.*", "^lxcbr.*", "^veth.*", "^lo$", "^cali.*", "^tunl.*", "^flannel.*",
      "^kube-ipvs.*", "^cni.*", "^nodelocaldns.*", "^lxc.*",
    ])
  package static let none = InterfaceExclusions(unchecked: [])

  /// A pattern that is not a regular expression.
  package struct InvalidPattern: Error, Sendable, Hashable, CustomStringConvertible {
    package let pattern: String
    package let reason: String

    package var description: String {
      "announcedInterfacesToExclude: \"\(self.pattern)\" is not a regular expression: \(self.reason)"
    }
  }

  /// Checks every pattern, and names the first one that cannot be read.
  package init(_ patterns: [String]) throws(InvalidPattern) {
    for pattern in patterns { _ = try Self.compile(pattern) }
    self.patterns = patterns
  }

  private init(unchecked patterns: [String]) {
    self.patterns = patterns
  }

  package func excludes(_ name: String) -> Bool {
    self.excluded(among: CollectionOfOne(name)).contains(name)
  }

  /// Those of the names that are excluded. The patterns are compiled once for the whole list.
  package func excluded(among names: some Sequence<String>) -> Set<String> {
    // `init` has compiled each of them, or they are constants.
    let expressions = self.patterns.compactMap { try? Self.compile($0) }
    return Set(names.filter { name in expressions.contains { name.firstMatch(of: $0) != nil } })
  }

  private static func compile(_ pattern: String) throws(InvalidPattern) -> Regex<AnyRegexOutput> {
    do {
      return try Regex(Self.translated(pattern))
    } catch {
      throw InvalidPattern(pattern: pattern, reason: "\(error)")
    }
  }

  /// RE2 allows a one-letter Unicode property without braces (`\pL`), which is the one spelling that the standard
  /// library's parser does not know.
  private static func translated(_ pattern: String) -> String {
    var result = ""
    var rest = Substring(pattern)
    while let character = rest.popFirst() {
      result.append(character)
      guard character == "\\", let escaped = rest.popFirst() else { continue }
      result.append(escaped)
      if escaped == "p" || escaped == "P", let property = rest.first, property.isLetter {
        result += "{\(property)}"
        rest.removeFirst()
      }
    }
    return result
  }
}
