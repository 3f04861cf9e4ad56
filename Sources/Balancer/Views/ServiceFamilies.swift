import KubernetesModel
import Primitives

/// The address families of a Service: those of its cluster IPs, which its load-balancer addresses follow (contract
/// section 8.1).
package enum ServiceFamilies: Sendable, Hashable, CustomStringConvertible {
  case single(IPFamily)
  case dual

  /// Why a list of addresses has no families to speak of; the sentences are upstream's.
  package enum Failure: Error, Hashable, CustomStringConvertible {
    case invalid([String])
    case same([String])
    case length([String])

    package var description: String {
      switch self {
      case .invalid(let texts): "IPFamilyForAddresses: Invalid address \(GoText.quoted(list: texts))"
      case .same(let texts): "IPFamilyForAddresses: same address family \(GoText.quoted(list: texts))"
      case .length(let texts):
        "IPFamilyForAddresses: invalid ips length \(texts.count) \(GoText.quoted(list: texts))"
      }
    }
  }

  /// The families of one address, or of two that must differ.
  package init(of texts: [String]) throws(Failure) {
    guard texts.count == 1 || texts.count == 2 else { throw .length(texts) }
    let addresses = texts.compactMap { IPAddress($0) }
    guard addresses.count == texts.count else { throw .invalid(texts) }
    if let only = addresses.first, addresses.count == 1 {
      self = .single(only.family)
    } else if Set(addresses.map(\.family)).count == 2 {
      self = .dual
    } else {
      throw .same(texts)
    }
  }

  /// The families of addresses that were read already.
  package init(of addresses: [IPAddress]) throws(Failure) {
    try self.init(of: addresses.map(\.description))
  }

  package func contains(_ family: IPFamily) -> Bool {
    switch self {
    case .single(let only): only == family
    case .dual: true
    }
  }

  /// `ipv4`, `ipv6` or `dual`.
  package var description: String {
    switch self {
    case .single(let family): family.description
    case .dual: "dual"
    }
  }
}

/// How many families a Service asks for (`spec.ipFamilyPolicy`).
package enum FamilyPolicy: String, Sendable, Hashable {
  case singleStack = "SingleStack"
  case preferDualStack = "PreferDualStack"
  case requireDualStack = "RequireDualStack"
}
