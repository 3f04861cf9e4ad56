import ArgumentParser
import Balancer
import KubernetesClient
import KubernetesModel
import Runner

/// `metallb drain NODE`: has a node hand over what it announces, and waits until others announce it.
struct DrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain",
    abstract: "Has a node hand over what it announces, and waits until others do.",
    discussion: """
      The node gets the label node.kubernetes.io/exclude-from-external-load-balancers=metallb-drain, which all speakers \
      see. On the local network the successor announces first, then the node stops; routers are asked to prefer other \
      routes before theirs are withdrawn. Pods stay where they are: kubectl drain moves those. With -o name: the \
      Services that move. Exits with 0 when others \
      announce everything, with 1 if they do not or there is no such node, and with 64 if the cluster cannot be read.
      """)

  @Argument(help: "The name of the Node.", completion: .custom { words, _, _ in await NameCompletion.nodes(words) })
  var node: String

  @Flag(name: .customLong("undo"), help: "Take the label away again: the node may announce.")
  var isTakenBack = false

  @Flag(name: .customLong("dry-run"), help: "Only say what would move where.")
  var isRehearsal = false

  @Flag(help: "Drain even if nobody else can announce some of the Services.")
  var force = false

  @Option(help: "Seconds to wait until others announce everything.")
  var timeout = 60

  @Option(help: "The class of Services that the speakers are for (their --lb-class).")
  var lbClass = ""

  @OptionGroup var output: ReportOutput
  @OptionGroup var watching: WatchOptions
  @OptionGroup var cluster: ClusterOptions

  mutating func validate() throws {
    guard self.timeout > 0 else { throw ValidationError("--timeout \(self.timeout) is no time to wait.") }
    if self.watching.isOn, !self.isRehearsal { throw ValidationError("--watch goes with --dry-run.") }
    if self.isTakenBack, self.isRehearsal || self.force { throw ValidationError("--undo goes with no other flag.") }
  }

  /// Why a node is left as it is.
  private enum Refusal: Error, CustomStringConvertible {
    case unknownNode(String)
    case excludedByOthers(node: String, value: String)

    var description: String {
      switch self {
      case .unknownNode(let name): "there is no Node \"\(name)\"; kubectl get nodes lists them"
      case .excludedByOthers(let node, let value):
        "\(node) was excluded by somebody else: its label \(NodeView.exclusionLabel) is \"\(value)\". "
          + "kubectl label node \(node) \(NodeView.exclusionLabel)- takes it away"
      }
    }
  }

  func run() async throws {
    do {
      try await self.cluster.withClient { client in
        if self.isTakenBack { try await self.takeBack(by: client) } else { try await self.drain(by: client) }
      }
    } catch let code as ExitCode {
      throw code
    } catch let refusal as Refusal {
      throw CommandFailure.exit(refusal.description)
    } catch {
      throw CommandFailure.exit("\(error)", code: ExitCode.validationFailure.rawValue)
    }
  }

  // MARK: - Draining

  private func drain(by client: KubernetesClient) async throws {
    let label = try await self.exclusion(by: client)
    let reader = ClusterReader(
      client: client, namespace: self.cluster.resolvedNamespace, configMap: self.cluster.config)
    if self.isRehearsal { return try await self.rehearse(by: reader) }
    let plan = try await self.plan(by: reader)
    if !plan.stranded.isEmpty, !self.force {
      try self.say(DrainReport(plan, outcome: .refused))
      throw ExitCode.failure
    }
    if label == nil { try await self.label(NodeView.drainValue, by: client) }
    let report = try await self.completion(of: plan, by: reader)
    try self.say(report)
    if report.outcome != .drained { throw ExitCode.failure }
  }

  private func rehearse(by reader: ClusterReader) async throws {
    let namespace = reader.namespace
    let followed =
      WatchOptions.Followed.configuration(in: namespace) + WatchOptions.Followed.statuses(in: namespace) + [
        .objects(Service.self), .objects(EndpointSlice.self), .objects(Node.self),
      ]
    _ = try await self.watching.looking(by: reader.client, at: followed) {
      try self.say(DrainReport(try await self.plan(by: reader), outcome: .planned))
      return true
    }
  }

  private func plan(by reader: ClusterReader) async throws -> DrainPlan {
    let announced = try await reader.objects(
      ServiceL2Status.self, in: reader.namespace, labelSelector: "metallb.io/node=\(self.node)")
    let (configuration, _) = try await reader.configuration()
    let cluster = AnnouncementExplanation.Cluster(
      services: try await reader.objects(Service.self).map(ExposedService.init),
      endpoints: try await reader.objects(EndpointSlice.self).map(EndpointsView.init),
      nodes: try await reader.objects(Node.self).map(NodeView.init), configuration: configuration,
      loadBalancerClass: self.lbClass.isEmpty ? nil : self.lbClass)
    return DrainPlan(
      of: self.node, announcing: Set(announced.compactMap(\.subject)), in: cluster, at: Time.now)
  }

  /// Looks every now and then whether others announce everything, until they do or there is no more time.
  private func completion(of plan: DrainPlan, by reader: ClusterReader) async throws -> DrainReport {
    let deadline = Time.now + .seconds(self.timeout)
    let own = "metallb.io/node=\(self.node)"
    while true {
      let routed = try await reader.objects(ServiceBGPStatus.self, in: reader.namespace, labelSelector: own)
        .compactMap(\.subject).sorted()
      let left = try await reader.objects(ServiceL2Status.self, in: reader.namespace, labelSelector: own)
      let isLate = Time.now >= deadline
      if (left.isEmpty && routed.isEmpty) || isLate {
        let announcers = try await self.announcers(by: reader)
        let expected = plan.moves.filter { $0.successor != nil || isLate }
        let isDone =
          left.isEmpty && routed.isEmpty
          && expected.allSatisfy { announcers[$0.service].map { $0 != self.node } ?? false }
        if isDone || isLate {
          return DrainReport(
            plan, outcome: isDone ? .drained : .unfinished, announcers: announcers, routed: routed)
        }
      }
      try await ContinuousClock().sleep(for: .milliseconds(300))
    }
  }

  private func announcers(by reader: ClusterReader) async throws -> [ObjectKey: String] {
    let statuses = try await reader.objects(ServiceL2Status.self, in: reader.namespace)
    return Dictionary(
      statuses.compactMap { status in
        status.subject.flatMap { service in status.status?.node.map { (service, $0) } }
      }
    ) { first, second in first == self.node ? second : first }
  }

  private func say(_ report: DrainReport) throws {
    try self.output.say(
      .init(
        lines: { report.lines(colours: $0, width: self.output.isWide ? max($1, 200) : $1) }, json: { report.json },
        names: { report.plan.moves.map(\.service.description) }), isOneOfMany: self.watching.isOn)
  }

  // MARK: - The label

  private func takeBack(by client: KubernetesClient) async throws {
    switch try await self.exclusion(by: client) {
    case nil: FileDescriptors.say("\(self.node) is not drained.\n")
    case NodeView.drainValue:
      try await self.label(nil, by: client)
      FileDescriptors.say("\(self.node) may announce again.\n")
    case .some(let value): throw Refusal.excludedByOthers(node: self.node, value: value)
    }
  }

  /// The value of the node's label; nil = it has none.
  private func exclusion(by client: KubernetesClient) async throws -> String? {
    do throws(APIError) {
      return try await client.get(Node.self, ObjectKey(name: self.node)).metadata.labels?[NodeView.exclusionLabel]
    } catch {
      if error.isNotFound { throw Refusal.unknownNode(self.node) }
      throw error
    }
  }

  private func label(_ value: String?, by client: KubernetesClient) async throws {
    let labels: JSONValue = [NodeView.exclusionLabel: value.map { .string($0) } ?? .null]
    try await client.patch(
      Node.self, ObjectKey(name: self.node), with: .merge(["metadata": ["labels": labels]]), manager: "metallb-drain")
  }
}
