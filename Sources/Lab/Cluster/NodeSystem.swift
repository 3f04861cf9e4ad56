import Primitives

/// What runs on a node beside its pods: the agent that starts them, the service proxy, and the heartbeats.
struct NodeSystem: Sendable {
  let context: NodeContext
  let controllers: ClusterControllers

  /// Runs until the task is cancelled.
  func run() async {
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
  private func beat() async {
    let controlPlane = "\(AddressPlan.controlPlane)"
    while !Task.isCancelled {
      let isConnected = try? await NamespaceThread.run(in: self.context.host.namespacePath) {
        let connection = TCPConnection(
          to: controlPlane, port: UInt16(AddressPlan.heartbeatPort), timeout: .seconds(1))
        connection?.close()
        return connection != nil
      }
      self.context.link.set(up: isConnected == true)
      if isConnected == true { self.controllers.heartbeat(of: self.context.host.name) }
      try? await Task.sleep(for: .milliseconds(300))
    }
  }
}
