import ArgumentParser
import Balancer
import KubernetesClient
import KubernetesModel

/// `metallb explain history [NAMESPACE/NAME]`: what controller and speakers decided last, and what led to it.
struct ExplainHistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Says what controller and speakers decided last, and what led to it.",
    discussion: """
      Each process remembers the last 512 events that led to something. Asks them through the API server's proxy of pods, \
      with your own kubeconfig; that takes the verb get on pods/proxy in MetalLB's namespace. Where that is not to be had, \
      kill -USR1 has a process write the same to its log. Exits with 1 if nobody answers, and with 64 if the cluster cannot \
      be read.
      """)

  @Argument(
    help: "One Service alone: NAMESPACE/NAME, or a name in the namespace of the kubeconfig's context.",
    completion: .custom { words, _, _ in await NameCompletion.services(words) })
  var service: ServiceName?

  @Option(help: "How many events are shown, the latest.")
  var limit = 50

  @OptionGroup var port: StatusPortOption
  @OptionGroup var output: ReportOutput
  @OptionGroup var cluster: ClusterOptions

  mutating func validate() throws {
    guard self.limit > 0 else { throw ValidationError("--limit \(self.limit) must be at least 1.") }
  }

  func run() async throws {
    let answers: [ProcessAnswer<DecisionHistory>]
    do {
      answers = try await self.cluster.withClient { client in
        let asker = StatusReader(
          client: client, namespace: self.cluster.resolvedNamespace, port: self.port.statusPort,
          path: "debug/decisions",
          selection: ("object", self.service?.key(client).description))
        let pods = try await asker.pods()
        return await asker.ask(pods.controllers + pods.speakers)
      }
    } catch {
      throw CommandFailure.exit("\(error)", code: ExitCode.validationFailure.rawValue)
    }
    let histories = answers.compactMap(\.status)
    let sorted = answers.sorted { $0.pod < $1.pod }
    try self.output.say(
      .init(
        lines: { colours, width in
          let width = self.output.isWide ? max(width, 200) : width
          return DecisionHistory.lines(histories, limit: self.limit, colours: colours, width: width)
            + sorted.compactMap { answer in answer.reason.map { "\(answer.pod) cannot be asked: \($0)" } }
        },
        json: { ["processes": .array(sorted.map(\.json))] }, names: { histories.map(\.process) }))
    if histories.isEmpty { throw CommandFailure.exit("nobody answers") }
  }
}
