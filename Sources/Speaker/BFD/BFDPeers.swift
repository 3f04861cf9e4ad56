import BFD
import Balancer
import Layer2
import Primitives
import Synchronization

/// The BFD sessions that BGP peers ask for with their profiles: one for each, and when its path fails, BGP hears of it.
///
/// A peer is one hop away unless it is configured for more, or is of our own AS and not on a network of this node: that is
/// how FRR tells, and the router at the other end has to tell the same.
package final class BFDPeers: Sendable {
  fileprivate struct Bound {
    var path: SessionPath
    var settings: Settings
    var subscription: BFDService.Subscription
  }

  /// What becomes of the path to a peer.
  package enum PathChange: Sendable {
    case failed, restored
  }

  private let service: BFDService
  /// Called on the thread of the sessions with the name of the peer: must not wait.
  private let pathChanged: @Sendable (String, PathChange) -> Void
  private let state = Mutex(State())

  fileprivate struct State {
    var bound: [String: Bound] = [:]
    /// Nil = not known yet.
    var networks: LocalNetworks?
    /// All peers, as they are configured.
    var peers: [String: BGPPeerConfiguration] = [:]
    /// The routers that were found on interfaces; one that is gone is still the one to watch.
    var routers: [String: IPv6Address] = [:]
  }

  package init(_ service: BFDService, pathChanged: @escaping @Sendable (String, PathChange) -> Void) {
    self.service = service
    self.pathChanged = pathChanged
  }

  /// Runs the sessions until the task is cancelled and BGP, which runs meanwhile, has ended, and says goodbye then.
  package func run(for bgp: @escaping @Sendable () async -> Void) async {
    await self.service.run(for: bgp)
  }

  /// Returns when the thread of the sessions has come round to it.
  package func turn() async { await self.service.turn() }

  /// The sessions as they are.
  package func readings() -> [SessionPath: Session.Reading] {
    self.service.readings()
  }

  /// The session of each peer that has one, by the name of the peer.
  package func readingsByPeer() -> [String: Session.Reading] {
    let paths = self.state.withLock { $0.bound.mapValues(\.path) }
    let readings = self.service.readings()
    return paths.compactMapValues { readings[$0] }
  }

  /// The networks of this node. A session that is up stays what it is: an interface that fails must take its sessions down,
  /// and not make something else of them. Any other becomes what it would be if it began now: it may have begun before the
  /// node had its address on the router's network.
  package func interfacesChanged(_ interfaces: [Interface]) {
    let networks = LocalNetworks(interfaces)
    self.state.withLock { state in
      guard state.networks != networks else { return }
      state.networks = networks
      let readings = self.service.readings()
      for (name, bound) in state.bound where readings[bound.path]?.state != .up {
        guard let peer = state.peers[name], let path = state.path(to: peer), path != bound.path else { continue }
        self.service.unsubscribe(bound.subscription)
        state.bound[name] = nil
      }
      self.bind(&state)
    }
  }

  /// The peers that this node has, all of them. A session whose peer changes in other things goes on.
  package func configure(_ peers: [String: BGPPeerConfiguration]) {
    self.state.withLock { state in
      state.peers = peers
      self.bind(&state)
    }
  }

  /// A router has been found on an interface, or is gone.
  package func routerChanged(on interface: String, to finding: RouterDiscovery.Finding) {
    guard case .router(let router) = finding else { return }
    self.state.withLock { state in
      guard state.routers.updateValue(router.address, forKey: interface) != router.address else { return }
      self.bind(&state)
    }
  }

  private func bind(_ state: inout State) {
    let peers = state.peers
    let routers = state.routers
    for (name, old) in state.bound
    where peers[name].flatMap({ SessionPath($0, isOnLink: !old.path.isMultihop, routers: routers) }) != old.path {
      self.service.unsubscribe(old.subscription)
      state.bound[name] = nil
    }
    for (name, peer) in peers {
      guard let profile = peer.bfd else { continue }
      let settings = Settings(profile)
      if let known = state.bound[name] {
        guard known.settings != settings else { continue }
        self.service.update(known.subscription, settings)
        state.bound[name]?.settings = settings
      } else if let path = state.path(to: peer) {
        state.bound[name] = Bound(path: path, settings: settings, subscription: self.subscribe(name, path, settings))
      }
    }
  }

  private func subscribe(_ name: String, _ path: SessionPath, _ settings: Settings) -> BFDService.Subscription {
    let pathChanged = self.pathChanged
    return self.service.subscribe(to: path, settings) { change in
      switch change {
      case .up: pathChanged(name, .restored)
      case .down(let outage): if outage.isFailure { pathChanged(name, .failed) }
      }
    }
  }
}

extension BFDPeers.State {
  /// The path to a peer by what is known now; nil if it has none.
  func path(to peer: BGPPeerConfiguration) -> SessionPath? {
    SessionPath(peer, isOnLink: self.isOnLink(peer), routers: self.routers)
  }

  /// Whether a router is on a network of this node; as long as none is known, it is taken to be.
  func isOnLink(_ peer: BGPPeerConfiguration) -> Bool {
    guard let networks, case .address(let address) = peer.endpoint else { return true }
    return networks.contains(address, in: peer.vrf)
  }
}

extension SessionPath {
  /// The path to a BGP peer; nil if it has no profile, or nobody knows its address yet.
  package init?(_ peer: BGPPeerConfiguration, isOnLink: Bool, routers: [String: IPv6Address] = [:]) {
    guard peer.bfd != nil else { return nil }
    let address: IPAddress
    switch peer.endpoint {
    case .address(let configured):
      address = configured
    case .interface(let name):
      guard let router = routers[name] else { return nil }
      self.init(peer: .v6(router), interface: name, vrf: peer.vrf)
      return
    }
    self.init(
      peer: address, local: peer.sourceAddress, vrf: peer.vrf,
      isMultihop: peer.ebgpMultiHop || peer.isInternal && !isOnLink)
  }
}

extension Settings {
  package init(_ profile: BFDProfileConfiguration) {
    self.init(
      receiveInterval: profile.receiveInterval, transmitInterval: profile.transmitInterval,
      detectMultiplier: profile.detectMultiplier, echo: profile.echoMode ? .every(profile.echoInterval) : .off,
      isPassive: profile.passiveMode, minimumTTL: profile.minimumTTL)
  }
}
