import KubernetesModel
import Primitives

/// One owner on the wire: what is heard there about addresses, and what follows from it.
extension SpeakerState {
  // MARK: Before an address is announced

  mutating func fileFree(_ address: IPAddress) -> Set<ObjectKey> {
    let silent = self.checkedYields.filter { $0.value == address }.keys
    var ended = silent.flatMap { node in
      self.checkedYields[node] = nil
      return self.yields.end(to: node)
    }
    if self.checkedAddresses.remove(address) != nil {
      // Others may take claims for true that are gone, and leave it to them: whoever has had it has it again.
      for key in self.services.services(withAddress: address) where self.isClaimed(key) { self.changes.adopt(key) }
      self.yields.end(address)
      ended.append(address)
    }
    let left = ended.reduce(into: Set()) { $0.formUnion(self.services.services(withAddress: $1)) }
    return self.vetting.file(.free, of: address) ? left.union(self.vetting.services(waitingFor: address)) : left
  }

  /// A stranger is reported and not fought; another speaker is a matter of the election. Whoever has the addresses of a
  /// node that was cut off is taken for the one that took over.
  mutating func file(
    _ address: IPAddress, occupiedBy holder: AddressHolder, at now: ContinuousClock.Instant
  ) -> (actions: [Action], touched: Set<ObjectKey>) {
    let node = self.nodes.node(of: holder)
    let isStranger = node == nil
    guard self.vetting.file(isStranger ? .occupied(holder) : .announcedElsewhere, of: address) else { return ([], []) }
    let services = self.vetting.services(waitingFor: address)
    if let node, let first = services.min() { self.yieldIfLater(first, to: node, at: now) }
    let notes = services.sorted().compactMap { self.services[$0] }.filter { $0.doubt == .new }
      .map { Action.emit(self.addressInUse($0.view, address, holder)) }
    return (isStranger ? notes : [], services)
  }

  /// What is announced of a Service that this node owns: all addresses, but for those that are still looked for on the
  /// local network and those that a stranger has.
  ///
  /// An address that some node has announced before is not looked for: its former owner may be dying, and whoever takes
  /// over must not lose time.
  mutating func vet(_ announcement: Layer2Announcement) -> (verdict: Verdict<Layer2Announcement>, actions: [Action]) {
    let key = announcement.service
    let doubt = self.services[key]?.doubt ?? .none
    guard self.settings.probesAddresses, doubt != .none else {
      return (.announce(announcement), self.stopWaiting(key))
    }
    let untried = announcement.addresses.filter { !self.claims.holds($0) && self.kernelAddresses[$0] == nil }
    let (asked, abandoned) = self.vetting.wait(key, for: Set(untried))
    let actions =
      abandoned.map { Action.abandonProbe($0) }
      + asked.map { .probe($0, on: announcement.interfaces, again: Self.pause(doubt)) }
    let standings = untried.map { self.vetting[$0] }
    guard !standings.contains(.asked) else { return (.withhold(.probing), actions) }
    let occupied = Set(untried.filter { self.vetting.isOccupied($0) })
    guard occupied.count < announcement.addresses.count else { return (.withhold(.addressInUse), actions) }
    if occupied.isEmpty {
      self.services.endDoubt(key)
      return (.announce(announcement), actions + self.stopWaiting(key))
    }
    var partial = announcement
    partial.addresses.removeAll { occupied.contains($0) }
    return (.announce(partial), actions)
  }

  /// Between two rounds of questions for an address that somebody has: a stranger keeps it, a node that took over lets go
  /// as soon as it learns that this one is back.
  private static func pause(_ doubt: ServiceTable.Doubt) -> Duration {
    doubt == .returning ? .seconds(1) : .seconds(10)
  }

  /// A Service that does not wait for probes, for whatever reason.
  mutating func stopWaiting(_ key: ObjectKey) -> [Action] {
    self.vetting.wait(key, for: []).abandoned.map { .abandonProbe($0) }
  }

  // MARK: When kernels answer

  /// An address that this node's kernel answers for is, more likely than not, on all nodes, as with kube-proxy in IPVS mode
  /// without `strictARP`: asking who has it tells nothing then, and whoever announces it shall be told.
  mutating func file(kernelAddresses new: [IPAddress: String]) -> (actions: [Action], touched: Set<ObjectKey>) {
    let added = new.keys.filter { self.kernelAddresses[$0] == nil }.sorted()
    self.kernelAddresses = new
    var notes: [Action] = []
    var touched: Set<ObjectKey> = []
    for address in added {
      touched.formUnion(self.vetting.services(waitingFor: address))
      guard self.claims.holds(address) else { continue }
      for key in self.services.services(withAddress: address).sorted() {
        guard self.isAnnouncing(key), let view = self.services[key]?.view else { continue }
        notes += self.strictARPNotes(view, [address])
      }
    }
    return (notes, touched)
  }

  /// A warning for each of some addresses that this node's kernel answers for.
  func strictARPNotes(_ service: ExposedService, _ addresses: some Sequence<IPAddress>) -> [Action] {
    addresses.compactMap { address in
      guard let interface = self.kernelAddresses[address] else { return nil }
      return .emit(
        EventNote(
          object: service.reference, type: .warning, reason: "strictARP",
          message:
            "\(address) is on interface \(GoText.quoted(interface)) of node \(GoText.quoted(self.settings.node)), "
            + "whose kernel answers ARP for it, as will that of every other node that has it: set strictARP: true in "
            + "kube-proxy's configuration, or the kernel's net.ipv4.conf.all.arp_ignore to 1"))
    }
  }

  // MARK: While an address is announced

