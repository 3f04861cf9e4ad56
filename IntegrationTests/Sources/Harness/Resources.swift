import Foundation

/// What a process has used so far.
package struct Resources: Sendable {
  /// Resident memory in megabytes.
  package let memory: Double
  /// Processor time in seconds.
  package let processorTime: Double

  package init(of process: ChildProcess) throws {
    let status = try String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    let kilobytes = line.flatMap { Double($0.split(whereSeparator: { !$0.isNumber }).first ?? "") }
    // The name in parentheses may contain spaces; what comes after it does not.
    let text = try String(contentsOfFile: "/proc/\(process.identifier)/stat", encoding: .utf8)
    let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
    guard let kilobytes, fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
      throw HarnessError.notReady("nothing is known of process \(process.identifier)")
    }
    self.memory = kilobytes / 1024
    self.processorTime = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
