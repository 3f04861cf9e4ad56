import KubernetesModel

/// The Services whose owners shall have about as many as each other, by those that are weighed against each other.
///
/// A look at a group costs what there is to move; that there is something is known from the counts.
struct LoadTable: Sendable, Equatable {
  /// Services that the same nodes may own, on the same terms.
  struct Group: Sendable, Hashable {
    var candidacy: NodeTable.Candidacy
    var policy: ElectionPolicy
  }

  private struct Place: Sendable, Equatable {
    var group: Group
    var owner: String?
  }

  private var places: [ObjectKey: Place] = [:]
  /// How many Services of each group there are, owned or not.
  private var sizes: [Group: Int] = [:]
  private var owned: [Group: [String: Set<ObjectKey>]] = [:]
  /// The groups in which something has changed since they were looked at.
  private(set) var changed: Set<Group> = []

  /// The Services of a group by the nodes that own them.
  func owned(in group: Group) -> [String: Set<ObjectKey>] { self.owned[group] ?? [:] }

  /// Files the owner of a Service, as far as it has one; `group` nil = it is weighed no more.
  mutating func put(_ service: ObjectKey, in group: Group?, owner: String?) {
    let place = group.map { Place(group: $0, owner: owner) }
    guard place != self.places[service] else { return }
    if let former = self.places.removeValue(forKey: service) {
      self.sizes[former.group, default: 1] -= 1
      if let owner = former.owner {
        self.owned[former.group]?[owner]?.remove(service)
        if self.owned[former.group]?[owner]?.isEmpty == true { self.owned[former.group]?[owner] = nil }
      }
      if self.sizes[former.group] == 0 {
        self.sizes[former.group] = nil
        self.owned[former.group] = nil
        self.changed.remove(former.group)
      } else {
        self.changed.insert(former.group)
      }
    }
    guard let place else { return }
    self.places[service] = place
    self.sizes[place.group, default: 0] += 1
    if let owner { self.owned[place.group, default: [:]][owner, default: []].insert(service) }
    self.changed.insert(place.group)
  }

  /// Something may have to move in every group: there are other nodes than before.
  mutating func doubtAll() { self.changed = Set(self.sizes.keys) }

  mutating func doubt(_ group: Group) {
    if self.sizes[group] != nil { self.changed.insert(group) }
  }

  /// The same for the group of one Service.
  mutating func doubt(_ service: ObjectKey) {
    if let group = self.places[service]?.group { self.changed.insert(group) }
  }

  /// Takes out what has changed.
  mutating func takeChanged() -> Set<Group> {
    defer { self.changed = [] }
    return self.changed
  }
}
