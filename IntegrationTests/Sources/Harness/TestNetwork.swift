import Foundation
import Synchronization

/// The network of one test: hosts, each a network namespace, plugged into segments, each a bridge in a namespace of its own.
///
///     host "speaker"  eth0 ── port ┐
///                                  ├ bridge of segment "rack"
///     host "router"   eth0 ── port ┘
///
/// Nothing of it is in the machine's own namespace. `with` takes everything down whatever happens, and the first network of a
/// run removes what an earlier run left that was killed.
///
///     try await TestNetwork.with { network in
///       let speaker = try await network.addHost("speaker")
///       let router = try await network.addHost("router")
///       let rack = try await network.addSegment("rack")
///       try await rack.plug(speaker, "198.18.1.1/24", "2001:db8:1::1/64")
///       let port = try await rack.plug(router, "198.18.1.2/24", "2001:db8:1::2/64")
///       let daemon = try router.start("bird", "-f", "-c", file)
///       try await port.silence()
///     }
///
/// Addresses come from 198.18.0.0/15 and 2001:db8::/32. They are usable at once: there is no duplicate address detection.
package final class TestNetwork: Sendable {
  /// Starts the names of its namespaces, and marks its processes.
  let prefix: String
  private let namespaces = Mutex<[NetworkNamespace]>([])
  private let processes = Mutex<[ChildProcess]>([])

  /// In the environment of every process of a network: tells whose they are, also once the namespace has no name any more.
  static let mark = "METALLB_TEST_NETWORK"

  private init() {
    self.prefix = "\(NetworkLeftovers.prefix(of: getpid()))\(Workspace.current.newNumber())."
  }

  /// Hands an empty network to `body` and takes it down, whatever happens.
  package static func with<Result>(_ body: (TestNetwork) async throws -> Result) async throws -> Result {
    try await NetworkLeftovers.removed.value
    let network = TestNetwork()
    do {
      let result = try await body(network)
      await network.takeDown()
      return result
    } catch {
      await network.takeDown()
      throw error
    }
  }

  /// A new host without any interface but `lo`. One that `forwards` is a router.
  package func addHost(_ name: String, forwards: Bool = false) async throws -> NetworkHost {
    let host = NetworkHost(name: name, namespace: try await self.addNamespace(name), network: self)
    if forwards { try await host.namespace.set(["net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"]) }
    return host
  }

  /// A new segment that nothing is plugged into.
  package func addSegment(_ name: String) async throws -> NetworkSegment {
    let namespace = try await self.addNamespace("segment-\(name)")
    try await namespace.ip(
      "link add name \(NetworkSegment.bridge) type bridge forward_delay 0 mcast_snooping 0",
      "link set \(NetworkSegment.bridge) up")
    return NetworkSegment(name: name, namespace: namespace)
  }

  private func addNamespace(_ name: String) async throws -> NetworkNamespace {
    let namespace = NetworkNamespace(name: self.prefix + name)
    self.namespaces.withLock { $0.append(namespace) }
    try await namespace.create()
    return namespace
  }

  /// Remembers a process, so that its end comes before that of the network.
  func adopt(_ process: ChildProcess) {
    self.processes.withLock { $0.append(process) }
  }

  private func takeDown() async {
    let (processes, namespaces) = (self.processes.withLock { $0 }, self.namespaces.withLock { $0 })
    await Task.detached {
      for process in processes { await process.stop(within: .seconds(2)) }
      for namespace in namespaces { await namespace.remove() }
    }.value
  }
}

/// What network tests of a killed run left: namespaces, and the daemons that still live in them.
enum NetworkLeftovers {
  static let start = "metallb-test."

  static func prefix(of run: pid_t) -> String { "\(start)\(run)." }

  /// Done once a run, before its first network.
  static let removed = Task { try await remove() }

  private static func remove() async throws {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let identifier = pid_t(name), let data = files.contents(atPath: "/proc/\(name)/environ") else { continue }
      let variables = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      let network = variables.first { $0.hasPrefix("\(TestNetwork.mark)=") }
      if let network, self.isStale(network.dropFirst(TestNetwork.mark.count + 1)) { kill(identifier, SIGKILL) }
    }
    for line in try await run(["ip", "netns", "list"]).expectSuccess().split(separator: "\n") {
      let name = line.prefix { $0 != " " }
      if self.isStale(name) { await NetworkNamespace(name: String(name)).remove() }
    }
  }

  /// Whether the run that a name bears the number of is over.
  private static func isStale(_ name: Substring) -> Bool {
    guard name.hasPrefix(self.start) else { return false }
    guard let run = pid_t(name.dropFirst(self.start.count).prefix { $0 != "." }), run > 0 else { return false }
    return kill(run, 0) != 0 && errno == ESRCH
  }
}
