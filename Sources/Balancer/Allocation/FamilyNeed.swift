/// Which families a pool must have free for a request to be met from it.
enum FamilyNeed: Sendable, Hashable, CaseIterable {
  case ipv4
  case ipv6
  case both
  /// Either will do: a Service that prefers two takes one, and one that can share may find the other on a shared address.
  case any

  init(_ request: AllocationRequest) {
    switch (request.families, request.policy) {
    case (.single(.ipv4), _): self = .ipv4
    case (.single(.ipv6), _): self = .ipv6
    case (.dual, .preferDualStack): self = .any
    case (.dual, _): self = request.sharing == nil ? .both : .any
    }
  }
}
