import KubernetesModel
import Primitives

/// Which node has claimed the addresses of each Service: all that is written in the cluster about who owns what.
///
/// What bears no term claims nothing, and is not filed: where no advertisement elects by claims, this is empty.
struct OwnershipTable: Sendable, Equatable {
  /// A node that claims a Service, with the term.
  struct Title: Sendable, Hashable {
    var node: String
    var term: Int
  }

  private var titles: [ObjectKey: [ObjectKey: Title]] = [:]
  /// The Service that each claim is filed under, as a deletion names the claim alone.
  private var filed: [ObjectKey: ObjectKey] = [:]
  private var byNode: [String: Set<ObjectKey>] = [:]

  /// The Services that a node has claimed, whether that counts or not.
  func services(claimedBy node: String) -> Set<ObjectKey> { self.byNode[node] ?? [] }

  /// The claim that counts: that with the highest term, of equals that of the node which comes first in the order for an
  /// address.
  func leader(of service: ObjectKey, for address: IPAddress) -> Title? {
    guard let titles = self.titles[service], let term = titles.values.lazy.map(\.term).max() else { return nil }
    let nodes = Set(titles.values.lazy.filter { $0.term == term }.map(\.node))
    let node = nodes.count == 1 ? nodes.first : Layer2Election.owner(of: address, among: nodes)
    return node.map { Title(node: $0, term: term) }
  }

  /// The highest term under which a node has claimed a Service, as far as was seen; nil = it has not.
  func term(of service: ObjectKey, by node: String) -> Int? {
    self.titles[service]?.values.lazy.filter { $0.node == node }.map(\.term).max()
  }

  /// The term of a claim that is to count.
  func nextTerm(of service: ObjectKey) -> Int {
    (self.titles[service]?.values.lazy.map(\.term).max() ?? 0) + 1
  }

  /// Takes one change into account, and returns the Service whose claims are others than before.
  mutating func apply(_ change: ObjectChange<OwnershipClaim>) -> Set<ObjectKey> {
    switch change {
    case .synced, .malformed: return []
    case .deleted(let key): return self.drop(key)
    case .applied(let claim):
      guard claim.term > 0, let service = claim.service, let node = claim.node else { return self.drop(claim.key) }
      let title = Title(node: node, term: claim.term)
      if self.filed[claim.key] == service, self.titles[service]?[claim.key] == title { return [] }
      let former = self.drop(claim.key)
      self.filed[claim.key] = service
      self.titles[service, default: [:]][claim.key] = title
      self.byNode[node, default: []].insert(service)
      return former.union([service])
    }
  }

  private mutating func drop(_ key: ObjectKey) -> Set<ObjectKey> {
    guard let service = self.filed.removeValue(forKey: key),
      let title = self.titles[service]?.removeValue(forKey: key)
    else { return [] }
    if self.titles[service]?.values.contains(where: { $0.node == title.node }) != true {
      self.byNode[title.node]?.remove(service)
      if self.byNode[title.node]?.isEmpty == true { self.byNode[title.node] = nil }
    }
    if self.titles[service]?.isEmpty == true { self.titles[service] = nil }
    return [service]
  }
}
