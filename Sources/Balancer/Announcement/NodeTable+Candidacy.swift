import KubernetesModel

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
}
