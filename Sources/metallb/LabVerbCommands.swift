import ArgumentParser
import Glibc
import Lab

/// `metallb lab kubeconfig`: prints where the kubeconfig is, or what is in it.
struct LabKubeconfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kubeconfig", abstract: "Prints the path of a lab's kubeconfig.")

  @OptionGroup var lab: LabChoice

  @Flag(help: "Print the file itself.")
  var raw = false

  func run() throws {
    _ = try self.lab.owner()
    let path = self.lab.directory.kubeconfig
    guard self.raw else { return FileDescriptors.say(path + "\n") }
    guard let bytes = BlockingFiles.read(path) else { throw LabRefusal("\(path): \(String(cString: strerror(errno)))") }
    FileDescriptors.say(String(decoding: bytes, as: UTF8.self))
  }
}

/// `metallb lab exec HOST -- COMMAND`: runs a command on one of the lab's hosts.
struct LabExecCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Runs a command on a host of the lab: client, router, node-1, ..., tor-1, ...")

  @OptionGroup var lab: LabChoice

  @Argument(help: "client, router, a node, or a router of the rack.")
  var host: String

  @Argument(parsing: .postTerminator, help: "The command, after --.")
  var command: [String] = []

  func run() throws {
    let owner = try self.lab.owner()
    guard !self.command.isEmpty else { throw ValidationError("Say what to run: lab exec \(self.host) -- COMMAND") }
    guard
      let plan = AddressPlan(
        lab: self.lab.name, nodeCount: AddressPlan.maximumNodes, rackRouterCount: AddressPlan.maximumRackRouters),
      let host = plan.host(self.host)
    else { throw ValidationError("There is no host \"\(self.host)\": client, router, node-1, ..., tor-1, ...") }
    try LabLauncher.become(
      LabRequirements.joining(
        owner, ["ip", "netns", "exec", host.namespace] + self.lab.directory.command(self.command, on: host)))
  }
}

/// A verb that befalls one machine.
protocol LabNodeVerb: AsyncParsableCommand {
  var lab: LabChoice { get }
  var node: String { get }
  func order(_ node: String) -> LabOrder
}

extension LabNodeVerb {
  func run() async throws {
    _ = try self.lab.owner()
    try await LabControl.send(self.order(self.node), to: self.lab.directory.control)
  }
}

/// `metallb lab kill NODE`: the power goes.
struct LabKillCommand: LabNodeVerb {
  static let configuration = CommandConfiguration(
    commandName: "kill", abstract: "Takes the power from a node or a router: every process on it dies at once.")

  @OptionGroup var lab: LabChoice
  @Argument(help: "The node or router.") var node: String
  func order(_ node: String) -> LabOrder { .kill(node: node) }
}

/// `metallb lab cut NODE`: the cable goes.
struct LabCutCommand: LabNodeVerb {
  static let configuration = CommandConfiguration(
    commandName: "cut", abstract: "Pulls the cable of a node or a router; its processes live on.")

  @OptionGroup var lab: LabChoice
  @Argument(help: "The node or router.") var node: String
  func order(_ node: String) -> LabOrder { .cut(node: node) }
}

/// `metallb lab heal NODE`: power and cable come back.
struct LabHealCommand: LabNodeVerb {
  static let configuration = CommandConfiguration(
    commandName: "heal", abstract: "Gives a node or a router its power and its cable back.")

  @OptionGroup var lab: LabChoice
  @Argument(help: "The node or router.") var node: String
  func order(_ node: String) -> LabOrder { .heal(node: node) }
}

/// `metallb lab drain NODE`: the node is to be empty.
struct LabDrainCommand: LabNodeVerb {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Cordons a node and moves its pods elsewhere.")

  @OptionGroup var lab: LabChoice
  @Argument(help: "The node.") var node: String
  func order(_ node: String) -> LabOrder { .drain(node: node) }
}
