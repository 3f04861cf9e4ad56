import BGP
import Balancer
import Layer2
import Logging
import NIOCore
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
    /// One for each VRF that peers are in, and one for none, if routers may connect.
    var listeners: [String?: BGPListener] = [:]
    var startingListeners: [(vrf: String?, listener: BGPListener)] = []
    var interfaces: [Interface] = []
    /// Nil = not known yet.
    var links: WorkingLinks?
    /// Whether peers have been configured since the process began: those that come later know no predecessor of it.
    var isStarted = false
    var dice: SplitMix64
  }

  private let addresses: NodeAddresses
  private let directory = RouterDirectory()
  private let farewell: BGPPeerLoop.Farewell
  private let logger: Logger
  private let state: Mutex<State>
  private let changes = Inbox<Void>(capacity: 1)
  /// Held while listeners are told of keys: who looked first must not be the last to tell.
  private let signing = Mutex(())
  /// Nil = only we connect.
  private let listenPort: UInt16?

  package init(node: String, seed: UInt64, listenPort: UInt16? = nil, logger: Logger) {
    self.addresses = NodeAddresses(node: node)
    self.farewell = BGPPeerLoop.Farewell(text: "the MetalLB speaker on \(node) is stopping")
    self.logger = logger
    self.listenPort = listenPort
    self.state = Mutex(State(dice: SplitMix64(seed: seed)))
    self.state.withLock { self.listen(in: [], &$0) }
  }

  /// Runs the loops until the task is cancelled and every router has been told.
  package func run() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        let (starting, listeners) = self.state.withLock { state in
          defer { (state.starting, state.startingListeners) = ([], []) }
          return (state.starting, state.startingListeners)
        }
        for loop in starting { group.addTask { await loop.run() } }
        for (vrf, listener) in listeners {
          group.addTask {
            await listener.run { remote, scope, local in
              self.loop(expecting: remote, scope: scope, at: local, in: vrf)
            }
          }
        }
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
            configuration, addresses: self.addresses, directory: self.directory, isRestarting: !state.isStarted,
            seed: state.dice.next(), farewell: self.farewell, logger: self.logger)
          state.loops[name] = loop
          state.starting.append(loop)
        }
        if configuration.isPassive && self.listenPort == nil && state.configurations[name]?.isPassive != true {
          self.logger.warning(
            "a passive peer waits in vain: start the speaker with --bgp-listen-port",
            metadata: ["event": "notListening", "peer": "\(configuration.address)", "name": "\(name)"])
        }
        state.configurations[name] = configuration
      }
      state.isStarted = state.isStarted || !peers.isEmpty
      self.listen(in: Set(peers.values.compactMap(\.vrf)), &state)
    }
    self.tellSignatures()
    _ = self.changes.trySend(())
  }

  /// Has a listener for each VRF, and for none.
  private func listen(in vrfs: Set<String>, _ state: inout State) {
    guard let port = self.listenPort else { return }
    for (vrf, listener) in state.listeners {
      guard let vrf, !vrfs.contains(vrf) else { continue }
      listener.stop()
      state.listeners[vrf] = nil
    }
    for vrf in [nil] + vrfs.sorted() where state.listeners[vrf] == nil {
      let listener = BGPListener(port: port, vrf: vrf, logger: self.logger)
      listener.interfacesChanged(state.interfaces)
      state.listeners[vrf] = listener
      state.startingListeners.append((vrf, listener))
    }
  }

  /// The router that a connection comes from; of several peers with its address, the first by name.
  private func loop(
    expecting remote: IPAddress, scope: UInt32, at local: IPAddress, in vrf: String?
  ) -> BGPPeerLoop? {
    let loops = self.state.withLock { Array($0.loops.values) }
    return loops.filter { $0.expects(remote, scope: scope, at: local, in: vrf) }.min { $0.name < $1.name }
  }

  /// Listening sockets have to know the keys before a router connects.
  private func tellSignatures() {
    self.signing.withLock { _ in self.setSignatures() }
  }

  private func setSignatures() {
    let (configurations, listeners) = self.state.withLock { (Array($0.configurations.values), $0.listeners) }
    for (vrf, listener) in listeners {
      var signatures: [SocketAddress: BGPPeerConfiguration.Authentication] = [:]
      for configuration in configurations where configuration.vrf == vrf && !configuration.authentication.isNone {
        switch configuration.endpoint {
        case .address(let address):
          if let address = try? SocketAddress(ipAddress: address.description, port: 0) {
            signatures[address] = configuration.authentication
          }
        case .interface(let name):
          if let address = try? self.directory.socketAddress(on: name, port: 0) {
            signatures[address] = configuration.authentication
          }
        }
      }
      listener.setSignatures(signatures)
    }
  }

  /// What peers, by their names, should have of some prefixes; nil = nothing.
  package func advertise(_ routes: [IPPrefix: Route?], to peers: [String]) {
    let loops = self.state.withLock { $0.loops }
    for name in peers { loops[name]?.advertise(routes) }
  }

  /// The forwarding path to a peer is down, or works again.
  package func pathChanged(to name: String, _ change: BFDPeers.PathChange) {
    self.state.withLock { $0.loops[name] }?.pathChanged(change)
  }

  /// A router has been found on an interface, or is gone.
  package func routerChanged(on interface: String, to finding: RouterDiscovery.Finding) {
    let old = self.directory.change(interface, to: finding)
    for loop in self.state.withLock({ Array($0.loops.values) }) {
      loop.routerChanged(on: interface, from: old, to: finding)
    }
    self.tellSignatures()
  }

  package func interfacesChanged(_ interfaces: [Interface]) {
    self.addresses.change(interfaces)
    let links = WorkingLinks(interfaces)
    let (old, former, listeners, loops) = self.state.withLock { state in
      defer { (state.interfaces, state.links) = (interfaces, links) }
      return (state.interfaces.vrfDevices, state.links, Array(state.listeners.values), Array(state.loops.values))
    }
    for listener in listeners { listener.interfacesChanged(interfaces) }
    let new = interfaces.vrfDevices
    for vrf in Set(old.keys).union(new.keys) where old[vrf] != new[vrf] {
      for loop in loops { loop.vrfChanged(vrf, wasThere: old[vrf] != nil, isThere: new[vrf] != nil) }
    }
    for loop in loops {
      if let former, former != links { loop.linksChanged(from: former, to: links) }
      loop.addressesChanged()
    }
  }

  /// Returns when the loop of each router has come round to it.
  package func turn() async {
    let loops = self.state.withLock { Array($0.loops.values) }
    await withDiscardingTaskGroup { group in
      for loop in loops { group.addTask { await loop.turn() } }
    }
  }

  /// The routers whose loops have not come round to it yet.
  package var laggards: [String] {
    self.state.withLock { $0.loops }.filter(\.value.isAskedToTurn).map(\.key)
  }

  /// Every peer, by name.
  package func readings() -> [String: PeerReading] {
    self.state.withLock { $0.loops }.mapValues(\.reading)
  }
}
