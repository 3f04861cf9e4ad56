import KubernetesModel
import Logging
import Primitives
import Runner

/// The service proxy of one node: keeps the node's nftables rules in line with Services and their endpoints.
package struct ServiceProxy: Sendable {
  /// Before rules that were not accepted are tried again.
  private static let retryPause = Duration.seconds(5)

  private let host: AddressPlan.Host
  private let objects: any ClusterObjects
  private let link: NodeLink
  private let logger: Logger

  package init(host: AddressPlan.Host, objects: any ClusterObjects, link: NodeLink, logger: Logger) {
    self.host = host
    self.objects = objects
    self.link = link
    self.logger = logger
  }

  /// Runs until the task is cancelled. The rules stay, as they do on a node whose proxy is restarted.
  package func run() async {
    let inbox = Inbox<ClusterChange>(capacity: 256)
    let kinds = [LabKind.services, LabKind.endpointSlices]
    await withDiscardingTaskGroup { group in
      for kind in kinds {
        group.addTask {
          await self.objects.follow(kind) { change in
            await self.link.connected()
            await inbox.send(change)
          }
        }
      }
      await self.program(from: inbox, awaiting: Set(kinds))
      group.cancelAll()
    }
  }

  private func program(from inbox: Inbox<ClusterChange>, awaiting kinds: Set<ResourceType>) async {
    let clock = ContinuousClock()
    var missing = kinds
    var services = ProxiedServices(node: self.host.name)
    var earliest = clock.now
    while !Task.isCancelled {
      let isWaiting = missing.isEmpty && services.hasChanges
      var event = await inbox.next(before: isWaiting ? earliest : nil, on: clock)
      // What arrives together is programmed together.
      while let change = event {
        if case .synced(let kind) = change { missing.remove(kind) } else { services.take(change) }
        event = await inbox.next(before: clock.now, on: clock)
      }
      guard missing.isEmpty, services.hasChanges, earliest <= clock.now, !Task.isCancelled else { continue }
      let begun = clock.now
      do {
        if let transaction = services.transaction() {
          try await NftablesProgram.load(transaction, into: self.host.namespacePath)
        }
        // A node that has much to change is not to keep the machine from everything else.
        earliest = clock.now + min(.seconds(1), (clock.now - begun) * 2)
      } catch {
        self.logger.error(
          "the node's service rules were not accepted",
          metadata: ["node": "\(self.host.name)", "reason": "\(error)"])
        services.forgetLoaded()
        earliest = clock.now + Self.retryPause
      }
    }
  }
}

/// Loads rules into a network namespace, all of them or none.
enum NftablesProgram {
  static func load(_ text: String, into namespace: String) async throws {
    try await Tool.run(["nsenter", "--net=\(namespace)", "nft", "-f", "-"], input: text)
  }
}
