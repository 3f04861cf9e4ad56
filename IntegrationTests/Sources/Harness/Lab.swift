import Foundation

/// A whole lab cluster with a name of its own: nodes node-1, node-2, ..., a client and a router, and routers tor-1, ... of the
/// rack if there are any.
package struct Lab: Sendable {
  package let name: String
  package let kubeconfig: String
  package let nodes: [String]

  @TaskLocal package static var current: Lab?

  /// Starts one, hands it to `body` and takes it down, whatever happens. `images` says what runs for an image, by its reference.
  package static func with(
    nodes: Int = 3, routers: Int = 0, images: [String: String] = [:], _ body: (Lab) async throws -> Void
  ) async throws {
    let name = "test-\(getpid())-\(Workspace.current.newNumber())"
    do {
      let command =
        ["lab", "up", "--name", name, "--nodes", "\(nodes)", "--routers", "\(routers)"]
        + images.sorted { $0.key < $1.key }.flatMap { ["--image", "\($0.key)=\($0.value)"] }
      _ = try await run([try Tool.metallb()] + command, within: .seconds(70)).expectSuccess()
      let kubeconfig = try await run([try Tool.metallb(), "lab", "kubeconfig", "--name", name]).expectSuccess()
      let path = kubeconfig.hasPrefix("/") ? kubeconfig : try Workspace.current.file("kubeconfig", kubeconfig)
      try await body(Lab(name: name, kubeconfig: path, nodes: (1...nodes).map { "node-\($0)" }))
    } catch {
      await self.takeDown(name)
      throw error
    }
    await self.takeDown(name)
  }

  private static func takeDown(_ name: String) async {
    await Task.detached {
      _ = try? await run([try Tool.metallb(), "lab", "down", "--name", name], within: .seconds(60))
    }.value
  }

  package var kubectl: Kubectl { Kubectl(.current, kubeconfig: self.kubeconfig) }

  /// `metallb lab exec HOST -- COMMAND`, as people type it.
  package func exec(_ host: String, _ command: String..., within limit: Duration = .seconds(30)) async throws -> Output
  {
    try await run([try Tool.metallb(), "lab", "exec", "--name", self.name, host, "--"] + command, within: limit)
  }

  /// The same, left running.
  package func start(_ host: String, _ command: String...) throws -> ChildProcess {
    try self.start(host, command)
  }

  package func start(_ host: String, _ command: [String]) throws -> ChildProcess {
    try ChildProcess([try Tool.metallb(), "lab", "exec", "--name", self.name, host, "--"] + command)
  }

  /// What a command of a router's shell prints.
  @discardableResult
  package func vtysh(_ router: String, _ commands: String...) async throws -> String {
    let words = ["vtysh"] + commands.flatMap { ["-c", $0] }
    return try await run([try Tool.metallb(), "lab", "exec", "--name", self.name, router, "--"] + words).expectSuccess()
  }

  /// The next hops of a prefix, as the kernel of a host has them.
  package func nextHops(_ prefix: String, at host: String) async throws -> Set<String> {
    let text = try await self.exec(host, "ip", "route", "show", prefix).expectSuccess()
    let words = text.split { $0 == " " || $0 == "\n" || $0 == "\t" }
    return Set(zip(words, words.dropFirst()).filter { $0.0 == "via" }.map { String($0.1) })
  }

  package func kill(_ node: String) async throws { try await self.order("kill", node) }
  package func cut(_ node: String) async throws { try await self.order("cut", node) }
  package func heal(_ node: String) async throws { try await self.order("heal", node) }

  private func order(_ verb: String, _ node: String) async throws {
    _ = try await run([try Tool.metallb(), "lab", verb, "--name", self.name, node]).expectSuccess()
  }

  /// Our own manifest, and what MetalLB's installation page says to wait for.
  package func install(_ kubectl: Kubectl? = nil) async throws {
    let kubectl = kubectl ?? self.kubectl
    try await kubectl(
      "apply", "-f", Tool.repository.appendingPathComponent("Deploy/manifests/metallb-native.yaml").path)
    try await eventually("all pods of metallb-system exist", within: .seconds(30)) {
      try await kubectl("get", "pods", "--namespace", "metallb-system", "--output", "name").split(separator: "\n").count
    } isRight: {
      $0 == self.nodes.count + 1
    }
    try await kubectl(
      "wait", "--namespace", "metallb-system", "--for=condition=ready", "pod", "--selector=app=metallb",
      "--timeout=60s", within: .seconds(70))
  }

  /// The hardware address of a node's interface.
  package func hardwareAddress(of node: String) async throws -> String {
    let line = try await self.exec(node, "ip", "-brief", "link", "show", "eth0").expectSuccess()
    let words = line.split(separator: " ")
    guard words.count > 2 else { throw HarnessError.notReady("no hardware address in: \(line)") }
    return words[2].lowercased()
  }

  /// The hardware addresses that answer `arping -b`, one entry an answer.
  package func arping(_ address: String, count: Int = 3) async throws -> [String] {
    let output = try await self.exec(
      "client", "arping", "-b", "-c", "\(count)", "-w", "\(count + 1)", "-I", "eth0", address)
    return output.out.split(separator: "\n").compactMap { line in
      guard line.contains("reply from \(address) "), let start = line.firstIndex(of: "["),
        let end = line[start...].firstIndex(of: "]")
      else { return nil }
      return line[line.index(after: start)..<end].lowercased()
    }
  }

  /// Which nodes answer for an address, by what arping sees on the wire.
  package func answerers(_ address: String) async throws -> Set<String> {
    var names: [String: String] = [:]
    for node in self.nodes { names[try await self.hardwareAddress(of: node)] = node }
    return Set(try await self.arping(address, count: 2).map { names[$0] ?? $0 })
  }

  /// What `curl http://ADDRESS/` prints at the client; nil when it fails.
  package func curl(_ url: String) async throws -> String? {
    let output = try await self.exec("client", "curl", "--silent", "--show-error", "--max-time", "2", url)
    return output.code == 0 ? output.out : nil
  }
}
