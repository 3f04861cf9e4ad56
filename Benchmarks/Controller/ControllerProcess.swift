import Foundation
import Runner

/// The controller under measurement: the built binary, run as an operator runs it, with its log in a file.
final class ControllerProcess {
  /// What a process has cost so far, as the kernel counts it.
  struct Usage: CustomStringConvertible {
    var processorSeconds: Double
    var peakMegabytes: Double

    var description: String {
      String(format: "%.2f CPU s, %.0f MB peak", self.processorSeconds, self.peakMegabytes)
    }
  }

  let start: ContinuousClock.Instant
  private let process = Process()
  private let log: URL

  init(kubeconfig: String) throws {
    self.log = FileManager.default.temporaryDirectory.appendingPathComponent("controller-\(UUID().uuidString).log")
    try Data().write(to: self.log)
    self.process.executableURL = Bundle.main.bundleURL.appendingPathComponent("metallb")
    self.process.arguments = [
      "controller", "--kubeconfig", kubeconfig, "--namespace=metallb-system", "--port=0", "--health-probe-port=0",
      "--webhook-mode=disabled",
    ]
    let output = try FileHandle(forWritingTo: self.log)
    self.process.standardOutput = output
    self.process.standardError = output
    self.start = Time.now
    try self.process.run()
  }

  /// How long it took until the log said something.
  func awaitLine(containing text: String) async throws -> Duration {
    for _ in 0..<60_000 {
      if try String(contentsOf: self.log, encoding: .utf8).contains(text) { return self.start.duration(to: Time.now) }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw BenchmarkError.neverHappened("the controller's log says \"\(text)\"")
  }

  func usage() throws -> Usage {
    let identifier = self.process.processIdentifier
    let stat = try String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)
    let status = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
    // pid (name) state …: the times are the fields 14 and 15.
    let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
    else { throw BenchmarkError.neverHappened("/proc tells of the controller") }
    return Usage(
      processorSeconds: (user + system) / Double(sysconf(Int32(_SC_CLK_TCK))), peakMegabytes: kilobytes / 1024)
  }

  func stop() {
    self.process.terminate()
    self.process.waitUntilExit()
    try? FileManager.default.removeItem(at: self.log)
  }
}
