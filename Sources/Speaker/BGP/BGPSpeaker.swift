import BGP
import Balancer
import Layer2
import Logging
import Primitives
import Runner
import Synchronization

/// All routers of this node: one loop each, which the others do not notice.
///
///     configure ─┬─▶ BGPPeerLoop "rack-a" ⇄ TCP
///     advertise ─┤
///                └─▶ BGPPeerLoop "rack-b" ⇄ TCP
///
/// `configure` and `advertise` never wait. A peer that stays configured keeps its loop and, where the change allows it, its
/// session.
package final class BGPSpeaker: Sendable {
  private struct State {
    var loops: [String: BGPPeerLoop] = [:]
    var configurations: [String: BGPPeerConfiguration] = [:]
    /// Loops that nobody runs yet.
    var starting: [BGPPeerLoop] = []
    /// Whether peers have been configured since the process began: those that come later know no predecessor of it.
    var isStarted = false
    var dice: SplitMix64
  }

  private let addresses: NodeAddresses
  private let farewell: BGPPeerLoop.Farewell
  private let logger: Logger
  private let state: Mutex<State>
  private let changes = Inbox<Void>(capacity: 1)

  package init(node: String, seed: UInt64, logger: Logger) {
    self.addresses = NodeAddresses(node: node)
    self.farewell = BGPPeerLoop.Farewell(text: "the MetalLB speaker on \(node) is stopping")
    self.logger = logger
    self.state = Mutex(State(dice: SplitMix64(seed: seed)))
  }

  /// Runs the loops until the task is cancelled and every router has been told.
  package func run() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        let starting = self.state.withLock { state in
          defer { state.starting = [] }
          return state.starting
        }
        for loop in starting { group.addTask { await loop.run() } }
        _ = await self.changes.next(before: nil, on: ContinuousClock())
      }
    }
  }

  /// The peers that this node is to have sessions with, all of them.
  package func configure(_ peers: [String: BGPPeerConfiguration]) {
    self.state.withLock { state in
      for (name, loop) in state.loops where peers[name] == nil {
        loop.remove()
        state.loops[name] = nil
        state.configurations[name] = nil
      }
      for (name, configuration) in peers.sorted(by: { $0.key < $1.key }) {
        if let loop = state.loops[name] {
          if state.configurations[name] != configuration { loop.reconfigure(configuration) }
        } else {
          let loop = BGPPeerLoop(
            configuration, addresses: self.addresses, isRestarting: !state.isStarted, seed: state.dice.next(),
            farewell: self.farewell, logger: self.logger)
          state.loops[name] = loop
          state.starting.append(loop)
        }
        state.configurations[name] = configuration
      }
      state.isStarted = state.isStarted || !peers.isEmpty
    }
    _ = self.changes.trySend(())
  }

  /// What peers should have of some prefixes; nil = nothing.
  package func advertise(_ changes: [String: [IPPrefix: Route?]]) {
    let loops = self.state.withLock { $0.loops }
    for (name, routes) in changes { loops[name]?.advertise(routes) }
  }

  /// The forwarding path to a peer is down, or works again.
  package func pathChanged(to name: String, _ change: BFDPeers.PathChange) {
    self.state.withLock { $0.loops[name] }?.pathChanged(change)
  }

  package func interfacesChanged(_ interfaces: [Interface]) {
    self.addresses.change(interfaces)
  }

  /// Every peer, by name.
  package func readings() -> [String: PeerReading] {
    self.state.withLock { $0.loops }.mapValues(\.reading)
  }
}
