/// The name that the program was called by: as `kubectl-metallb` in the PATH it is kubectl's `kubectl metallb`.
enum Invocation {
  case plain
  /// By kubectl.
  case plugin
  /// By kubectl, to complete a command line: `kubectl_complete-metallb`.
  case completer

  static let current = Invocation(CommandLine.arguments.first ?? "")

  init(_ path: String) {
    switch path.split(separator: "/").last {
    case "kubectl-metallb": self = .plugin
    case "kubectl_complete-metallb": self = .completer
    default: self = .plain
    }
  }

  /// What the user has typed, in usage texts; completions of shells are for the plain command.
  var commandName: String {
    if case .plugin = self, CommandLine.arguments.dropFirst().first != "completion" { return "kubectl metallb" }
    return "metallb"
  }
}
