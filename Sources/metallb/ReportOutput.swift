import ArgumentParser
import Glibc
import KubernetesClient
import KubernetesModel
import Runner

/// How a command says what it found.
struct ReportOutput: ParsableArguments {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json, yaml
  }

  @Option(name: [.customShort("o"), .long], help: "text, json or yaml.")
  var output: Format = .text

  /// Prints a report in the form that was asked for.
  func say(lines: (_ colours: Bool, _ width: Int) -> [String], json: () -> JSONValue) throws {
    switch self.output {
    case .text:
      let lines = lines(Terminal.hasColours, Terminal.width)
      FileDescriptors.say(lines.map { $0 + "\n" }.joined())
    case .json: FileDescriptors.say(String(decoding: json().jsonText, as: UTF8.self) + "\n")
    case .yaml: FileDescriptors.say(try json().yamlText())
    }
  }
}

/// What standard output leads to.
enum Terminal {
  static var hasColours: Bool {
    let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
    return isatty(1) == 1 && getenv("NO_COLOR") == nil && !isDumb
  }

  /// How many characters fit on a line; 80 where that is not known.
  static var width: Int {
    var size = winsize()
    guard isatty(1) == 1, ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else { return 80 }
    return Int(size.ws_col)
  }
}

/// What stops a command, for standard error, and the exit code that goes with it.
struct CommandFailure {
  /// Says what went wrong and ends the command with this code.
  static func exit(_ message: String, code: Int32 = 1) -> ExitCode {
    FileDescriptors.say("metallb: \(message)\n", to: 2)
    return ExitCode(code)
  }
}
