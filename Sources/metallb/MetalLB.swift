import ArgumentParser
import Runner

/// The command `metallb`; each subcommand has a file of its own.
struct MetalLB: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: Invocation.current.commandName,
    abstract: "Gives Kubernetes Services of type LoadBalancer their addresses, and attracts the traffic to them.",
    version: "metallb \(Version.current) (as MetalLB \(Version.compatible))",
    subcommands: [
      ControllerCommand.self,
      SpeakerCommand.self,
      StatusCommand.self,
      DashboardCommand.self,
      CheckCommand.self,
      ExplainCommand.self,
      PlanCommand.self,
      DrainCommand.self,
      MigrateCommand.self,
      BFDCommand.self,
      GossipCommand.self,
      CompletionCommand.self,
      LabCommand.self,
      LabContainerCommand.self,
      LabWebCommand.self,
    ])
}

/// The way in: finds out which command is meant and how its flags are written.
@main
enum Main {
  static func main() async {
    if case .completer = Invocation.current {
      await PluginCompletion.run(Array(CommandLine.arguments.dropFirst()))
    } else {
      await MetalLB.main(
        GoFlags.arguments(CommandLine.arguments, commands: ["controller", "speaker", "migrate", "configmaptocrs"]))
    }
  }
}
