import KubernetesModel
import Primitives

/// What each BGP peer is to be told, put together from the announcements of all Services.
///
/// Services can meet on one prefix: those that share an address, and all those under an aggregate. The route of such a
/// prefix is made of theirs (``BGPRoute/merged(with:)``), and it stays as long as one of them is announced. A change costs
/// as much as it changes, however large the table is. The table has a prefix once, however many peers get it.
struct RouteTable: Sendable, Equatable {
  /// By prefix.
  private var sources: [IPPrefix: RouteSources] = [:]
  /// The prefixes that have been touched since changes were last taken, as they were then.
  private var former: [IPPrefix: RouteSources?] = [:]
  private var terms = RouteTerms.Register()

  /// What a peer is to be told in all.
  func routes(to peer: String) -> [IPPrefix: BGPRoute] { self.sources.compactMapValues { $0.routes[peer] } }

  /// Puts one announcement of a Service in place of another; nil = none.
  mutating func replace(_ old: BGPAnnouncement?, with new: BGPAnnouncement?) {
    let (before, after) = (Set(old?.offers ?? []), Set(new?.offers ?? []))
    for offer in after.subtracting(before) { self.add(offer, 1) }
    for offer in before.subtracting(after) { self.add(offer, -1) }
  }

  private mutating func add(_ offer: BGPAnnouncement.Offer, _ change: Int) {
    let terms = self.terms.change(RouteTerms(route: offer.route, peers: offer.peers), by: change)
    let old = self.sources[offer.prefix]
    if self.former[offer.prefix] == nil { self.former.updateValue(old, forKey: offer.prefix) }
    self.sources[offer.prefix] = old.map { $0.adding(terms, change) } ?? (change > 0 ? .alike(terms, change) : nil)
  }

  /// What is different since this was last asked, for peers that are to hear the same together.
  mutating func takeChanges() -> [RouteChanges] {
    var touched: [IPPrefix: RouteSources?] = [:]
    swap(&touched, &self.former)
    // Most prefixes go through what others do as well: from nothing to the same terms.
    var outcomes: [RouteSources.Step: Int] = [:]
    var told: [[String: BGPRoute?]] = []
    var prefixes: [[IPPrefix]] = []
    for (prefix, old) in touched {
      let step = RouteSources.Step(from: old, to: self.sources[prefix])
      let outcome = outcomes[step] ?? told.count
      if outcome == told.count {
        outcomes[step] = outcome
        told.append(step.changes)
        prefixes.append([])
      }
      prefixes[outcome].append(prefix)
    }
    return Self.grouped(told, prefixes)
  }

  /// Puts peers together that hear the same.
  private static func grouped(_ told: [[String: BGPRoute?]], _ prefixes: [[IPPrefix]]) -> [RouteChanges] {
    var hearing: [String: [Hearing]] = [:]
    for (outcome, routes) in told.enumerated() {
      for (peer, route) in routes { hearing[peer, default: []].append(Hearing(outcome: outcome, route: route)) }
    }
    return Dictionary(grouping: hearing.keys) { hearing[$0] ?? [] }
      .map { heard, peers in
        var routes: [IPPrefix: BGPRoute?] = [:]
        routes.reserveCapacity(heard.reduce(0) { $0 + prefixes[$1.outcome].count })
        for one in heard { for prefix in prefixes[one.outcome] { routes.updateValue(one.route, forKey: prefix) } }
        return RouteChanges(peers: peers.sorted(), routes: routes)
      }
      .sorted { $0.peers.lexicographicallyPrecedes($1.peers) }
  }

  /// That a peer hears of all prefixes with one outcome.
  private struct Hearing: Hashable {
    let outcome: Int
    let route: BGPRoute?
  }
}

/// What is new or different for some peers, the same for all of them.
package struct RouteChanges: Sendable, Hashable {
  /// Their names, sorted; at least one.
  package var peers: [String]
  /// Nil = the prefix is to be withdrawn.
  package var routes: [IPPrefix: BGPRoute?]

  package init(peers: [String], routes: [IPPrefix: BGPRoute?]) {
    self.peers = peers
    self.routes = routes
  }
}
