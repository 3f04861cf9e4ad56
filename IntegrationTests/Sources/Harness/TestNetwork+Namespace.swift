import Foundation

/// A named network namespace, and what `ip` does inside it.
package struct NetworkNamespace: Sendable, Hashable {
  package let name: String

  /// Makes it with `lo` up, and interfaces to come that take no address by themselves and use theirs at once.
  func create() async throws {
    _ = try await run(["ip", "netns", "add", self.name]).expectSuccess()
    try await self.set([
      "net.ipv6.conf.all.accept_dad": "0", "net.ipv6.conf.default.accept_dad": "0",
      "net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.default.rp_filter": "0",
    ])
    try await self.ip("link set lo up")
  }

  /// Commands of `ip` as one types them, without the `ip`: all in one process, the first failure ends them.
  package func ip(_ commands: String...) async throws {
    let text = commands.map { $0 + "\n" }.joined()
    _ = try await run(["ip", "-n", self.name, "-batch", "-"], input: text).expectSuccess()
  }

  /// Settings of the kernel, as sysctl names them.
  package func set(_ settings: [String: String]) async throws {
    let lines = settings.map { "echo \($0.value) >/proc/sys/\($0.key.replacingOccurrences(of: ".", with: "/"))" }
    let script = lines.joined(separator: " && ")
    _ = try await run(["ip", "netns", "exec", self.name, "sh", "-c", script]).expectSuccess()
  }

  /// Ends every process in it and removes it; what is already gone is fine.
  func remove() async {
    let processes = (try? await run(["ip", "netns", "pids", self.name]))?.out.split(separator: "\n") ?? []
    for process in processes.compactMap({ pid_t($0) }) where process != getpid() { kill(process, SIGKILL) }
    _ = try? await run(["ip", "netns", "del", self.name])
  }
}
