import KubernetesModel

/// Which Services have to move so that no node owns more than its share and one of them, and where to: no more moves than
/// that takes.
///
/// It is a function of who owns what and of who could, so that all speakers come to the same plan without a word, each of
/// them carrying out what moves to itself.
struct LoadPlan: Sendable, Equatable {
  struct Move: Sendable, Hashable {
    var service: ObjectKey
    var from: String
    var to: String
  }

  private(set) var moves: [Move] = []

  /// `owners` are the owners of the Services that all of `nodes` may own; what a node beyond those owns is about to move
  /// anyway.
  init(owners: [ObjectKey: String], nodes: [String]) {
    guard !nodes.isEmpty else { return }
    let limit = owners.count / nodes.count + 1
    var loads = Dictionary(uniqueKeysWithValues: nodes.map { ($0, 0) })
    var services: [String: [ObjectKey]] = [:]
    for (service, owner) in owners where loads[owner] != nil {
      loads[owner, default: 0] += 1
      services[owner, default: []].append(service)
    }
    let crowded = loads.filter { $0.value > limit }.keys.sorted()
    guard !crowded.isEmpty else { return }
    var queue = Queue(loads.filter { $0.value < limit })
    for owner in crowded {
      let surplus = (services[owner] ?? []).sorted().suffix((loads[owner] ?? 0) - limit)
      for service in surplus {
        guard let target = queue.next(limit: limit) else { return }
        self.moves.append(Move(service: service, from: owner, to: target))
      }
    }
  }

  /// Nodes with room, the emptiest first; each goes to the end of those that are then as full as it is.
  private struct Queue {
    /// By load, last first.
    private var levels: [(load: Int, nodes: [String])]

    init(_ loads: [String: Int]) {
      let byLoad = Dictionary(grouping: loads.keys) { loads[$0] ?? 0 }
      self.levels = byLoad.map { ($0.key, $0.value.sorted(by: >)) }.sorted { $0.load > $1.load }
    }

    mutating func next(limit: Int) -> String? {
      while let last = self.levels.last, last.nodes.isEmpty { self.levels.removeLast() }
      guard let load = self.levels.last?.load, load < limit,
        let node = self.levels[self.levels.count - 1].nodes.popLast()
      else { return nil }
      let above = self.levels.count - 2
      if above >= 0, self.levels[above].load == load + 1 {
        self.levels[above].nodes.insert(node, at: 0)
      } else {
        self.levels.insert((load + 1, [node]), at: self.levels.count - 1)
      }
      return node
    }
  }
}
