/// What Services bring for one prefix, with how many of them bring each.
enum RouteSources: Sendable, Hashable {
  case alike(RouteTerms, Int)
  case different([RouteTerms: Int])

  /// Nil if nobody brings anything any more.
  func adding(_ terms: RouteTerms, _ change: Int) -> RouteSources? {
    var counts: [RouteTerms: Int]
    switch self {
    case .alike(let own, let count): counts = [own: count]
    case .different(let several): counts = several
    }
    let count = counts[terms, default: 0] + change
    counts[terms] = count > 0 ? count : nil
    guard counts.count == 1, let (terms, count) = counts.first else {
      return counts.isEmpty ? nil : .different(counts)
    }
    return .alike(terms, count)
  }

  /// The route that each peer gets, by its name.
  var routes: [String: BGPRoute] {
    switch self {
    case .alike(let terms, _):
      return terms.peers.reduce(into: [:]) { $0[$1] = terms.route }
    case .different(let counts):
      return counts.keys.reduce(into: [:]) { routes, terms in
        for peer in terms.peers { routes[peer] = routes[peer]?.merged(with: terms.route) ?? terms.route }
      }
    }
  }

  /// From what a prefix was to what it is.
  struct Step: Hashable {
    let from: RouteSources?
    let to: RouteSources?

    /// What it means for each peer that it means something for; nil = the prefix is to be withdrawn.
    var changes: [String: BGPRoute?] {
      let (old, new) = (self.from?.routes ?? [:], self.to?.routes ?? [:])
      var changes: [String: BGPRoute?] = [:]
      for peer in Set(old.keys).union(new.keys) where old[peer] != new[peer] {
        changes.updateValue(new[peer], forKey: peer)
      }
      return changes
    }
  }
}

/// What is said of a prefix, and to whom; all prefixes of which the same is said share one.
final class RouteTerms: Sendable, Hashable {
  let route: BGPRoute
  /// The names of the peers, sorted.
  let peers: [String]
  private let digest: Int

  init(route: BGPRoute, peers: [String]) {
    self.route = route
    self.peers = peers
    var hasher = Hasher()
    hasher.combine(route)
    hasher.combine(peers)
    self.digest = hasher.finalize()
  }

  static func == (left: RouteTerms, right: RouteTerms) -> Bool {
    left === right || left.digest == right.digest && left.route == right.route && left.peers == right.peers
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(self.digest)
  }

  /// The terms in use, with how often.
  struct Register: Sendable, Equatable {
    private var uses: [RouteTerms: Int] = [:]

    /// Counts a use more or less, and returns the one that all uses share.
    mutating func change(_ terms: RouteTerms, by change: Int) -> RouteTerms {
      guard let index = self.uses.index(forKey: terms) else {
        if change > 0 { self.uses[terms] = change }
        return terms
      }
      let shared = self.uses[index].key
      self.uses.values[index] += change
      if self.uses.values[index] <= 0 { self.uses.remove(at: index) }
      return shared
    }
  }
}
