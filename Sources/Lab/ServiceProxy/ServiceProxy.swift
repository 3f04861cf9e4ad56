import KubernetesModel
import Logging
import Primitives
import Runner

/// The service proxy of one node: keeps the node's nftables rules in line with Services and their endpoints.
package struct ServiceProxy: Sendable {
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
    var known: [ResourceType: [ObjectKey: LabObject]] = [:]
    var programmed: [Ruleset] = []
    while !Task.isCancelled {
      var event = await inbox.next(before: nil, on: clock)
      // What arrives together is programmed together.
      while let change = event {
        switch change {
        case .applied(let kind, let object): known[kind, default: [:]][object.key] = object
        case .deleted(let kind, let object): known[kind]?[object.key] = nil
        case .synced(let kind): missing.remove(kind)
        }
        event = await inbox.next(before: clock.now, on: clock)
      }
      guard missing.isEmpty, !Task.isCancelled else { continue }
      let rulesets = [(IPFamily.ipv4, AddressPlan.podNetwork), (.ipv6, AddressPlan.podNetwork6)].map {
        family, network in
        Ruleset.of(
          services: known[LabKind.services] ?? [:], slices: known[LabKind.endpointSlices] ?? [:], node: self.host.name,
          family: family, podNetwork: network)
      }
      guard rulesets != programmed else { continue }
      do {
        try await NftablesProgram.load(rulesets.map(\.text).joined(), into: self.host.namespacePath)
        programmed = rulesets
      } catch {
        self.logger.error(
          "the node's service rules were not accepted",
          metadata: ["node": "\(self.host.name)", "reason": "\(error)"])
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

extension Ruleset {
  /// The rules of a node for the Services of a cluster.
  static func of(
    services: [ObjectKey: LabObject], slices: [ObjectKey: LabObject], node: String, family: IPFamily,
    podNetwork: String
  ) -> Ruleset {
    let byService = Dictionary(grouping: slices.values.sorted { $0.key < $1.key }) { slice in
      ObjectKey(namespace: slice.namespace, name: slice.labels[EndpointSlice.serviceNameLabel] ?? "")
    }
    let ports = services.values.sorted { $0.key < $1.key }.flatMap { service in
      ProxiedPort.ports(of: service, slices: byService[service.key] ?? [], node: node, family: family)
    }
    return Ruleset(family: family, podNetwork: podNetwork, ports: ports)
  }
}
