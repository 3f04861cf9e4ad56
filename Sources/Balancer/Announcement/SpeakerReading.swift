import HashTreeCollections
import KubernetesModel
import Primitives

/// What the pages of a speaker are made of, taken from its state at one moment.
///
/// To take it costs the same for one Service and for a hundred thousand. What of it is large is held in trees, so that the
/// next change, while somebody still reads, copies a few branches and no table.
package struct SpeakerReading: Sendable {
  package let node: String
  /// What has not been seen yet; empty once decisions are taken.
  package let awaited: Set<SpeakerState.Source>
  /// Everything that is wrong with the configuration.
  package let problems: [Problem]
  /// Whether some object is wrong, or the controller has yet to move Services out of a pool that is gone.
  package let isStale: Bool
  /// The peers that this node has sessions with, by name.
  package let bgpPeers: [String: BGPPeerConfiguration]
  /// How many nodes there are to choose from.
  private let nodeCount: Int
  private let chronicle: AnnouncementChronicle
  private let standings: TreeDictionary<IPAddress, AddressVetting.Standing>
  private let yields: AddressYields
  /// How often others than nodes were told of as claiming an address that is announced here, since the start.
  package let strangersClaims: [IPAddress: UInt64]
  private let inheritances: TreeDictionary<ObjectKey, String>
  /// The Service that it is about, and its addresses; nil = it is about all.
  private let subject: (service: ObjectKey, addresses: Set<IPAddress>)?

  fileprivate init(_ state: SpeakerState, of service: ObjectKey?) {
    self.node = state.settings.node
    self.awaited = state.awaited
    self.problems = state.problems
    self.isStale = state.isStale
    self.bgpPeers = state.bgpPeers
    self.nodeCount = state.nodes.count
    self.chronicle = state.chronicle
    self.standings = state.vetting.standings
    self.yields = state.yields
    self.strangersClaims = state.strangersClaims
    self.inheritances = state.succession.inheritances
    self.subject = service.map { ($0, Set(state.services[$0]?.view.addresses ?? [])) }
  }

  /// How many Services were taken over from nodes that were gone, since the start.
  package var takenOver: UInt64 { self.chronicle.takenOver }

  /// The addresses that are not announced because somebody else on the local network has them.
  package var occupied: [(address: IPAddress, holder: AddressHolder)] {
    self.standings.compactMap { address, standing in
      if case .occupied(let holder) = standing, self.isMeant(address) { (address, holder) } else { nil }
    }.sorted { $0.address < $1.address }
  }

  /// What is announced, in the order of the names of Services.
  package var announced: [(service: ObjectKey, announcingProtocol: AnnouncingProtocol, addresses: [IPAddress])] {
    let layer2 = self.entries(of: self.chronicle.layer2).map {
      ($0.announcement.service, AnnouncingProtocol.layer2, $0.announcement.addresses)
    }
    let bgp = self.entries(of: self.chronicle.bgp).map {
      ($0.announcement.service, AnnouncingProtocol.bgp, $0.announcement.addresses)
    }
    // A stable sort: layer 2 stays before BGP.
    return (layer2 + bgp).sorted { $0.0 < $1.0 }
  }

  private func isMeant(_ address: IPAddress) -> Bool { self.subject?.addresses.contains(address) ?? true }

  private func entries<Announcement>(
    of table: TreeDictionary<ObjectKey, AnnouncementChronicle.Entry<Announcement>>
  ) -> [AnnouncementChronicle.Entry<Announcement>] {
    guard let subject = self.subject else { return Array(table.values) }
    return table[subject.service].map { [$0] } ?? []
  }

  // MARK: The order of the election

  /// So many comparisons of nodes are made for one answer at most: a speaker has other things to do.
  private static let comparisonLimit = 100_000
  /// And so many at a time, between two events.
  private static let comparisonsAtOnce = 2000

  /// The Services whose candidates the state may be asked for, as many at a time as are well answered between two events;
  /// none where there are too many.
  package var candidateQuestions: [[ObjectKey]] {
    let services = self.entries(of: self.chronicle.layer2).map(\.announcement.service)
    let (nodes, stride) = (max(1, self.nodeCount), max(1, Self.comparisonsAtOnce / max(1, self.nodeCount)))
    guard services.count * nodes <= Self.comparisonLimit else { return [] }
    return Swift.stride(from: 0, to: services.count, by: stride).map {
      Array(services[$0..<min($0 + stride, services.count)])
    }
  }

  // MARK: As plain data

  /// The part about the local network. `candidates` are the first in the order of the election, the owner first, of the
  /// Services of which they were asked for.
  package func layer2Status(candidates: [ObjectKey: [String]] = [:], at now: ContinuousClock.Instant) -> Layer2Status {
    var status = Layer2Status()
    let entries = self.entries(of: self.chronicle.layer2).sorted {
      $0.announcement.service < $1.announcement.service
    }
    status.announcements = entries.map { entry in
      Layer2Status.Announcement(
        service: entry.announcement.service.description,
        addresses: entry.announcement.addresses.map(\.description),
        interfaces: entry.announcement.interfaces.sortedNames,
        seconds: (now - entry.since).statusSeconds, candidates: candidates[entry.announcement.service])
    }
    let inherited = self.inheritances.filter { self.subject == nil || $0.key == self.subject?.service }
    status.successions = inherited.sorted { $0.key < $1.key }.map {
      Layer2Status.Succession(service: $0.key.description, owner: $0.value)
    }
    status.probing = self.standings.filter { $0.value == .asked && self.isMeant($0.key) }.keys.sorted().map(
      \.description)
    status.occupied = self.occupied.map { address, holder in
      Layer2Status.Occupation(
        address: address.description, hardware: holder.hardware.description, interface: holder.interface,
        knownAs: holder.addresses.map(\.description))
    }
    status.yields = self.yields.winners.filter { self.isMeant($0.key) }.sorted { $0.key < $1.key }.map {
      Layer2Status.Yield(address: $0.key.description, node: $0.value)
    }
    status.conflicts = self.strangersClaims.filter { self.isMeant($0.key) }.sorted { $0.key < $1.key }.map {
      Layer2Status.Conflict(address: $0.key.description, claims: $0.value)
    }
    status.takeovers = self.chronicle.takenOver
    status.lastTakeover = self.chronicle.lastTakeover.map { takeover in
      Layer2Status.LastTakeover(
        from: takeover.nodes.sorted(), services: takeover.services.count,
        secondsAgo: (now - takeover.at).statusSeconds)
    }
    return status
  }

  /// What is announced to routers.
  package func bgpAnnouncements(at now: ContinuousClock.Instant) -> [BGPStatus.Announcement] {
    self.entries(of: self.chronicle.bgp).sorted { $0.announcement.service < $1.announcement.service }.map { entry in
      BGPStatus.Announcement(
        service: entry.announcement.service.description, addresses: entry.announcement.addresses.map(\.description),
        peers: entry.announcement.peers, seconds: (now - entry.since).statusSeconds)
    }
  }
}

extension SpeakerState {
  /// What there is to tell now; with a Service, of that one alone.
  package func reading(of service: ObjectKey? = nil) -> SpeakerReading { SpeakerReading(self, of: service) }
}

extension InterfaceSelection {
  /// Their names, in order; nil = all.
  fileprivate var sortedNames: [String]? {
    guard case .named(let names) = self else { return nil }
    return names.sorted()
  }
}
