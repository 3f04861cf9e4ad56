import KubernetesModel
import Logging
import Primitives
import Runner

/// One node of the lab as a machine with a power switch and a cable.
///
/// While it is on, its agent, its service proxy and its heartbeats run. Pulling the cable leaves them running, each on its
/// own; losing power ends every process of the node at once.
package actor NodeMachine {
  private let context: NodeContext
  private let topology: Topology
  private let controllers: ClusterControllers
  private var isOn = true
  private let switched = Inbox<Bool>(capacity: 16)

  package init(context: NodeContext, topology: Topology, controllers: ClusterControllers) {
    self.context = context
    self.topology = topology
    self.controllers = controllers
  }

  package nonisolated var host: AddressPlan.Host { self.context.host }

  /// Runs until the task is cancelled.
  package func run() async {
    while !Task.isCancelled {
      if self.isOn {
        await withTaskGroup(of: Void.self) { group in
          group.addTask { await self.operate() }
          group.addTask { _ = await self.switched.next(before: nil, on: ContinuousClock()) }
          await group.next()
          group.cancelAll()
        }
      } else {
        _ = await self.switched.next(before: nil, on: ContinuousClock())
      }
    }
  }

  private nonisolated func operate() async {
    let context = self.context
    await withDiscardingTaskGroup { group in
      group.addTask { await NodeAgent(context: context).run() }
      group.addTask {
        await ServiceProxy(host: context.host, objects: context.objects, link: context.link, logger: context.logger)
          .run()
      }
      group.addTask { await self.beat() }
    }
  }

  /// Tells the control plane, over the node's own network, that the node lives.
  private nonisolated func beat() async {
    let controlPlane = "\(AddressPlan.controlPlane)"
    while !Task.isCancelled {
      let isConnected = try? await NamespaceThread.run(in: self.context.host.namespacePath) {
        let connection = TCPConnection(
          to: controlPlane, port: UInt16(AddressPlan.heartbeatPort), timeout: .seconds(1))
        connection?.close()
        return connection != nil
      }
      self.context.link.set(up: isConnected == true)
      if isConnected == true { await self.controllers.heartbeat(of: self.context.host.name) }
      try? await Task.sleep(for: .milliseconds(300))
    }
  }

  // MARK: What may befall a node

  package func cut() async throws { try await self.topology.setLink(of: self.context.host, up: false) }

  /// Power goes: first the cable falls silent and every process dies, then the agent notices that it is no more.
  package func kill() async throws {
    self.isOn = false
    try await self.topology.setLink(of: self.context.host, up: false)
    try await Topology.killProcesses(
      of: self.context.host, pods: self.context.host.podNamespacePrefix(in: self.context.lab))
    await self.switched.send(false)
  }

  /// Puts the cable back in and the power on.
  package func heal() async throws {
    try await self.topology.setLink(of: self.context.host, up: true)
    guard !self.isOn else { return }
    self.isOn = true
    await self.switched.send(true)
  }
}
