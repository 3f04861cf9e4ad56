import KubernetesModel
import Primitives

/// What each BGP peer is to be told, put together from the announcements of all Services.
///
/// Services can meet on one prefix: those that share an address, and all those under an aggregate. The route of such a
/// prefix is made of theirs (``BGPRoute/merged(with:)``), and it stays as long as one of them is announced. A change costs
/// as much as it changes, however large the table is.
struct RouteTable: Sendable, Equatable {
  /// The routes that Services bring for one prefix, with how many bring each.
  private enum Sources: Sendable, Equatable {
    case alike(BGPRoute, Int)
    case different([BGPRoute: Int])

    /// Nil if nobody brings one any more.
    func adding(_ route: BGPRoute, _ change: Int) -> Sources? {
      var counts: [BGPRoute: Int]
      switch self {
      case .alike(let own, let count): counts = [own: count]
      case .different(let several): counts = several
      }
      let count = counts[route, default: 0] + change
      counts[route] = count > 0 ? count : nil
      guard counts.count == 1, let (route, count) = counts.first else {
        return counts.isEmpty ? nil : .different(counts)
      }
      return .alike(route, count)
    }

    var route: BGPRoute {
      switch self {
      case .alike(let route, _): return route
      case .different(let counts):
        return counts.keys.dropFirst().reduce(counts.first?.key ?? BGPRoute()) { $0.merged(with: $1) }
      }
    }
  }

  /// By peer.
  private var sources: [String: [IPPrefix: Sources]] = [:]
  /// The routes of the prefixes that have been touched since changes were last taken, as they were then.
  private var former: [String: [IPPrefix: BGPRoute?]] = [:]

  /// What a peer is to be told in all.
  func routes(to peer: String) -> [IPPrefix: BGPRoute] { (self.sources[peer] ?? [:]).mapValues(\.route) }

  /// Puts one announcement of a Service in place of another; nil = none.
  mutating func replace(_ old: BGPAnnouncement?, with new: BGPAnnouncement?) {
    let (before, after) = (Set(old?.offers ?? []), Set(new?.offers ?? []))
    for offer in after.subtracting(before) { self.add(offer, 1) }
    for offer in before.subtracting(after) { self.add(offer, -1) }
  }

  private mutating func add(_ offer: BGPAnnouncement.Offer, _ change: Int) {
    for peer in offer.peers {
      let old = self.sources[peer]?[offer.prefix]
      if self.former[peer]?.keys.contains(offer.prefix) != true {
        self.former[peer, default: [:]].updateValue(old?.route, forKey: offer.prefix)
      }
      if let old {
        self.sources[peer]?[offer.prefix] = old.adding(offer.route, change)
      } else if change > 0 {
        self.sources[peer, default: [:]][offer.prefix] = .alike(offer.route, change)
      }
      if self.sources[peer]?.isEmpty == true { self.sources[peer] = nil }
    }
  }

  /// What is different since this was last asked, by peer; nil = the prefix is to be withdrawn.
  mutating func takeChanges() -> [String: [IPPrefix: BGPRoute?]] {
    let former = self.former
    self.former = [:]
    var changes: [String: [IPPrefix: BGPRoute?]] = [:]
    for (peer, routes) in former {
      for (prefix, old) in routes {
        let new = self.sources[peer]?[prefix]?.route
        if new != old { changes[peer, default: [:]].updateValue(new, forKey: prefix) }
      }
    }
    return changes
  }
}
