import ArgumentParser
import Balancer
import KubernetesClient
import KubernetesModel
import Lab
import Runner

/// `metallb explain`: why something is as it is.
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Says why something is as it is.",
    subcommands: [ExplainServiceCommand.self, ExplainAddressCommand.self, ExplainHistoryCommand.self])
}

/// `metallb explain service NAMESPACE/NAME`: why a Service has its address, or none, and who announces it.
struct ExplainServiceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "service",
    abstract: "Says why a Service has its address, or none, and who announces it.",
    discussion: """
      Reads the cluster's objects and decides on them as controller and speakers do: which pool and why, what spoke \
      against each other one, which advertisements match, and what each node makes of it. Changes nothing. With -o name: \
      the nodes that announce it. Exits with 1 if there is no such Service, and with 64 if the cluster cannot be read.
      """,
    aliases: ["svc"])

  @Argument(
    help: "NAMESPACE/NAME, or a name in the namespace of the kubeconfig's context.",
    completion: .custom { words, _, _ in await NameCompletion.services(words) })
  var service: ServiceName

  @Option(help: "The class of Services that the controller is for (its --lb-class).")
  var lbClass = ""

  @OptionGroup var output: ReportOutput
  @OptionGroup var watching: WatchOptions
  @OptionGroup var cluster: ClusterOptions

  func run() async throws {
    do {
      try await self.cluster.withClient { client in
        let key = self.service.key(client)
        _ = try await self.watching.looking(by: client, at: self.followed(key)) {
          guard let report = try await self.report(on: key, by: client) else {
            throw CommandFailure.exit("there is no Service \(key)")
          }
          try self.output.say(
            .init(
              lines: { report.lines(colours: $0, width: self.output.isWide ? max($1, 200) : $1) },
              json: { report.json }, names: { report.names }), isOneOfMany: self.watching.isOn)
          return true
        }
      }
    } catch let code as ExitCode {
      throw code
    } catch {
      throw CommandFailure.exit("\(error)", code: ExitCode.validationFailure.rawValue)
    }
  }

  /// What the answer hangs on.
  private func followed(_ key: ObjectKey) -> [WatchOptions.Followed] {
    let namespace = self.cluster.resolvedNamespace
    return WatchOptions.Followed.configuration(in: namespace) + WatchOptions.Followed.statuses(in: namespace) + [
      .objects(Service.self), .objects(Node.self), .objects(Namespace.self),
      .objects(EndpointSlice.self, in: key.namespace),
      .objects(
        Event.self, in: key.namespace, fieldSelector: "involvedObject.kind=Service,involvedObject.name=\(key.name)"),
    ]
  }

  private func report(on key: ObjectKey, by client: KubernetesClient) async throws -> ExplanationReport? {
    let reader = ClusterReader(
      client: client, namespace: self.cluster.resolvedNamespace, configMap: self.cluster.config)
    let services = try await reader.objects(Service.self)
    guard let service = services.first(where: { $0.key == key }) else { return nil }
    let (configuration, _) = try await reader.configuration()
    let loadBalancerClass = self.lbClass.isEmpty ? nil : self.lbClass
    let rehearsal = Rehearsal(
      of: services.map(ServiceView.init), namespaces: try await reader.objects(Namespace.self),
      configuration: configuration, settings: .init(loadBalancerClass: loadBalancerClass, seed: 0), at: Time.now)
    let explanation = ServiceExplanation(of: ServiceView(service), in: rehearsal)
    var announcement: AnnouncementExplanation?
    if explanation.isAnnounceable {
      let cluster = try await self.cluster(
        around: service, services: services, configuration: configuration, by: reader)
      announcement = AnnouncementExplanation(
        of: ExposedService(service), pool: rehearsal.pool(of: key), in: cluster, at: Time.now)
    }
    return ExplanationReport(
      service: explanation, announcement: announcement, events: try await self.events(on: key, by: reader))
  }

  private func cluster(
    around service: Service, services: [Service], configuration: ConfigurationObjects, by reader: ClusterReader
  ) async throws -> AnnouncementExplanation.Cluster {
    let key = service.key
    let addresses = Set(ExposedService(service).addresses)
    let company = services.map(ExposedService.init).filter {
      !addresses.isDisjoint(with: $0.addresses) || $0.key == key
    }
    var slices: [EndpointSlice] = []
    for namespace in Set(company.map(\.key.namespace)) {
      slices += try await reader.objects(EndpointSlice.self, in: namespace)
    }
    let labels = "metallb.io/service-name=\(key.name),metallb.io/service-namespace=\(key.namespace)"
    let layer2 = try await reader.objects(ServiceL2Status.self, in: reader.namespace, labelSelector: labels)
    let bgp = try await reader.objects(ServiceBGPStatus.self, in: reader.namespace, labelSelector: labels)
    return AnnouncementExplanation.Cluster(
      services: company, endpoints: slices.map(EndpointsView.init),
      nodes: try await reader.objects(Node.self).map(NodeView.init), configuration: configuration,
      ownership: layer2.map(OwnershipClaim.init), layer2Claims: Set(layer2.compactMap(\.status?.node)),
      bgpClaims: Dictionary(bgp.compactMap { status in status.status?.node.map { ($0, status.status?.peers ?? []) } }) {
        first, _ in first
      },
      loadBalancerClass: self.lbClass.isEmpty ? nil : self.lbClass)
  }

  /// The Events of MetalLB on the Service, oldest first.
  private func events(
    on key: ObjectKey, by reader: ClusterReader
  ) async throws -> [ExplanationReport.Occurrence] {
    let fields = "involvedObject.kind=Service,involvedObject.name=\(key.name)"
    let events = try await reader.objects(Event.self, in: key.namespace, fieldSelector: fields)
    return events.compactMap { event -> ExplanationReport.Occurrence? in
      let component = event.reportingComponent.flatMap { $0.isEmpty ? nil : $0 } ?? event.source?.component ?? ""
      guard component.hasPrefix("metallb") else { return nil }
      let time = event.lastTimestamp ?? event.firstTimestamp
      return ExplanationReport.Occurrence(
        type: event.type ?? "", reason: event.reason ?? "", message: event.message ?? "", component: component,
        time: time?.text ?? "")
    }.sorted { $0.time < $1.time }
  }
}
