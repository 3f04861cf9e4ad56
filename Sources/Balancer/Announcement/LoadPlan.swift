import KubernetesModel

/// Which Services have to move so that nodes own about as many as each other, and where to: none as long as the difference
/// is small, else as few as level it.
///
/// It is a function of who owns what and of who could, so that all speakers come to the same plan without a word, each of
/// them carrying out what moves to itself.
struct LoadPlan: Sendable, Equatable {
  struct Move: Sendable, Hashable {
    var service: ObjectKey
    var from: String
    var to: String
  }

  /// Between the fullest node and the emptiest: then nobody has more than its share, rounded up, and one.
  static let toleratedDifference = 2

  private(set) var moves: [Move] = []

  /// `owned` are the Services that all of `nodes` may own, by owner; what a node beyond those owns is about to move anyway.
  init(owned: [String: Set<ObjectKey>], nodes: [String]) {
    let loads = nodes.map { (node: $0, load: owned[$0]?.count ?? 0) }
      .sorted { $0.load == $1.load ? $0.node < $1.node : $0.load > $1.load }
    guard let fullest = loads.first, let emptiest = loads.last,
      fullest.load - emptiest.load > Self.toleratedDifference
    else { return }
    let total = loads.reduce(0) { $0 + $1.load }
    let (share, rest) = total.quotientAndRemainder(dividingBy: loads.count)
    var surplus: [(service: ObjectKey, owner: String)] = []
    var places: [String] = []
    // Those that have most keep what cannot be divided.
    for (index, (node, load)) in loads.enumerated() {
      let part = index < rest ? share + 1 : share
      if load > part {
        surplus += (owned[node] ?? []).sorted().suffix(load - part).map { ($0, node) }
      } else {
        places += Array(repeating: node, count: part - load)
      }
    }
    self.moves = zip(surplus, places).map { Move(service: $0.service, from: $0.owner, to: $1) }
  }
}
