import ArgumentParser
import Runner

/// `metallb completion SHELL`: the script by which a shell completes command lines.
struct CompletionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion",
    abstract: "Prints the script by which bash, zsh or fish completes metallb's command lines.",
    discussion: """
      bash: source <(metallb completion bash), or write it to /etc/bash_completion.d/metallb.
      zsh: write it to a file _metallb in a directory of $fpath.
      fish: metallb completion fish > ~/.config/fish/completions/metallb.fish

      Names of Services, nodes and contexts are read from the cluster while you type. For kubectl metallb, kubectl's own \
      completion asks a program kubectl_complete-metallb in the PATH: link it to this one, as kubectl-metallb is.
      """)

  enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish

    var kind: CompletionShell {
      switch self {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    }
  }

  @Argument(help: "bash, zsh or fish.")
  var shell: Shell

  func run() {
    FileDescriptors.say(MetalLB.completionScript(for: self.shell.kind) + "\n")
  }
}
