import Glibc
import Logging

/// What runs on a router: FRR's daemons, with files and sockets of their own, apart from those of an FRR that the machine may
/// run itself.
///
///     zebra (the kernel's routes) ◀── bfdd ◀── bgpd
struct RouterSystem: Sendable {
  static let daemonDirectory = "/usr/lib/frr"

  private enum Daemon: String, CaseIterable {
    case zebra, bfdd, bgpd

    /// The socket that shows that it is there.
    var sign: String { self == .zebra ? "zserv.api" : "\(self.rawValue).vty" }
  }

  let host: AddressPlan.Host
  let configuration: RouterConfiguration
  let directory: String
  let logger: Logger

  init(_ host: AddressPlan.Host, in plan: AddressPlan, directory: LabDirectory, logger: Logger) {
    self.host = host
    self.configuration = RouterConfiguration(host: host, plan: plan)
    self.directory = directory.router(host.name)
    self.logger = logger
  }

  /// Runs until the task is cancelled; daemons that end by themselves are started again.
  func run() async {
    while !Task.isCancelled {
      do {
        try await self.operate()
      } catch {
        guard !Task.isCancelled else { return }
        self.logger.warning(
          "a router's daemons ended; starting them again",
          metadata: ["router": .string(self.host.name), "reason": "\(error)"])
      }
      try? await Task.sleep(for: .seconds(1))
    }
  }

  private func operate() async throws {
    try await self.furnish()
    var processes: [ContainerProcess] = []
    defer { for process in processes.reversed() { process.send(SIGKILL) } }
    for daemon in Daemon.allCases {
      processes.append(try self.start(daemon))
      try await self.awaitSign(of: daemon)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      for (daemon, process) in zip(Daemon.allCases, processes) {
        group.addTask {
          for await status in process.ending { throw ToolFailure(tool: daemon.rawValue, reason: "\(status)") }
        }
      }
      try await group.next()
    }
  }

  /// Writes the configurations. The daemons give up the privileges of root for those of FRR's own user.
  private func furnish() async throws {
    await BlockingFiles.remove(self.directory)
    try await BlockingFiles.makeDirectory(self.directory)
    let texts: [Daemon: String] = [
      .zebra: "hostname \(self.host.name)", .bfdd: RouterConfiguration.bfd, .bgpd: self.configuration.bgp ?? "",
    ]
    for (daemon, text) in texts {
      try await BlockingFiles.write(Array("log stdout\n\(text)\n".utf8), to: self.file("\(daemon.rawValue).conf"))
    }
    try await Tool.run(["chown", "-R", "frr:frr", self.directory])
  }

  /// A router has processors of its own; here it comes before the rest of the machine, or BFD would take a busy machine for a
  /// dead router.
  private func start(_ daemon: Daemon) throws -> ContainerProcess {
    guard let nsenter = Tool.find("nsenter") else { throw ToolFailure(tool: "nsenter", reason: "not found") }
    var arguments = [
      "nsenter", "--net=\(self.host.namespacePath)", "nice", "-n", "-15", "\(Self.daemonDirectory)/\(daemon.rawValue)",
      "--socket", self.file("zserv.api"), "--vty_socket", self.directory, "--pid_file",
      self.file("\(daemon.rawValue).pid"),
      "--config_file", self.file("\(daemon.rawValue).conf"), "--vty_port", "0",
    ]
    if daemon == .bfdd { arguments += ["--bfdctl", self.file("bfdd.sock")] }
    return try ContainerProcess(
      program: nsenter, arguments: arguments, environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
      log: LogFile(path: self.file("\(daemon.rawValue).log")))
  }

  /// A daemon that finds the one before it missing waits for ten seconds before it looks again.
  private func awaitSign(of daemon: Daemon) async throws {
    for _ in 0..<500 {
      if access(self.file(daemon.sign), F_OK) == 0 { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw ToolFailure(tool: daemon.rawValue, reason: "does not come up; see \(self.file("\(daemon.rawValue).log"))")
  }

  private func file(_ name: String) -> String { "\(self.directory)/\(name)" }
}

extension LabDirectory {
  /// The command as a person means it on a host: a router's shell has to be told where the router's sockets are.
  package func command(_ command: [String], on host: AddressPlan.Host) -> [String] {
    guard command.first == "vtysh", access(self.router(host.name), F_OK) == 0 else { return command }
    return ["vtysh", "--vty_socket", self.router(host.name)] + command.dropFirst()
  }
}
