/// Brings a command line of upstream's into the form that our commands read.
///
/// Upstream's programs use Go's flag package: long flags with one dash or two, values after `=` or as the next argument,
/// and switches that may be given `=true` or `=false`. Manifests and charts are full of them. Upstream's programs are also
/// called by names of their own.
package enum GoFlags {
  /// Upstream's switches; to any other flag, `true` and `t` are values like others.
  private static let switches: Set<Substring> = [
    "--disable-cert-rotation", "--frrk8s-secret-passthrough", "--ignore-exclude-lb", "--ml-wan-config", "--only-data",
    "--stdout", "--webhook-http2",
  ]

  /// `arguments` are the process's, its name first; of `commands`, each is also a name that the program may be called by.
  ///
  /// Only what follows one of `commands` is rewritten.
  package static func arguments(_ arguments: [String], commands: Set<String>) -> [String] {
    var rest = arguments.dropFirst()
    var result: [String] = []
    let name = arguments.first?.split(separator: "/").last.map(String.init) ?? ""
    if commands.contains(name) {
      result.append(name)
    } else if let first = rest.first, commands.contains(first) {
      result.append(first)
      rest = rest.dropFirst()
    } else {
      return Array(rest)
    }
    var isLiteral = false
    for argument in rest {
      if argument == "--" { isLiteral = true }
      result.append(contentsOf: isLiteral ? [argument] : self.rewritten(argument))
    }
    return result
  }

  private static func rewritten(_ argument: String) -> [String] {
    guard argument.hasPrefix("-"), !argument.hasPrefix("--") else { return self.valued(argument) }
    let name = argument.dropFirst()
    // One letter is a short option of ours, such as `-h`; a digit is a negative number.
    guard name.prefix(while: { $0 != "=" }).count > 1, name.first?.isLetter == true else { return [argument] }
    return self.valued("-" + argument)
  }

  /// `--switch=true` is `--switch`, and `--switch=false` is nothing at all; `--flag=` is a flag and an empty value.
  private static func valued(_ argument: String) -> [String] {
    guard argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") else { return [argument] }
    // An empty value, as of a variable that is not set, is a value.
    if argument.index(after: equals) == argument.endIndex { return [String(argument[..<equals]), ""] }
    guard self.switches.contains(argument[..<equals]) else { return [argument] }
    switch argument[argument.index(after: equals)...] {
    case "true", "TRUE", "True", "t", "T": return [String(argument[..<equals])]
    case "false", "FALSE", "False", "f", "F": return []
    default: return [argument]
    }
  }
}
