import KubernetesModel
import Primitives

/// Which Services take part in the election at all, and with what.
extension SpeakerState {
  /// A Service that somebody may announce, with what the election needs of it.
  struct Contender {
    let key: ObjectKey
    let address: IPAddress
    let candidacy: NodeTable.Candidacy
    let advertisements: [L2AdvertisementConfiguration]
  }

  struct Refusal: Error {
    let reason: Withheld
  }

  /// The order of the checks is that of contract sections 10 and 11.1.
  func contender(_ record: ServiceTable.Record) throws(Refusal) -> Contender {
    let view = record.view
    let address: IPAddress
    switch view.ingress {
    case .none: throw Refusal(reason: .noIPAllocated)
    case .invalid: throw Refusal(reason: .invalidIP)
    case .addresses(let addresses):
      guard let first = addresses.first else { throw Refusal(reason: .noIPAllocated) }
      address = first
    }
    guard let pool = record.pool else { throw Refusal(reason: .ipNotAllowed) }
    let endpoints = self.endpoints.summary(of: view.key)
    guard endpoints.isUsable else { throw Refusal(reason: .notOwner) }
    let advertisements = self.advertisements(for: pool, isHeld: record.isHeld)
      .filter { $0.selects(service: view.labels) }
    guard !advertisements.isEmpty else { throw Refusal(reason: .noMatchingAdvertisement) }
    guard !view.mayShareAddress || advertisements.allSatisfy(\.serviceSelectors.isEmpty) else {
      throw Refusal(reason: .sharedIPWithServiceSelector)
    }
    let coversAll = advertisements.contains { $0.nodeSelectors.isEmpty }
    let candidacy = NodeTable.Candidacy(
      advertisements: coversAll ? nil : Set(advertisements.map(\.key)),
      localNodes: view.keepsTrafficLocal ? endpoints.nodes : nil,
      // Where some elect as upstream does, all must.
      newcomers: view.keepsTrafficLocal && self.nodes.isUniform ? endpoints.newcomers : [],
      preferring: Set(advertisements.filter { !$0.preferences.isEmpty }.map(\.key)),
      links: LinkDemand(advertisements, family: address.family))
    return Contender(key: view.key, address: address, candidacy: candidacy, advertisements: advertisements)
  }

  /// Which nodes may own a Service that can be announced at all.
  func candidacy(of key: ObjectKey) -> NodeTable.Candidacy? {
    self.services[key].flatMap { try? self.contender($0) }?.candidacy
  }

  /// The address that decides who owns a Service: the smallest first one of those that share addresses with it.
  func electionAddress(of key: ObjectKey) -> IPAddress? {
    self.services.company(of: key).compactMap { self.services[$0] }
      .filter { self.candidacy(of: $0.view.key) != nil }.compactMap(\.view.addresses.first).min()
  }

  private func advertisements(
    for pool: ServiceTable.PoolIdentity, isHeld: Bool
  ) -> [L2AdvertisementConfiguration] {
    if !isHeld, let advertisements = self.advertisementsByPool[pool.name] { return advertisements }
    return self.advertisements.advertisements(forPool: pool.name, labels: pool.labels)
  }
}
