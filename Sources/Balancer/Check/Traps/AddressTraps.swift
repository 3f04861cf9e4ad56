import KubernetesModel
import Primitives

/// Addresses of pools that something else in the cluster has already: a node, the pods, or Services as cluster IPs.
///
/// Announcing a node's own address cuts the node off (user-needs 41); one that pods or cluster IPs are given reaches them
/// from outside alone, and never from a node.
enum AddressTraps {
  /// A range that is taken, and by what.
  private struct Taken {
    var range: IPRange
    /// Such as `the pods of node w1`.
    var owner: String
  }

  static func problems(in surroundings: Surroundings, kubeadm: JSONValue?) -> [Problem] {
    let (nodes, pods, services) = (
      self.nodes(surroundings), self.pods(surroundings, kubeadm), self.services(surroundings, kubeadm)
    )
    return (surroundings.configuration.pools ?? []).flatMap { pool in
      pool.spec.addresses.enumerated().flatMap { index, text -> [Problem] in
        guard let range = try? AddressBlock.parse(text) else { return [] }
        func trap(_ taken: [Taken], _ message: (String) -> String, _ remedy: String) -> Problem? {
          let owners = taken.filter { $0.range.overlaps(range) }.map(\.owner)
          guard !owners.isEmpty else { return nil }
          return .trap(
            IPAddressPool.type.kind, pool.key, "spec.addresses[\(index)]", message(ClusterTraps.list(owners)), remedy)
        }
        return [
          trap(
            nodes, { "\(text) holds addresses of nodes: \($0). A Service that gets one of them cuts the node off" },
            "Take the addresses of nodes out of the range."),
          trap(
            pods, { "\(text) overlaps the addresses of pods: \($0)" },
            "Choose addresses that the cluster's network does not give to pods."),
          trap(
            services, { "\(text) overlaps cluster IPs: \($0)" },
            "Choose addresses outside of the range of cluster IPs."),
        ].compactMap { $0 }
      }
    }
  }

  private static func nodes(_ surroundings: Surroundings) -> [Taken] {
    (surroundings.nodes ?? []).flatMap { node in
      (node.status?.addresses ?? []).compactMap { entry in
        IPAddress(entry.address).flatMap { address in
          IPRange(from: address, through: address).map { Taken(range: $0, owner: "\(address) of \(node.key.name)") }
        }
      }
    }
  }

  private static func taken(_ text: String, _ owner: String) -> Taken? {
    (try? AddressBlock.parse(text)).map { Taken(range: $0, owner: "\(text) (\(owner))") }
  }

  private static func pods(_ surroundings: Surroundings, _ kubeadm: JSONValue?) -> [Taken] {
    let nodes = (surroundings.nodes ?? []).flatMap { node in
      (node.spec?.podCIDRs ?? node.spec?.podCIDR.map { [$0] } ?? []).map {
        ($0, "spec.podCIDRs of Node \(node.key.name)")
      }
    }
    let calico = (surroundings.neighbours[.calicoPools] ?? []).compactMap { pool in
      pool[path: "spec", "cidr"]?.string.map { ($0, "Calico's IPPool \(pool.objectKey.name)") }
    }
    let whole = self.ranges(kubeadm, "podSubnet").map { ($0, "podSubnet of kubeadm") }
    return (whole + calico + nodes).compactMap { self.taken($0, $1) }
  }

  /// The ranges of cluster IPs; where nobody tells them, the cluster IPs that there are.
  private static func services(_ surroundings: Surroundings, _ kubeadm: JSONValue?) -> [Taken] {
    let objects = (surroundings.neighbours[.serviceCIDRs] ?? []).flatMap { object in
      (object[path: "spec", "cidrs"]?.strings ?? []).map { ($0, "ServiceCIDR \(object.objectKey.name)") }
    }
    let ranges =
      objects.isEmpty ? self.ranges(kubeadm, "serviceSubnet").map { ($0, "serviceSubnet of kubeadm") } : objects
    guard ranges.isEmpty else { return ranges.compactMap { self.taken($0, $1) } }
    let pools = IPRangeSet(
      (surroundings.configuration.pools ?? []).flatMap { pool in
        pool.spec.addresses.compactMap { try? AddressBlock.parse($0) }
      })
    return surroundings.services.flatMap { service in
      (service.spec?.clusterIPs ?? []).compactMap { text -> Taken? in
        guard let address = IPAddress(text), pools.contains(address) else { return nil }
        return self.taken("\(text)-\(text)", "of Service \(service.key)")
      }
    }
  }

  private static func ranges(_ kubeadm: JSONValue?, _ field: String) -> [String] {
    (kubeadm?[path: "networking", field]?.string ?? "").split(separator: ",").map { String($0.trimmed) }
  }
}