  /// Two nodes that both think they own an address agree by its order of nodes: the later one yields at once, the first
  /// tells the neighbours again; one that is handing over or departing yields to anybody. Against a stranger the address is
  /// defended, as it was ours first. His claims count alone: while an address goes from node to node, both may have it.
  mutating func file(
    _ address: IPAddress, contestedBy holder: AddressHolder, at now: ContinuousClock.Instant
  ) -> (actions: [Action], touched: Set<ObjectKey>) {
    guard self.claims.holds(address) else { return ([], []) }
    let services = self.services.services(withAddress: address).filter { self.isAnnouncing($0) }
    guard let node = self.nodes.node(of: holder), node != self.settings.node else {
      self.strangersClaims[address, default: 0] += 1
      let notes = services.sorted().compactMap { self.services[$0]?.view }
        .map { Action.emit(self.addressContested($0, address, holder)) }
      return ([.defend(address)] + notes, [])
    }
    guard let first = services.min() else { return ([.defend(address)], []) }
    guard self.yieldIfLater(first, to: node, at: now) else {
      self.contest(first, with: node, at: now)
      return ([.defend(address)] + self.object(to: node, about: first, at: now), [])
    }
    return ([], self.services.company(of: first))
  }

  /// From now on others may have what this node announces; it goes on answering until they claim it.
  mutating func beginHandOver() {
    self.isHandingOver = true
    self.yields.doubtAll()
  }

  /// Leaves a Service to a node that announces it and comes first in the order, or takes over; false if this node comes
  /// first.
  @discardableResult
  private mutating func yieldIfLater(_ key: ObjectKey, to node: String, at now: ContinuousClock.Instant) -> Bool {
    guard node != self.settings.node, let address = self.electionAddress(of: key),
      let candidacy = self.candidacy(of: key), self.nodes.mayOwn(node, in: candidacy),
      self.isHandingOver || self.isDeparting || self.isBehind(node, for: key, address, in: candidacy, at: now)
    else { return false }
    self.yields.yield(address, to: node, at: now)
    for member in self.services.company(of: key) { self.changes.endAdoption(of: member) }
    return true
  }

  /// Asks for an address of each node that is yielded to and that the failure detector does not know: nobody else would
  /// notice that it is gone again. Where claims decide, and where this node is bound, a node that lives may have left the
  /// address to a third one meanwhile, so that each address is asked for.
  ///
  /// Every event comes by here, so that only those addresses are looked at for which something may have changed.
  mutating func checkYields() -> [Action] {
    let doubted = self.yields.takeDoubted()
    let isAble =
      !self.isHandingOver && self.nodes[self.settings.node].map { self.nodes.unavailability(of: $0) == nil } ?? false
    let samples = self.yields.samples.filter { node, address in
      isAble && self.nodes.members?.contains(node) != true && !self.claims.holds(address)
    }
    guard !doubted.isEmpty || samples != self.checkedYields else { return [] }
    let (former, current) = (Set(self.checkedYields.values), Set(samples.values))
    self.checkedYields = samples
    // What is asked for as one of the two goes on when it becomes the other.
    var asked = current.subtracting(former).filter { !self.checkedAddresses.contains($0) }
    var abandoned = former.subtracting(current)
    for address in doubted {
      if isAble, self.isToBeChecked(address) {
        if self.checkedAddresses.insert(address).inserted, !former.contains(address) { asked.insert(address) }
      } else if self.checkedAddresses.remove(address) != nil, !current.contains(address) {
        abandoned.insert(address)
      }
    }
    abandoned = abandoned.filter { !self.checkedAddresses.contains($0) }
    let pause = Self.yieldPause * max(1, self.checkedAddresses.count / Self.promptlyChecked)
    return abandoned.sorted().map { .abandonProbe($0) }
      + asked.sorted().map { .probe($0, on: .all, again: pause) }
  }

  /// Whether an address is left to a node that lives, and may have left it to a third one meanwhile without this node's
  /// knowledge.
  private func isToBeChecked(_ address: IPAddress) -> Bool {
    guard let node = self.yields[address], self.nodes.members?.contains(node) == true, !self.claims.holds(address)
    else {
      return false
    }
    return self.yields.isBinding(address) || (self.electsByClaims && self.isClaimed(address))
  }

  /// Whether claims decide who has an address.
  private func isClaimed(_ address: IPAddress) -> Bool {
    self.services.services(withAddress: address).contains { self.isClaimed($0) }
  }

  /// Between two rounds of questions for the address of a node that is yielded to.
  private static let yieldPause = Duration.milliseconds(100)
  /// Of more than so many addresses each is asked for less often, so that all together are some hundred questions a second.
  private static let promptlyChecked = 10

  mutating func expireYields(at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    self.yields.expire(at: now).reduce(into: []) { $0.formUnion(self.services.services(withAddress: $1)) }
  }

  // MARK: What users see

  private func addressInUse(_ service: ExposedService, _ address: IPAddress, _ holder: AddressHolder) -> EventNote {
    EventNote(
      object: service.reference, type: .warning, reason: "addressInUse",
      message: "\(address) is already in use by \(self.text(holder)); it is announced once that host gives it up. "
        + "Exclude the address from the pool, or take it from that host")
  }

  private func addressContested(_ service: ExposedService, _ address: IPAddress, _ holder: AddressHolder) -> EventNote {
    EventNote(
      object: service.reference, type: .warning, reason: "addressContested",
      message: "\(address), announced from node \(GoText.quoted(self.settings.node)), is also claimed by "
        + "\(self.text(holder)). Exclude the address from the pool, or take it from that host")
  }

  private func text(_ holder: AddressHolder) -> String {
    "\(holder.hardware) on interface \(GoText.quoted(holder.interface))"
      + (holder.addresses.isEmpty ? "" : " (\(holder.addresses.map(\.description).joined(separator: ", ")))")
  }
}
