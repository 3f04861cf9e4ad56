import HashTreeCollections
import KubernetesModel

/// For each Service that another node announces: whether this one would come next, or who stands between.
///
/// The owners that this node is next behind are the ones it watches closely. Two nodes that come before it are enough to
/// know that it is not next, and as long as both are there nothing else matters.
struct SuccessionTable: Sendable, Equatable {
  private enum Place: Sendable, Equatable {
    /// This node is next behind the owner.
    case next(owner: String)
    /// These two come before it, whichever of them is the owner.
    case later(String, String)
  }

  private var places: [ObjectKey: Place] = [:]
  /// The Services whose place hangs on a node, by the node.
  private var dependents: [String: Set<ObjectKey>] = [:]
  private var ownedCounts: [String: Int] = [:]
  /// The Services for which this node is next, with their owners: whoever comes could stand between.
  private(set) var inheritances: TreeDictionary<ObjectKey, String> = [:]

  /// The owners that this node would replace.
  var owners: Set<String> { Set(self.ownedCounts.keys) }

  /// The Services that this node is not next for because of another one; a change of any node can matter to the
  /// `inheritances` besides.
  func services(dependingOn node: String) -> Set<ObjectKey> { self.dependents[node] ?? [] }

  /// Files the nodes that come before this one for a Service, two at most; none = there is nothing to inherit.
  mutating func put(_ service: ObjectKey, rivals: [String]) {
    let place: Place? =
      switch rivals.count {
      case 0: nil
      case 1: .next(owner: rivals[0])
      default: .later(rivals[0], rivals[1])
      }
    guard place != self.places[service] else { return }
    switch self.places[service] {
    case nil: break
    case .next(let owner):
      self.inheritances[service] = nil
      let count = self.ownedCounts[owner, default: 1] - 1
      self.ownedCounts[owner] = count > 0 ? count : nil
    case .later(let first, let second):
      for node in [first, second] {
        self.dependents[node]?.remove(service)
        if self.dependents[node]?.isEmpty == true { self.dependents[node] = nil }
      }
    }
    switch place {
    case nil: break
    case .next(let owner):
      self.inheritances[service] = owner
      self.ownedCounts[owner, default: 0] += 1
    case .later(let first, let second):
      for node in [first, second] { self.dependents[node, default: []].insert(service) }
    }
    self.places[service] = place
  }
}
