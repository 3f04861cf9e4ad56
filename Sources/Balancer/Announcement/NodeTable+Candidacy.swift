import KubernetesModel

/// Who may own the addresses of a Service at all; who of them does is a matter of the order (`NodeTable+Order.swift`).
extension NodeTable {
  /// Which nodes may own the addresses of a Service, apart from the state of the nodes.
  package struct Candidacy: Sendable, Hashable {
    /// The advertisements that cover the nodes; nil = at least one of them covers all.
    package var advertisements: Set<ObjectKey>?
    /// The nodes with an endpoint, where traffic stays on the node that it reaches; nil = any.
    package var localNodes: Set<String>?
    /// Those of them that have only just got theirs: all others come first.
    package var newcomers: Set<String>
    /// The advertisements that prefer some nodes.
    package var preferring: Set<ObjectKey>
    /// The interfaces that a node must have; nil = whatever it has.
    package var links: LinkDemand?

    package init(
      advertisements: Set<ObjectKey>? = nil, localNodes: Set<String>? = nil, newcomers: Set<String> = [],
      preferring: Set<ObjectKey> = [], links: LinkDemand? = nil
    ) {
      self.advertisements = advertisements
      self.localNodes = localNodes
      self.newcomers = newcomers
      self.preferring = preferring
      self.links = links
    }
  }

  /// Whether some advertisement of the candidacy covers the node.
  package func covers(_ candidacy: Candidacy, _ entry: Entry) -> Bool {
    candidacy.advertisements.map { !$0.isDisjoint(with: entry.selectedBy) } ?? true
  }

  package func isCandidate(_ entry: Entry, in candidacy: Candidacy) -> Bool {
    (candidacy.localNodes?.contains(entry.view.name) ?? true) && self.covers(candidacy, entry)
      && self.unavailability(of: entry) == nil && self.fits(entry, in: candidacy)
  }

  /// Whether a node that was heard to announce could be the owner: the failure detector may not have seen it yet, all
  /// else must hold.
  package func mayOwn(_ name: String, in candidacy: Candidacy) -> Bool {
    guard let entry = self[name], candidacy.localNodes?.contains(name) ?? true else { return false }
    return self.covers(candidacy, entry) && !entry.view.isNetworkUnavailable && !self.isBarred(entry)
      && self.fits(entry, in: candidacy)
  }

  /// The names of all candidates, in order; of all that would be, if none has an interface that fits.
  package func candidates(in candidacy: Candidacy) -> [String] {
    let names = candidacy.localNodes?.sorted() ?? self.names
    let candidates = names.filter { name in self[name].map { self.isCandidate($0, in: candidacy) } ?? false }
    guard candidates.isEmpty, self.isUniform, candidacy.links != nil else { return candidates }
    var lenient = candidacy
    lenient.links = nil
    return self.candidates(in: lenient)
  }
}
