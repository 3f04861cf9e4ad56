import Foundation

/// A cluster of one node on a host of a test's network: the API server, the controller and the speaker, as users run them.
///
/// The node's kubelet and the Services' endpoints are objects that the test writes; everything else is decided and announced
/// by the binary under test.
package struct BGPCluster: Sendable {
  package static let nodeName = "worker-1"

  package let host: NetworkHost
  private let kubeconfig: String
  private let home: String
  private let server: ChildProcess
  private let controller: ChildProcess

  package static func start(on host: NetworkHost) async throws -> BGPCluster {
    let kubeconfig = Workspace.current.newDirectory("bgp-cluster").appendingPathComponent("kubeconfig").path
    let binary = try Tool.metallb()
    let server = try host.start(
      binary, "lab", "apiserver", "--listen", "127.0.0.1:0", "--kubeconfig", kubeconfig, "--crds",
      Tool.repository.appendingPathComponent("Deploy/crds").path, "--service-cidr", "10.96.0.0/16,fd00:96::/112")
    try await eventually("the API server serves", within: .seconds(20)) {
      server.standardOutput
    } isRight: {
      $0.contains("serving at")
    }
    let controller = try host.start(
      binary, "controller", "--kubeconfig", kubeconfig, "--port=0", "--health-probe-port=0",
      "--webhook-mode=disabled", "--namespace=metallb-system", "--log-level=debug")
    let cluster = BGPCluster(
      host: host, kubeconfig: kubeconfig, home: Workspace.current.newDirectory("home").path, server: server,
      controller: controller)
    try await cluster.apply(Manifest.namespace("metallb-system"), Self.node)
    return cluster
  }

  /// Starts the speaker, which tells of itself on a port of health if one is given; it is stopped with the network, if
  /// not before.
  package func startSpeaker(
    healthPort: Int = 0, environment: [String: String] = [:], _ further: String...
  ) throws -> ChildProcess {
    try self.host.start(
      [
        try Tool.metallb(), "speaker", "--kubeconfig", self.kubeconfig, "--port=0", "--health-probe-port=\(healthPort)",
        "--namespace=metallb-system", "--node-name=\(Self.nodeName)", "--log-level=debug",
      ] + further, environment: environment)
  }

  @discardableResult
  package func kubectl(_ arguments: String..., input: String = "") async throws -> String {
    // The old one starts in half the time, where the processor is an imitation.
    let release: Kubectl.Release = GuestKernel.isRunning ? .old : .current
    let command = [try Tool.cached("bin/\(release.rawValue)")] + arguments
    let script = command.map { "'\($0)'" }.joined(separator: " ")
    return try await self.host.run(
      "sh", "-c", script, environment: ["KUBECONFIG": self.kubeconfig, "HOME": self.home], input: input
    ).expectSuccess()
  }

  /// Runs a program of `PythonClient` against this cluster.
  @discardableResult
  package func python(
    _ program: String, _ arguments: String..., within limit: Duration = .seconds(60)
  ) async throws -> String {
    let file = try PythonClient.file(program)
    let interpreter = try Tool.cached("python/bin/python")
    let process = try self.host.start(
      [interpreter, file] + arguments, environment: ["KUBECONFIG": self.kubeconfig, "HOME": self.home])
    return try await process.output(within: limit).expectSuccess()
  }

  package func apply(_ documents: String...) async throws {
    try await self.kubectl("apply", "-f", "-", input: documents.joined(separator: "\n---\n"))
  }

  /// A Service of both families with one endpoint on the node.
  package func expose(_ name: String, _ addresses: String) async throws {
    try await self.apply(
      Manifest.service(
        name, app: name, annotations: ["metallb.io/loadBalancerIPs": addresses],
        spec: "ipFamilyPolicy: \(addresses.contains(",") ? "RequireDualStack" : "SingleStack")"),
      """
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata:
        name: \(name)-1
        namespace: default
        labels: {kubernetes.io/service-name: \(name)}
      addressType: IPv4
      endpoints:
      - addresses: [10.244.0.2]
        nodeName: \(Self.nodeName)
        conditions: {ready: true}
      ports:
      - {name: tcp-80, port: 80, protocol: TCP}
      """)
  }

  private static let node = """
    apiVersion: v1
    kind: Node
    metadata:
      name: \(nodeName)
      labels: {kubernetes.io/hostname: \(nodeName), rack: a}
    """
}

extension Manifest {
  /// A BGPPeer in metallb-system; `spec` are lines of YAML.
  package static func bgpPeer(_ name: String, _ spec: String) -> String {
    self.configuration("BGPPeer", "v1beta2", name, spec)
  }

  package static func bgpAdvertisement(_ name: String, _ spec: String) -> String {
    self.configuration("BGPAdvertisement", "v1beta1", name, spec)
  }

  package static func bfdProfile(_ name: String, _ spec: String) -> String {
    self.configuration("BFDProfile", "v1beta1", name, spec)
  }

  private static func configuration(_ kind: String, _ version: String, _ name: String, _ spec: String) -> String {
    """
    apiVersion: metallb.io/\(version)
    kind: \(kind)
    metadata:
      name: \(name)
      namespace: metallb-system
    spec:
    \(spec.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
    """
  }

  /// The Secret that a BGPPeer's `passwordSecret` names.
  package static func password(_ name: String, _ password: String) -> String {
    """
    apiVersion: v1
    kind: Secret
    metadata:
      name: \(name)
      namespace: metallb-system
    type: kubernetes.io/basic-auth
    stringData:
      password: \(password)
    """
  }
}
