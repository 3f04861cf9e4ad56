import KubernetesModel
import Primitives

/// The sentences in which `metallb explain` says what was decided.
enum ExplanationText {
  static func sentence(_ standing: Standing, of explanation: ServiceExplanation) -> Styled {
    let addresses = (explanation.allocation?.addresses.map(\.description) ?? []).joined(separator: ", ")
    switch standing {
    case .unread: return Styled("not looked at: the list of Services is not complete", .warning)
    case .unmanaged: return Styled("of another load-balancer class: it is left alone", .warning)
    case .notLoadBalancer: return Styled("not of type LoadBalancer: it needs no address", .plain)
    case .satisfied:
      guard !explanation.isPublished else { return Styled("has \(addresses)", .good) }
      return Styled(
        "is to get \(addresses), but its status does not say so: is the controller running?", .warning)
    case .incomplete(let error):
      return Styled("has \(addresses), but not all that it asks for: \(error)", .warning)
    case .waiting(let error): return Styled("has no address: \(error)", .bad)
    case .kept(let error):
      return Styled(
        "keeps \(explanation.shown.joined(separator: ", ")), although nothing valid says so: \(error)", .warning)
    }
  }

  static func sentence(_ reason: ServiceExplanation.Reason) -> String {
    switch reason {
    case .requestedAddresses: "the Service asks for exactly this"
    case .requestedPool: "the Service asks for the pool; its lowest free address"
    case .pinned(let priority):
      priority == 0
        ? "serviceAllocation keeps the pool for Services like this one"
        : "serviceAllocation keeps the pool for Services like this one, with priority \(priority)"
    case .firstByName: "the first pool by name that has a free address; the lowest one there"
    case .kept(let other?):
      "it has this already, and what works is kept; as a new Service it would get "
        + "\(other.addresses.map(\.description).joined(separator: ", ")) from \(other.pool)"
    case .kept(nil): "it has this already, and what works is kept; as a new Service it would get none"
    }
  }

  static func sentence(_ verdict: AllocationExplanation.Verdict) -> Styled {
    switch verdict {
    case .chosen(let addresses):
      Styled("gives \(addresses.map(\.description).joined(separator: ", "))", .good)
    case .notReached: "could, but another pool comes first"
    case .notRequested: "not asked: the Service asks for another pool"
    case .lacksAddresses: "does not have what the Service asks for"
    case .manual: Styled("autoAssign is false: only for Services that ask for it", .warning)
    case .restricted: Styled("serviceAllocation keeps it for other namespaces or Services", .bad)
    case .dormant: Styled("its namespaceSelectors match no namespace at present", .bad)
    case .lacksFamily(let family): Styled("has no \(Self.name(family)) addresses", .bad)
    case .exhausted(let families):
      Styled("no \(families.map(Self.name).joined(separator: " and no ")) address is free", .bad)
    case .refused(let error): Styled(error.description, .bad)
    }
  }

  /// How much of a pool is free, family by family where it has both.
  static func free(_ counters: PoolCounters) -> String {
    let families = [counters.ipv4, counters.ipv6].filter { $0.capacity > 0 }
    guard !families.isEmpty else { return "none" }
    return families.map { $0.capacity == .max ? "2^62 and more" : "\($0.available) of \($0.capacity)" }
      .joined(separator: ", ")
  }

  private static func name(_ family: IPFamily) -> String {
    switch family {
    case .ipv4: "IPv4"
    case .ipv6: "IPv6"
    }
  }
}
