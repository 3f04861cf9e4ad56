import KubernetesModel
import Logging
import Primitives
import Runner

/// The agent of one node, from its power-on to its power-off: runs the pods that are bound to it.
package actor NodeAgent {
  private let context: NodeContext
  private var workers: [String: PodWorker] = [:]
  private var addresses: PodAddresses

  package init(context: NodeContext) {
    self.context = context
    var network = IPv4Address(10, 244, 0, 0)
    if case .v4(let address)? = context.host.podNetwork?.address { network = address }
    self.addresses = PodAddresses(network: network)
  }

  /// Runs until the task is cancelled; then every process of the node is killed.
  package func run() async {
    await withDiscardingTaskGroup { group in
      let inbox = Inbox<ClusterChange>(capacity: 64)
      let context = self.context
      group.addTask {
        await context.objects.follow(LabKind.pods) { change in
          await context.link.connected()
          await inbox.send(change)
        }
        inbox.finish()
      }
      while let change = await inbox.next(before: nil, on: ContinuousClock()) {
        switch change {
        case .applied(_, let pod) where pod.nodeName == context.host.name: await self.see(pod, in: &group)
        case .deleted(_, let pod): await self.workers[pod.uid]?.forget()
        case .applied, .synced: break
        }
      }
      group.cancelAll()
    }
  }

  private func see(_ pod: LabObject, in group: inout DiscardingTaskGroup) async {
    if let worker = self.workers[pod.uid] {
      await worker.update(pod)
      return
    }
    guard !pod.isFinished || pod.isDeleting, let sandbox = self.sandbox(for: pod) else { return }
    let worker = PodWorker(pod: pod, sandbox: sandbox, context: self.context)
    self.workers[pod.uid] = worker
    group.addTask {
      await worker.run()
      await self.finished(pod.uid, sandbox)
    }
  }

  private func sandbox(for pod: LabObject) -> PodSandbox? {
    if pod.spec["hostNetwork"]?.bool == true { return PodSandbox(onHost: self.context.host) }
    guard let address = self.addresses.take() else {
      self.context.logger.error("the node has no pod address left", metadata: ["node": "\(self.context.host.name)"])
      return nil
    }
    let namespace = self.context.host.podNamespace(lab: self.context.lab, address: address)
    return PodSandbox(namespace: namespace, address: address, on: self.context.host)
  }

  private func finished(_ uid: String, _ sandbox: PodSandbox) {
    self.workers[uid] = nil
    self.addresses.free(sandbox.address)
  }
}
