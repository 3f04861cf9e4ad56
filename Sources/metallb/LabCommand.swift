import ArgumentParser

/// `metallb lab`: a cluster on one machine.
struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "A whole small cluster on this machine, to try things out and to test.",
    subcommands: [
      LabDemoCommand.self, LabUpCommand.self, LabDownCommand.self, LabKubeconfigCommand.self, LabExecCommand.self,
      LabKillCommand.self, LabCutCommand.self, LabHealCommand.self, LabDrainCommand.self, LabAPIServerCommand.self,
    ])
}
