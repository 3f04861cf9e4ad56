import ArgumentParser
import KubernetesClient
import Logging
import Runner
import Speaker

/// `metallb speaker`: attracts the traffic; one runs per node. Flags and environment are upstream's.
struct SpeakerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "speaker",
    abstract: "Attracts the traffic of the addresses of Services to this node; one runs per node.",
    discussion: """
      Flags may be written with one dash or two, as MetalLB's own. Where a flag is not given, the environment counts: \
      METALLB_NODE_NAME, METALLB_NAMESPACE, METALLB_POD_NAME, METALLB_HOST, METALLB_BGP_DEBOUNCE_TIMEOUT, \
      METALLB_ML_BIND_ADDR, METALLB_ML_BIND_PORT, METALLB_ML_LABELS, METALLB_ML_SECRET_KEY_PATH, METALLB_BGP_TYPE, \
      FRRK8S_NAMESPACE.
      """)

  @OptionGroup var process: ProcessOptions
  @OptionGroup var tls: TLSOptions
  @OptionGroup var memberlist: MemberlistOptions

  @Option(help: "The name of the Node that this process runs on; by default METALLB_NODE_NAME.")
  var nodeName: String?

  @Option(help: "The address at which the API server reaches the pod, for /status; by default METALLB_HOST.")
  var host: String?

  @Option(help: "Only Services of this class are announced; empty = only those without a class.")
  var lbClass = ""

  @Flag(help: "Announce from nodes labelled node.kubernetes.io/exclude-from-external-load-balancers too.")
  var ignoreExcludeLb = false

  @Option(help: "A file that names the interfaces on which nothing is announced.")
  var excludel2File = SpeakerOptions.standardExclusionFile

  @Option(help: "Seconds between two refreshes of the neighbours' tables for each address; 0 = none.")
  var l2RefreshSeconds = 60

  @Flag(
    inversion: .prefixedNo,
    help: "Whether an address that nobody has announced yet is looked for on the network first.")
  var l2Probe = true

  @Flag(
    help:
      "Hear all frames on the interfaces that are announced on: for wireless and other devices that lose questions otherwise."
  )
  var l2Promiscuous = false

  @Option(
    help: """
      Seconds for which a node that has just got its first endpoint of a Service with externalTrafficPolicy Local leaves \
      it to nodes that have had theirs for longer, so that kube-proxy can keep up; 0 = none.
      """)
  var localSettleSeconds = 2

  @Option(
    help: """
      The port at which routers may connect, as a rule 179; 0 = only the speaker connects, so that it can live beside \
      another BGP daemon on the node.
      """)
  var bgpListenPort: UInt16 = 0

  @Option(help: "Milliseconds by which FRR's configuration is delayed; there is no FRR here, so it has no effect.")
  var bgpDebounceTimeout: String?

  @Option(name: .customLong("frrk8s-namespace"), help: "Accepted; no FRRConfiguration objects are written.")
  var frrk8sNamespace: String?

  @Flag(
    name: .customLong("frrk8s-secret-passthrough"), help: "Accepted; no FRRConfiguration objects are written.")
  var frrk8sSecretPassthrough = false

  mutating func validate() throws {
    guard self.l2RefreshSeconds >= 0 else {
      throw ValidationError("--l2-refresh-seconds \(self.l2RefreshSeconds) is negative; 0 switches the refresh off.")
    }
    guard self.localSettleSeconds >= 0 else {
      throw ValidationError("--local-settle-seconds \(self.localSettleSeconds) is negative; 0 lets no node wait.")
    }
  }

  func run() async throws {
    let environment = ProcessOptions.environment
    try self.check(environment)
    let node = try self.resolvedNode(environment)
    let namespace = try self.process.resolvedNamespace()
    LineLogHandler.bootstrap(level: self.process.logLevel, format: self.process.logFormat)
    let logger = Logger(label: "speaker")
    let options = SpeakerOptions(
      namespace: namespace, legacyConfigMap: self.process.legacyConfigMap, node: node,
      podName: self.process.resolvedPodName,
      loadBalancerClass: self.lbClass.isEmpty ? nil : self.lbClass,
      ignoresExclusion: self.ignoreExcludeLb,
      servers: try self.process.servers(
        of: "metallb-speaker", healthHost: "127.0.0.1", statusHost: self.host ?? environment["METALLB_HOST"],
        tls: self.tls),
      exclusionFile: self.excludel2File,
      refreshInterval: self.l2RefreshSeconds == 0 ? nil : .seconds(self.l2RefreshSeconds),
      probesAddresses: self.l2Probe, isPromiscuous: self.l2Promiscuous,
      settleTime: .seconds(self.localSettleSeconds),
      bgpListenPort: self.bgpListenPort == 0 ? nil : self.bgpListenPort,
      gossip: try self.memberlist.options(environment))
    self.process.warnAboutWhatIsNotServed(logger)
    if options.gossip == nil {
      logger.info("speakers do not gossip; the readiness of nodes tells which of them are alive")
    }
    let client = try self.process.client(agent: "speaker", logger: logger)
    let dumpRequests = Inbox<Void>(capacity: 1)
    let service: SpeakerService
    do {
      service = try SpeakerService(options: options, client: client, dumpRequests: dumpRequests, logger: logger)
    } catch {
      await client.shutdown()
      throw error
    }
    logger.info(
      "speaker starting",
      metadata: [
        "version": .string(Version.current), "node": .string(node), "namespace": .string(namespace),
        "server": "\(client.configuration.server)",
      ])
    try await self.process.supervise(service, client: client, dumpRequests: dumpRequests, logger: logger)
  }

  private func resolvedNode(_ environment: [String: String]) throws -> String {
    for candidate in [self.nodeName, environment["METALLB_NODE_NAME"]] {
      if let candidate, !candidate.isEmpty { return candidate }
    }
    throw ValidationError("The name of this node is not known: pass --node-name or set METALLB_NODE_NAME.")
  }

  /// What upstream refuses to start with is refused here too.
  private func check(_ environment: [String: String]) throws {
    let type = environment["METALLB_BGP_TYPE"] ?? ""
    guard ["", "native", "frr", "frr-k8s"].contains(type) else {
      throw ValidationError(
        "unsupported BGP implementation type: \(type); METALLB_BGP_TYPE is native, frr or frr-k8s, or not set.")
    }
    let debounce = self.bgpDebounceTimeout ?? environment["METALLB_BGP_DEBOUNCE_TIMEOUT"] ?? ""
    if !debounce.isEmpty {
      guard let milliseconds = Int(debounce), milliseconds > 0 else {
        throw ValidationError("--bgp-debounce-timeout \"\(debounce)\" is not a positive number of milliseconds.")
      }
    }
  }
}
