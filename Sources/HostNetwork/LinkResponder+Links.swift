import Layer2
import Primitives
import Runner

extension LinkResponder {
  /// Opens a socket on each link that has come and closes those on links that have gone; neighbours on a link that has
  /// come, or has its carrier back, are told everything.
  package func interfacesChanged(_ interfaces: [Interface]) {
    let now = Time.now
    let news = self.state.withLock { state in
      let links = state.selector.links(among: interfaces).sorted { $0.key < $1.key }.flatMap(\.value)
      let carriers = Set(interfaces.filter(\.hasCarrier).map(\.index)).intersection(links.map(\.index))
      self.close(&state, except: links)
      defer { state.carriers = carriers }
      state.links = links
      state.ownHardware = Set(interfaces.compactMap(\.hardwareAddress))
      return self.openMissing(&state, at: now).union(carriers.subtracting(state.carriers))
    }
    if news.isEmpty { _ = self.changes.trySend(()) } else { self.handle(.linksChanged(news), at: now) }
  }

  /// The links on which addresses can be announced now.
  package var links: [Link] {
    self.state.withLock { state in
      state.endpoints.values.map(\.link).sorted { ($0.index, $0.family) < ($1.index, $1.family) }
    }
  }

  /// Opens the links that have no socket; returns the indices of those for which it worked.
  func openMissing(_ state: inout State, at now: ContinuousClock.Instant) -> Set<Int> {
    var opened: Set<Int> = []
    state.retryAt = nil
    for link in state.links where state.endpoints[LinkEndpoint.ID(link)] == nil {
      do {
        state.endpoints[LinkEndpoint.ID(link)] = try self.open(link, state)
        state.complaints[LinkEndpoint.ID(link)] = nil
        self.logger.info(
          "announcing on interface", metadata: ["interface": "\(link.name)", "family": "\(link.family)"])
        opened.insert(link.index)
      } catch {
        self.complain(of: error, on: link, &state)
        state.retryAt = now + .seconds(1)
      }
    }
    return opened
  }

  /// Opens a link, with all that is listened for on it; nothing is left of it if that fails.
  private func open(_ link: Link, _ state: State) throws(SystemError) -> LinkEndpoint {
    let cover = state.coverings[link.family]?.cover ?? AddressCover()
    let socket = try PacketSocket(
      on: link, filter: PacketFilter(on: link, about: cover), reception: self.reception)
    // The loop must not keep the responder alive, nor the responder's sockets their handlers.
    let registration = try self.loop.watch(socket.descriptor) { [weak self] in self?.answer(from: socket) }
    var endpoint = LinkEndpoint(socket: socket, registration: registration)
    do throws(SystemError) {
      try self.listen(with: &endpoint, for: state.responder.addresses, state)
      try self.listen(with: &endpoint, for: state.probed.keys, state)
    } catch {
      self.loop.ignore(registration)
      throw error
    }
    return endpoint
  }

  private func close(_ state: inout State, except links: [Link]) {
    let staying = Set(links)
    let ids = Set(links.map(LinkEndpoint.ID.init))
    state.complaints = state.complaints.filter { ids.contains($0.key) }
    for (id, endpoint) in state.endpoints where !staying.contains(endpoint.link) {
      self.loop.ignore(endpoint.registration)
      state.endpoints[id] = nil
      self.logger.info(
        "no longer announcing on interface",
        metadata: ["interface": "\(endpoint.link.name)", "family": "\(endpoint.link.family)"])
    }
  }

  /// Closes a link that would miss questions as it is, so that it is opened anew.
  private func giveUp(
    _ id: LinkEndpoint.ID, _ state: inout State, _ error: SystemError, at now: ContinuousClock.Instant
  ) {
    guard let endpoint = state.endpoints.removeValue(forKey: id) else { return }
    self.loop.ignore(endpoint.registration)
    self.complain(of: error, on: endpoint.link, &state)
    state.retryAt = now + .seconds(1)
  }

  private func complain(of error: SystemError, on link: Link, _ state: inout State) {
    guard state.complaints.updateValue(error.code, forKey: LinkEndpoint.ID(link)) != error.code else { return }
    self.logger.warning(
      "cannot announce on interface",
      metadata: ["interface": "\(link.name)", "family": "\(link.family)", "reason": "\(error)"])
  }

  // MARK: - What is listened for

  /// Makes frames about an address arrive where it is announced or asked for, and nowhere else.
  func attend(to address: IPAddress, _ state: inout State, at now: ContinuousClock.Instant) {
    let count = state.responder.count + state.probed.count
    state.coverings[address.family, default: Covering()].count =
      max(state.coverings[address.family]?.count ?? 0, count)
    if state.coverings[address.family, default: Covering()].cover.include(address) {
      self.attachFilters(&state, family: address.family, at: now)
    }
    self.listen(for: address, &state, at: now)
  }

  /// Frames about an address that is neither announced nor asked for any more need not arrive.
  func neglect(_ address: IPAddress, _ state: inout State) {
    let now = Time.now
    self.listen(for: address, &state, at: now)
    guard let covering = state.coverings[address.family],
      2 * (state.responder.count + state.probed.count) < covering.count
    else { return }
    let addresses = (Array(state.responder.addresses) + state.probed.keys).filter { $0.family == address.family }
    state.coverings[address.family] = Covering(
      cover: AddressCover(addresses), count: state.responder.count + state.probed.count)
    self.attachFilters(&state, family: address.family, at: now)
  }

  private func listen(for address: IPAddress, _ state: inout State, at now: ContinuousClock.Instant) {
    guard address.family == .ipv6 else { return }
    // A list of its own, and in place: an endpoint that somebody else holds, be it by the view of the keys, would have all
    // its groups copied with each address.
    for id in Array(state.endpoints.keys) where id.family == .ipv6 {
      guard let link = state.endpoints[id]?.link else { continue }
      let isListening = Self.concerns(address, link, state)
      do throws(SystemError) {
        try state.endpoints[id]?.setListening(for: address, isListening)
      } catch {
        self.giveUp(id, &state, error, at: now)
      }
    }
  }

  private func listen(
    with endpoint: inout LinkEndpoint, for addresses: some Sequence<IPAddress>, _ state: State
  ) throws(SystemError) {
    for address in addresses where Self.concerns(address, endpoint.link, state) {
      try endpoint.setListening(for: address, true)
    }
  }

  /// Whether an address is announced or asked for on a link.
  static func concerns(_ address: IPAddress, _ link: Link, _ state: State) -> Bool {
    guard address.family == link.family else { return false }
    return state.responder.interfaces(announcing: address)?.contains(link.name) == true
      || state.probed[address]?.contains(link.name) == true
  }

  /// Tells the kernel what is announced. A link whose filter cannot be replaced would miss questions: it is opened anew.
  private func attachFilters(_ state: inout State, family: IPFamily, at now: ContinuousClock.Instant) {
    let cover = state.coverings[family]?.cover ?? AddressCover()
    for (id, endpoint) in state.endpoints where id.family == family {
      do throws(SystemError) {
        try endpoint.socket.attach(PacketFilter(on: endpoint.link, about: cover))
      } catch {
        self.giveUp(id, &state, error, at: now)
      }
    }
  }
}
