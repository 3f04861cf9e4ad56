import Foundation
import KubernetesClient
import KubernetesModel
import Logging
import Runner

/// Measures the controller end to end against a real kube-apiserver: how long until fresh Services have their addresses,
/// what a restart costs, and how fast the same server takes the same writes from a loop that decides nothing.
///
///     Scripts/controller-benchmark [COUNT...]        1000 and 10000 by default
///
/// Each count gets a server of its own from that script, so that neither history nor garbage of one run burdens the next.
/// Processor time and peak memory are those of the controller's process; requests are counted by the server.
@main
struct ControllerBenchmark {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let count = Int(arguments[2]), count > 0 else {
      print("usage: controller-benchmark DIRECTORY COUNT, with the directory of a running Scripts/kube-apiserver")
      exit(64)
    }
    let cluster = try Cluster(directory: arguments[1])
    do {
      try cluster.install()
      try await Self.measure(count, in: cluster)
    } catch {
      await cluster.shutdown()
      print(error)
      exit(1)
    }
    await cluster.shutdown()
  }

  private static func measure(_ count: Int, in cluster: Cluster) async throws {
    let services = try await cluster.createServices(count)
    var requests = try cluster.requestCounts()
    let fresh = try ControllerProcess(kubeconfig: cluster.controllerKubeconfig)
    let allocated = try await cluster.awaitAddresses(of: count, since: fresh.start)
    try await cluster.awaitQuiet()
    Self.report(
      "\(count) Services, fresh", wall: allocated, process: try fresh.usage(),
      requests: try cluster.requestCounts().since(requests))
    fresh.stop()

    requests = try cluster.requestCounts()
    let again = try ControllerProcess(kubeconfig: cluster.controllerKubeconfig)
    let ready = try await again.awaitLine(containing: "the configuration is valid")
    try await cluster.awaitQuiet()
    Self.report(
      "\(count) Services, restart", wall: ready, process: try again.usage(),
      requests: try cluster.requestCounts().since(requests))
    again.stop()

    // The same writes from a loop that decides nothing: what the server can take.
    let start = Time.now
    try await cluster.writeStatuses(of: services)
    Self.report("\(count) Services, a bare loop", wall: start.duration(to: Time.now))
  }

  private static func report(
    _ what: String, wall: Duration, process: ControllerProcess.Usage? = nil, requests: RequestCounts? = nil
  ) {
    let seconds = wall.formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 2)))
    var line = "\(what): \(seconds)"
    if let process { line += ", \(process)" }
    if let requests { line += "; requests: \(requests)" }
    print(line)
  }
}
