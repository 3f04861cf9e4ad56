import ArgumentParser

/// Where the processes tell of themselves.
struct StatusPortOption: ParsableArguments {
  @Option(help: "The port of /status and /debug/decisions in the pods (their --health-probe-port).")
  var statusPort = 17472

  mutating func validate() throws {
    guard (1...65535).contains(self.statusPort) else {
      throw ValidationError("--status-port \(self.statusPort) is not a port: it lies between 1 and 65535.")
    }
  }
}
