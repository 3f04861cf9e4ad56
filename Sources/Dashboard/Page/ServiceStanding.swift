import Balancer

/// How a Service stands, in one word that has a shape and a colour on the page.
package enum ServiceStanding: String, Sendable, Hashable {
  /// It has what it asks for, and its traffic is attracted.
  case well
  /// It has an address, but not all that it asks for.
  case partial
  case pending
  /// It has an address that nobody announces.
  case unannounced
  /// It is announced to routers, and there is a session with none of them.
  case unheard
  /// Several nodes announce it on the local network.
  case contested
  /// It is another load balancer's.
  case foreign

  package init(_ exposure: ClusterStatus.Exposure) {
    if exposure.isForeign {
      self = .foreign
    } else if exposure.addresses.isEmpty {
      self = .pending
    } else if exposure.announcers.isEmpty {
      self = .unannounced
    } else if !exposure.isHeard {
      self = .unheard
    } else if exposure.announcers.count(where: { $0.announcingProtocol == .layer2 }) > 1 {
      self = .contested
    } else {
      self = exposure.reason == nil ? .well : .partial
    }
  }

  /// What comes first where there is trouble.
  var rank: Int {
    switch self {
    case .pending, .unannounced, .unheard, .contested: 0
    case .partial: 1
    case .well: 2
    case .foreign: 3
    }
  }

  var isTroubled: Bool { self.rank < 2 }

  /// The sentence that goes with it; `reason` is the controller's.
  func sentence(reason: String?) -> String {
    switch self {
    case .well: "has its address, and is announced"
    case .partial: reason ?? "does not have all that it asks for"
    case .pending: reason ?? "has no address (yet)"
    case .unannounced: "has an address that nobody announces"
    case .unheard: "is announced by BGP alone, and no router hears it"
    case .contested: "is announced on the local network by several nodes"
    case .foreign: "is for another load balancer"
    }
  }
}
