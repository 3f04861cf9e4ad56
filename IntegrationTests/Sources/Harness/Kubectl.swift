/// The real kubectl, pointed at one cluster, used as a person uses it.
package struct Kubectl: Sendable {
  /// The releases that the tests speak with: Debian 12's own, and the newest that Debian has.
  package enum Release: String, Sendable, CaseIterable, CustomStringConvertible {
    case old = "kubectl-1.20"
    case current = "kubectl-current"

    package var description: String { self.rawValue }
  }

  package let release: Release
  package let kubeconfig: String
  /// Each has a discovery cache of its own, empty at first: two clusters of one run may listen on the same port in turn.
  private let home: String

  package init(_ release: Release = .current, kubeconfig: String) {
    self.release = release
    self.kubeconfig = kubeconfig
    self.home = Workspace.current.newDirectory("home").path
  }

  /// Starts `kubectl ARGUMENTS` and leaves it running: watches, waits, port-forwards.
  package func start(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws
    -> ChildProcess
  {
    let variables = ["KUBECONFIG": self.kubeconfig, "HOME": self.home].merging(environment) { _, new in new }
    return try ChildProcess(
      [try Tool.cached("bin/\(self.release.rawValue)")] + arguments, environment: variables, input: input)
  }

  /// Runs `kubectl ARGUMENTS` to its end, whatever the end.
  package func run(
    _ arguments: String..., input: String = "", environment: [String: String] = [:],
    within limit: Duration = .seconds(60)
  ) async throws -> Output {
    try await self.start(arguments, input: input, environment: environment).output(within: limit)
  }

  /// Runs `kubectl ARGUMENTS` and returns what it printed; an exit code other than 0 fails the test.
  @discardableResult
  package func callAsFunction(
    _ arguments: String..., input: String = "", environment: [String: String] = [:],
    within limit: Duration = .seconds(60)
  ) async throws -> String {
    try await self.start(arguments, input: input, environment: environment).output(within: limit).expectSuccess()
  }

  /// `kubectl apply -f -` with these documents.
  @discardableResult
  package func apply(_ documents: String...) async throws -> String {
    try await self("apply", "-f", "-", input: documents.joined(separator: "\n---\n"))
  }

  /// One field of one object, as jsonpath sees it; empty when it is absent.
  package func field(_ path: String, of object: String, in namespace: String = "default") async throws -> String {
    try await self("get", object, "--namespace", namespace, "--output", "jsonpath={\(path)}")
  }

  /// The load-balancer addresses of a Service in the order of its status.
  package func addresses(of service: String, in namespace: String = "default") async throws -> [String] {
    let line = try await self.field(".status.loadBalancer.ingress[*].ip", of: "service/\(service)", in: namespace)
    return line.split(separator: " ").map(String.init)
  }

  /// Every Service of the cluster that has an address, as `namespace/name=address,address`, sorted.
  package func allAddresses() async throws -> [String] {
    let template =
      #"jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}={.status.loadBalancer.ingress[*].ip}{"\n"}{end}"#
    let lines = try await self("get", "services", "--all-namespaces", "--output", template)
    return lines.split(separator: "\n").map(String.init).filter { !$0.hasSuffix("=") }.sorted()
  }

  /// The events of one object, oldest first.
  package func events(about name: String, in namespace: String = "default") async throws -> [Event] {
    let template =
      #"jsonpath={range .items[*]}{.type}|{.reason}|{.source.component}|{.count}|{.message}{"\n"}{end}"#
    let lines = try await self(
      "get", "events", "--namespace", namespace, "--field-selector", "involvedObject.name=\(name)",
      "--sort-by=.metadata.creationTimestamp", "--output", template)
    return lines.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 5 else { return nil }
      return Event(type: parts[0], reason: parts[1], from: parts[2], message: parts[4])
    }
  }
}

/// What an event says, without when and how often.
package struct Event: Sendable, Equatable {
  package let type: String
  package let reason: String
  package let from: String
  package let message: String

  package init(type: String, reason: String, from: String, message: String) {
    self.type = type
    self.reason = reason
    self.from = from
    self.message = message
  }
}
