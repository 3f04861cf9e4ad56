import Foundation

/// Programs that a measurement needs beside our own.
enum Command {
  /// A tool that `Scripts/setup test` has put into the cache.
  static func cached(_ tool: String) -> String {
    let environment = ProcessInfo.processInfo.environment
    return "\(environment["METALLB_CACHE"] ?? "\(environment["HOME"] ?? "")/.cache/metallb")/bin/\(tool)"
  }

  /// Runs a program to its end and returns what it printed.
  static func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw BenchmarkError.failed(command: "\(program) \(arguments.joined(separator: " "))", output: text)
    }
    return text
  }
}
