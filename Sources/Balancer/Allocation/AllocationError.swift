import KubernetesModel
import Primitives

/// Why a Service gets no address, or not the one that it asks for; the descriptions are upstream's sentences (contract
/// section 8.6, with Docs/differences.md).
package enum AllocationError: Error, Sendable, Hashable, CustomStringConvertible {
  case noneAvailable
  case noneAvailableInPool(String)
  case noneAvailableForFamily(pool: String, families: ServiceFamilies)
  case unknownPool(String)
  case notInConfiguration([IPAddress])
  case incompatiblePool(String)
  case moreThanTwo([IPAddress])
  case sameFamily(IPAddress, IPAddress)
  case otherSharingKey(service: ObjectKey, users: [ObjectKey])
  case portInUse(PortKey, IPAddress)
  case otherFamily([IPAddress])
  case otherPool([IPAddress], requested: String)
  case request(ServiceView.RequestFailure)
  case families(ServiceFamilies.Failure)
  /// Not a sentence of upstream, which is silent then.
  case noPools
  /// The cluster has not given the Service a cluster IP; there is no event for it.
  case noClusterIPs
  case notEnoughClusterIPs([String])

  package var description: String {
    switch self {
    case .noneAvailable: "no available IPs"
    case .noneAvailableInPool(let pool): "no available IPs in pool \(pool)"
    case .noneAvailableForFamily(let pool, let families):
      "no available IPs in pool \(pool) for \(families) IPFamily"
    case .unknownPool(let pool): "unknown pool \(GoText.quoted(pool))"
    case .notInConfiguration(let addresses):
      if let only = addresses.first, addresses.count == 1 {
        "\"\(only)\" is not allowed in config"
      } else {
        "\(GoText.quoted(list: addresses)) is not allowed in config"
      }
    case .incompatiblePool(let pool): "pool \(pool) not compatible for ip assignment"
    case .moreThanTwo(let addresses): "more than two addresses \(GoText.quoted(list: addresses))"
    case .sameFamily(let first, let second): "\"\(first)\" \"\(second)\" has the same family"
    case .otherSharingKey(let service, let users):
      "can't change sharing key for \"\(service)\", address also in use by "
        + users.map(\.description).joined(separator: ",")
    case .portInUse(let port, let address): "port \(port) is already in use on \"\(address)\""
    case .otherFamily(let addresses):
      "requested loadBalancer IP(s) \(GoText.quoted(list: addresses)) does not match the ipFamily of the service"
    case .otherPool(let addresses, let pool):
      "requested loadBalancer IP(s) \(GoText.quoted(list: addresses)) is not compatible with requested address pool "
        + pool
    case .request(let failure): failure.description
    case .families(let failure): failure.description
    case .noClusterIPs: "invalid ClusterIPs [[]] [], can't determine family"
    case .notEnoughClusterIPs(let texts):
      "Service requires dual stack but not enough clusterips [\(texts.joined(separator: " "))]"
    case .noPools: "no address pools are configured, create an IPAddressPool in the namespace of MetalLB"
    }
  }
}
