import KubernetesModel
import Primitives

/// What there is to tell of the announcements, as plain data (``SpeakerStatus``).
extension SpeakerState {
  /// How many places in the order of the election are told.
  private static let candidateLimit = 5
  /// So many comparisons of nodes are made for one answer at most: a speaker has other things to do.
  private static let comparisonLimit = 100_000

  /// The part about the local network; with a Service, of that one alone.
  package func layer2Status(of service: ObjectKey? = nil, at now: ContinuousClock.Instant) -> Layer2Status {
    var status = Layer2Status()
    let announced = self.announced(among: service)
    let tellsCandidates = announced.count * self.nodes.count <= Self.comparisonLimit
    status.announcements = announced.map { announcement in
      Layer2Status.Announcement(
        service: announcement.service.description, addresses: announcement.addresses.map(\.description),
        interfaces: announcement.interfaces.names,
        seconds: self.chronicle.layer2[announcement.service].map { (now - $0).statusSeconds } ?? 0,
        candidates: tellsCandidates ? self.candidates(of: announcement.service) : nil)
    }
    status.successions = self.succession.inherited.filter { service == nil || $0 == service }.sorted().compactMap {
      key in
      self.succession.owner(of: key).map { Layer2Status.Succession(service: key.description, owner: $0) }
    }
    let addresses = service.map { Set(self.services[$0]?.view.addresses ?? []) }
    func isMeant(_ address: IPAddress) -> Bool { addresses?.contains(address) ?? true }
    status.probing = self.vetting.asked.filter(isMeant).map(\.description)
    status.occupied = self.occupied.filter { isMeant($0.key) }.sorted { $0.key < $1.key }.map { address, holder in
      Layer2Status.Occupation(
        address: address.description, hardware: holder.hardware.description, interface: holder.interface,
        knownAs: holder.addresses.map(\.description))
    }
    status.yields = self.yields.winners.filter { isMeant($0.key) }.sorted { $0.key < $1.key }.map {
      Layer2Status.Yield(address: $0.key.description, node: $0.value)
    }
    status.conflicts = self.strangersClaims.filter { isMeant($0.key) }.sorted { $0.key < $1.key }.map {
      Layer2Status.Conflict(address: $0.key.description, claims: $0.value)
    }
    status.takeovers = self.chronicle.takenOver
    status.lastTakeover = self.lastTakeover.map { takeover in
      Layer2Status.LastTakeover(
        from: takeover.nodes.sorted(), services: takeover.services.count,
        secondsAgo: (now - takeover.at).statusSeconds)
    }
    return status
  }

  /// What is announced to routers; with a Service, of that one alone.
  package func bgpStatusAnnouncements(
    of service: ObjectKey? = nil, at now: ContinuousClock.Instant
  ) -> [BGPStatus.Announcement] {
    let announced =
      service.map { key in self.bgp.announcements[key].map { [$0] } ?? [] } ?? Array(self.bgp.announcements.values)
    return announced.sorted { $0.service < $1.service }.map { announcement in
      BGPStatus.Announcement(
        service: announcement.service.description, addresses: announcement.addresses.map(\.description),
        peers: announcement.peers,
        seconds: self.chronicle.bgp[announcement.service].map { (now - $0).statusSeconds } ?? 0)
    }
  }

  /// What users are told of a takeover, in addition to upstream's `nodeAssigned`; `duration` = from the first sign of life
  /// that was missed to the first frame of this node.
  package func notes(of takeover: Takeover, after duration: Duration?) -> [EventNote] {
    let nodes = takeover.nodes.sorted().map(GoText.quoted).joined(separator: ", ")
    let time = duration.map { " after \(Int($0 / .milliseconds(1))) ms" } ?? ""
    return takeover.services.compactMap { self.services[$0]?.view.reference }.map { reference in
      EventNote(
        object: reference, type: .normal, reason: "takenOver",
        message: "node \(GoText.quoted(self.settings.node)) took over from node \(nodes)\(time)")
    }
  }

  private func announced(among service: ObjectKey?) -> [Layer2Announcement] {
    if let service { return (self.services[service]?.verdict?.announcement).map { [$0] } ?? [] }
    return self.announcements.values.sorted { $0.service < $1.service }
  }

  /// The first nodes in the order of the election for a Service, the owner first; nil = it cannot be announced.
  package func candidates(of key: ObjectKey) -> [String]? {
    guard let address = self.electionAddress(of: key), let candidacy = self.candidacy(of: key) else { return nil }
    let order = self.nodes.order(of: address, in: candidacy, limit: Self.candidateLimit)
    guard let policy = self.services[key]?.policy,
      let incumbent = self.incumbent(
        of: self.services.company(of: key).sorted(), for: address, by: policy, in: candidacy)
    else { return order }
    return Array(([incumbent] + order.filter { $0 != incumbent }).prefix(Self.candidateLimit))
  }
}

extension InterfaceSelection {
  /// Their names, in order; nil = all.
  fileprivate var names: [String]? {
    guard case .named(let names) = self else { return nil }
    return names.sorted()
  }
}
