import ArgumentParser
import Glibc
import KubernetesClient
import KubernetesModel
import Runner

/// How a command says what it found.
struct ReportOutput: ParsableArguments {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, wide, json, yaml, name
  }

  @Option(
    name: [.customShort("o"), .long],
    help: """
      text, wide (more columns, nothing left out), json, yaml, or name (what it is about, a line each, as other commands \
      take it).
      """)
  var output: Format = .text

  @Flag(name: .customLong("no-color"), help: "No colours on a terminal, as the environment variable NO_COLOR has it.")
  var hasNoColours = false

  var isWide: Bool { self.output == .wide }

  /// A report in every form that it can have.
  struct Report {
    var lines: (_ colours: Bool, _ width: Int) -> [String]
    var json: () -> JSONValue
    var names: () -> [String]
  }

  /// Prints a report in the form that was asked for; one of many replaces the one before it on a terminal.
  func say(_ report: Report, isOneOfMany: Bool = false) throws {
    switch self.output {
    case .text, .wide:
      var lines = report.lines(Terminal.hasColours && !self.hasNoColours, Terminal.width)
      guard isOneOfMany else { return FileDescriptors.say(lines.map { $0 + "\n" }.joined()) }
      guard Terminal.isInteractive else { return FileDescriptors.say((lines + [""]).map { $0 + "\n" }.joined()) }
      let height = Terminal.height
      if lines.count > height - 1 {
        lines = lines.prefix(height - 2) + ["… \(lines.count - height + 2) lines more than fit"]
      }
      // From the top, each line over the one that was there, and nothing below: it does not flicker.
      FileDescriptors.say("\u{1B}[H" + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J")
    case .json: FileDescriptors.say(String(decoding: report.json().jsonText, as: UTF8.self) + "\n")
    case .yaml: FileDescriptors.say((isOneOfMany ? "---\n" : "") + (try report.json().yamlText()))
    case .name: FileDescriptors.say(report.names().map { $0 + "\n" }.joined())
    }
  }
}

/// What standard output leads to.
enum Terminal {
  static var isInteractive: Bool { isatty(1) == 1 }

  static var hasColours: Bool {
    let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
    let isUnwanted = getenv("NO_COLOR").map { String(cString: $0).isEmpty == false } ?? false
    return self.isInteractive && !isUnwanted && !isDumb
  }

  /// How many characters fit on a line; 80 where that is not known.
  static var width: Int {
    guard let size = self.size, size.ws_col >= 40 else { return 80 }
    return Int(size.ws_col)
  }

  /// How many lines fit; 24 where that is not known.
  static var height: Int {
    guard let size = self.size, size.ws_row >= 8 else { return 24 }
    return Int(size.ws_row)
  }

  private static var size: winsize? {
    var size = winsize()
    return isatty(1) == 1 && ioctl(1, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
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
