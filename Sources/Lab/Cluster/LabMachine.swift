import Runner

/// One host of the lab as a machine with a power switch and a cable: a node, or a router of the rack.
///
/// While it is on, what it is there for runs. Pulling the cable leaves that running, on its own; losing power ends every
/// process of the host at once.
package actor LabMachine {
  package nonisolated let host: AddressPlan.Host
  private let topology: Topology
  /// Runs until it is cancelled.
  private let operate: @Sendable () async -> Void
  private var isOn = true
  private let switched = Inbox<Bool>(capacity: 16)

  package init(host: AddressPlan.Host, topology: Topology, operate: @escaping @Sendable () async -> Void) {
    self.host = host
    self.topology = topology
    self.operate = operate
  }

  /// Runs until the task is cancelled.
  package func run() async {
    let operate = self.operate
    while !Task.isCancelled {
      if self.isOn {
        await withTaskGroup(of: Void.self) { group in
          group.addTask { await operate() }
          group.addTask { _ = await self.switched.next(before: nil, on: ContinuousClock()) }
          await group.next()
          group.cancelAll()
        }
      } else {
        _ = await self.switched.next(before: nil, on: ContinuousClock())
      }
    }
  }

  // MARK: What may befall a machine

  package func cut() async throws { try await self.topology.setLink(of: self.host, up: false) }

  /// Power goes: first the cable falls silent and every process dies, then what ran here notices that it is no more.
  package func kill() async throws {
    self.isOn = false
    try await self.topology.setLink(of: self.host, up: false)
    try await Topology.killProcesses(
      of: self.host, pods: self.host.podNamespacePrefix(in: self.topology.plan.lab))
    await self.switched.send(false)
  }

  /// Puts the cable back in and the power on.
  package func heal() async throws {
    try await self.topology.setLink(of: self.host, up: true)
    guard !self.isOn else { return }
    self.isOn = true
    await self.switched.send(true)
  }
}
