import Foundation

/// What befalls the nodes of a lab beyond what `metallb lab` can do: single processes, and what the network loses.
extension Lab {
  /// The process of the speaker on a node: the one of that name in the node's network namespace.
  package func speaker(on node: String) async throws -> pid_t {
    try await eventually("a speaker runs on \(node)") {
      try await self.findSpeaker(on: node)
    } isRight: {
      $0 != nil
    } ?? 0
  }

  private func findSpeaker(on node: String) async throws -> pid_t? {
    let pids = try await run(["ip", "netns", "pids", self.namespace(of: node)]).expectSuccess()
    return pids.split(separator: "\n").compactMap { pid_t($0) }.first { pid in
      let words = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")?.split(separator: 0)
      return words.map { $0.count > 1 && $0[$0.startIndex + 1].elementsEqual("speaker".utf8) } ?? false
    }
  }

  /// The administrator's kubeconfig for programs on the nodes, which reach the API server as pods do.
  package func kubeconfigOnNodes() async throws -> String {
    let pid = try await self.speaker(on: self.nodes[0])
    let entries = (FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()).split(separator: 0)
    func variable(_ name: String) -> String? {
      entries.map { String(decoding: $0, as: UTF8.self) }.first { $0.hasPrefix("\(name)=") }.map {
        String($0.dropFirst(name.count + 1))
      }
    }
    guard let host = variable("KUBERNETES_SERVICE_HOST"), let port = variable("KUBERNETES_SERVICE_PORT") else {
      throw HarnessError.notReady("a speaker does not say where the API server is")
    }
    let text = try String(contentsOfFile: self.kubeconfig, encoding: .utf8)
    return try Workspace.current.file(
      "kubeconfig", text.replacing(/server: https:\/\/[^\s"]+/, with: "server: https://\(host):\(port)"))
  }

  package func signalSpeaker(on node: String, _ number: Int32) async throws {
    let pid = try await self.speaker(on: node)
    guard pid > 1, Glibc.kill(pid, number) == 0 else { throw HarnessError.notReady("no speaker on \(node)") }
  }

  /// The network namespace of a host; that of the wire between them is `fabric`.
  package func namespace(of host: String) -> String { "metallb.\(self.name).\(host)" }

  /// Pulls a host's cable out for a moment; returns for how many milliseconds it was out.
  package func pullCable(of host: String, milliseconds: Int) async throws -> String {
    let script = """
      begin=$(date +%s%3N)
      ip link set \(host) down && sleep \(Double(milliseconds) / 1000) && ip link set \(host) up
      echo $(($(date +%s%3N) - begin))
      """
    return try await run(["ip", "netns", "exec", self.namespace(of: "fabric"), "sh", "-c", script]).expectSuccess()
  }

  /// Has the wire between the hosts drop frames by these rules of nftables, where a host's end has the host's name; none
  /// = all is well again.
  package func drop(_ rules: String...) async throws {
    var script = "table bridge faults\ndelete table bridge faults\n"
    if !rules.isEmpty {
      let lines = rules.map { "    \($0) drop" }.joined(separator: "\n")
      let chains = ["forward", "input", "output"].map { hook in
        "  chain \(hook) {\n    type filter hook \(hook) priority 0;\n\(lines)\n  }\n"
      }
      script += "table bridge faults {\n\(chains.joined())}\n"
    }
    let command = ["ip", "netns", "exec", self.namespace(of: "fabric"), "nft", "-f", "-"]
    _ = try await ChildProcess(command, input: script).output(within: .seconds(10)).expectSuccess()
  }
}
