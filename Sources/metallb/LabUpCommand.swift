import ArgumentParser
import Glibc
import Lab
import Logging

/// Which lab a verb is about.
struct LabChoice: ParsableArguments {
  @Option(help: "The name of the lab; labs of different names run side by side.")
  var name = "lab"

  var directory: LabDirectory { LabDirectory(lab: self.name) }

  mutating func validate() throws {
    guard AddressPlan.isLabName(self.name) else {
      throw ValidationError("--name \(self.name): up to 20 lower-case letters, digits and inner dashes.")
    }
  }

  /// The process of the lab; an error when it does not run.
  func owner() throws -> pid_t {
    guard let owner = self.directory.owner else {
      throw LabRefusal("the lab \"\(self.name)\" is not up; start it with: metallb lab up --name \(self.name)")
    }
    return owner
  }
}

/// `metallb lab up`: starts a lab and leaves it running.
struct LabUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Starts a cluster on this machine and leaves it running.")

  @OptionGroup var lab: LabChoice

  @Option(help: "How many nodes.")
  var nodes = 3

  @Option(
    help: "How many routers (FRR) the rack has, for BGP; the client is behind them. None: everybody is on one wire.")
  var routers = 0

  @Option(help: "The port of the API server on 127.0.0.1; 0 = any free one.")
  var port = 0

  @Option(help: "After how many milliseconds of silence a node counts as dead.")
  var nodeGrace = 2000

  @Option(
    name: .customLong("image"),
    help: """
      An image and what runs for it, as REFERENCE=PATH: a program of this machine, or a directory that umoci has unpacked \
      an image into, whose root and confinement the container then has. May be given several times.
      """)
  var images: [String] = []

  @Flag(help: "Stay in the foreground until Control-C or `lab down`.")
  var foreground = false

  mutating func validate() throws {
    guard (1...AddressPlan.maximumNodes).contains(self.nodes) else {
      throw ValidationError("--nodes \(self.nodes): between 1 and \(AddressPlan.maximumNodes).")
    }
    guard (0...AddressPlan.maximumRackRouters).contains(self.routers) else {
      throw ValidationError("--routers \(self.routers): between 0 and \(AddressPlan.maximumRackRouters).")
    }
    guard (500...600_000).contains(self.nodeGrace) else {
      throw ValidationError("--node-grace \(self.nodeGrace): between 500 and 600000 milliseconds.")
    }
  }

  private func localImages() throws -> LocalImages {
    var images = LocalImages()
    for text in self.images { try images.add(text) }
    return images
  }

  func run() async throws {
    try LabLauncher.checkMachine(withRouters: self.routers > 0)
    _ = try self.localImages()
    if self.foreground {
      guard geteuid() == 0 else { return try LabLauncher.becomePrivileged() }
      try await self.stay()
    } else {
      try await self.startInBackground()
    }
  }

  private func stay() async throws {
    let directory = self.lab.directory
    try await directory.create()
    guard directory.takeLock() else { throw LabRefusal("the lab \"\(self.lab.name)\" is already up") }
    try await LabLauncher.sweepDeadLabs(except: self.lab.name)
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    let cluster = try LabCluster(
      LabCluster.Settings(
        name: self.lab.name, nodes: self.nodes, rackRouters: self.routers, nodeGrace: .milliseconds(self.nodeGrace),
        port: self.port, images: try self.localImages()),
      binary: LabLauncher.binary, logger: Logger(label: "lab"))
    _ = try await LabLauncher.untilSignalled {
      try await cluster.run { FileDescriptors.say("The lab \"\(self.lab.name)\" is up.\n") }
    }
  }

  private func startInBackground() async throws {
    let directory = self.lab.directory
    guard directory.owner == nil else { throw LabRefusal("the lab \"\(self.lab.name)\" is already up") }
    if geteuid() == 0 { try await directory.sweep() }
    try await directory.create()
    let arguments =
      LabLauncher.environmentOfUser
      + LabRequirements.privileged(
        [
          LabLauncher.binary, "lab", "up", "--foreground", "--name", self.lab.name, "--nodes", String(self.nodes),
          "--routers", String(self.routers), "--port", String(self.port), "--node-grace", String(self.nodeGrace),
        ] + self.images.flatMap { ["--image", $0] })
    let child = try LabLauncher.spawn(arguments, log: directory.log)
    for _ in 0..<600 {
      if access(directory.kubeconfig, F_OK) == 0, access(directory.control, F_OK) == 0 {
        FileDescriptors.say(self.greeting)
        return
      }
      if LabLauncher.hasEnded(child) {
        let log = BlockingFiles.read(directory.log).map { String(decoding: $0, as: UTF8.self) } ?? ""
        throw LabRefusal("the lab did not start:\n\(log.split(separator: "\n").suffix(10).joined(separator: "\n"))")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw LabRefusal("the lab has not come up within a minute; its log is \(directory.log)")
  }

  private var greeting: String {
    let name = self.lab.name == "lab" ? "" : " --name \(self.lab.name)"
    let routers = (1...max(1, self.routers)).map { "tor-\($0)" }.joined(separator: ", ")
    let rack = self.routers == 0 ? "" : ", in a rack with \(routers)"
    let look = self.routers == 0 ? "" : "  metallb lab exec\(name) tor-1 -- vtysh -c 'show bgp summary'\n"
    return """
      The lab "\(self.lab.name)" is up: \(self.nodes) nodes, a client and a router\(rack).
        export KUBECONFIG=\(self.lab.directory.kubeconfig)
        kubectl get nodes
        metallb lab exec\(name) client -- curl http://ADDRESS/
      \(look)  metallb lab down\(name)

      """
  }
}

/// `metallb lab down`: ends a lab and removes everything that it made.
struct LabDownCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "down", abstract: "Ends a lab and removes everything that it made, also after a crash.")

  @OptionGroup var lab: LabChoice

  func run() async throws {
    let directory = self.lab.directory
    if directory.owner != nil {
      try? await LabControl.send(.down, to: directory.control)
      for _ in 0..<300 where directory.owner != nil { try await Task.sleep(for: .milliseconds(100)) }
      if let owner = directory.owner, owner > 0 {
        kill(owner, SIGKILL)
        for _ in 0..<50 where directory.owner != nil { try await Task.sleep(for: .milliseconds(100)) }
      }
    }
    if geteuid() == 0 { try await directory.sweep() } else { await directory.remove() }
  }
}
