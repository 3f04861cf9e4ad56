import KubernetesModel

/// Commands, options and arguments as ArgumentParser describes them, and where in them a command line stands.
struct CommandGrammar {
  enum Names {
    case service, node, context
  }

  /// What may come next.
  enum Place {
    /// The value of an option or an argument: one of these, or a file.
    case value([String], isFile: Bool)
    /// The name of something in the cluster.
    case names(Names)
    case words([(word: String, meaning: String)], flags: [(word: String, meaning: String)])
  }

  private let root: JSONValue

  init(_ root: JSONValue) {
    self.root = root
  }

  /// Where the word after these stands.
  func place(of words: some Sequence<String>) -> Place {
    var command = self.root
    var positional = 0
    var pending: JSONValue?
    for word in words {
      if pending != nil {
        pending = nil
      } else if word.hasPrefix("-") {
        let option = self.arguments(of: command).first { Self.spellings($0).contains(word) }
        pending = option?["kind"] == "option" ? option : nil
      } else if let next = self.subcommands(of: command).first(where: { Self.isNamed($0, word) }) {
        command = next
      } else {
        positional += 1
      }
    }
    if let pending { return Self.value(of: pending) }
    let (subcommands, arguments) = (self.subcommands(of: command), self.arguments(of: command))
    let operands = arguments.filter { $0["kind"] == "positional" }
    if subcommands.isEmpty, let operand = operands.dropFirst(positional).first {
      return Self.value(of: operand, otherwise: Self.flags(arguments))
    }
    return .words(
      subcommands.map { ($0["commandName"]?.string ?? "", $0["abstract"]?.string ?? "") },
      flags: Self.flags(arguments))
  }

  /// A command that has a default one takes that one's options as well.
  private func arguments(of command: JSONValue) -> [JSONValue] {
    let own = command["arguments"]?.array ?? []
    guard let name = command["defaultSubcommand"]?.string,
      let other = self.subcommands(of: command).first(where: { Self.isNamed($0, name) })
    else { return own }
    return own + (other["arguments"]?.array ?? [])
  }

  private func subcommands(of command: JSONValue) -> [JSONValue] {
    (command["subcommands"]?.array ?? []).filter { $0["shouldDisplay"] != false }
  }

  private static func isNamed(_ command: JSONValue, _ word: String) -> Bool {
    command["commandName"]?.string == word || (command["aliases"]?.array ?? []).contains(.string(word))
  }

  private static func spellings(_ argument: JSONValue) -> [String] {
    (argument["names"]?.array ?? []).compactMap { name in
      name["name"]?.string.map { (name["kind"] == "long" ? "--" : "-") + $0 }
    }
  }

  private static func flags(_ arguments: [JSONValue]) -> [(word: String, meaning: String)] {
    var seen: Set<String> = []
    return arguments.filter { $0["kind"] != "positional" && $0["shouldDisplay"] != false }.flatMap { argument in
      self.spellings(argument).filter { $0.hasPrefix("--") && seen.insert($0).inserted }.map {
        ($0, (argument["abstract"]?.string ?? "").split(separator: "\n").first.map(String.init) ?? "")
      }
    }
  }

  private static func value(
    of argument: JSONValue, otherwise flags: [(word: String, meaning: String)] = []
  ) -> Place {
    if let values = argument["allValues"]?.array, !values.isEmpty {
      return .value(values.compactMap(\.string), isFile: false)
    }
    let isFile = argument["completionKind"]?["file"] != nil
    let isFromCluster = argument["completionKind"]?.object?.keys.contains { $0.hasPrefix("custom") } ?? false
    guard isFromCluster else {
      return argument["kind"] == "positional" && !isFile ? .words([], flags: flags) : .value([], isFile: isFile)
    }
    switch argument["valueName"]?.string {
    case "node": return .names(.node)
    case "context": return .names(.context)
    default: return .names(.service)
    }
  }
}
