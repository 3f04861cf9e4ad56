import KubernetesModel
import Primitives

/// One port of a Service as the proxy of one node serves it: where traffic is taken, and where it goes.
struct ProxiedPort: Sendable, Hashable {
  /// A place that traffic comes to: an address with the port of the Service.
  struct Destination: Sendable, Hashable {
    let address: IPAddress
    let port: Int
  }

  struct Backend: Sendable, Hashable {
    let address: IPAddress
    let port: Int
    let isLocal: Bool
  }

  /// `default/nginx/tcp/80`, the name of its chains.
  let name: String
  let transport: String
  let clusterAddresses: [Destination]
  /// Load-balancer and external addresses.
  let externalAddresses: [Destination]
  let nodePort: Int?
  /// Whether traffic from outside goes only to pods of this node, with its source kept (externalTrafficPolicy Local).
  let keepsExternalTrafficLocal: Bool
  let keepsInternalTrafficLocal: Bool
  /// Whether one client always meets the same pod (sessionAffinity ClientIP).
  let isSticky: Bool
  /// The pods that take traffic, on all nodes.
  let backends: [Backend]

  var localBackends: [Backend] { self.backends.filter(\.isLocal) }

  /// The ports of one family of a Service, seen from a node.
  static func ports(
    of service: LabObject, slices: [LabObject], node: String, family: IPFamily
  ) -> [ProxiedPort] {
    let spec = service.spec
    guard !service.isDeleting, spec["type"]?.string != "ExternalName" else { return [] }
    func addresses(_ texts: [String]) -> [IPAddress] {
      texts.compactMap { IPAddress($0) }.filter { $0.family == family }
    }
    let clusterTexts =
      spec["clusterIPs"]?.array?.compactMap(\.string) ?? (spec["clusterIP"]?.string).map { [$0] } ?? []
    let ingress = (service.status[path: "loadBalancer", "ingress"]?.array ?? [])
      .filter { ($0["ipMode"]?.string ?? "VIP") == "VIP" }.compactMap { $0["ip"]?.string }
    let outside = ingress + (spec["externalIPs"]?.array?.compactMap(\.string) ?? [])
    return (spec["ports"]?.array ?? []).compactMap { port in
      guard let number = port["port"]?.integer.flatMap({ Int(exactly: $0) }) else { return nil }
      let transport = (port["protocol"]?.string ?? "TCP").lowercased()
      func destinations(_ addresses: [IPAddress]) -> [Destination] {
        addresses.map { Destination(address: $0, port: number) }
      }
      return ProxiedPort(
        name: "\(service.namespace)/\(service.name)/\(transport)/\(number)", transport: transport,
        clusterAddresses: destinations(addresses(clusterTexts)), externalAddresses: destinations(addresses(outside)),
        nodePort: port["nodePort"]?.integer.flatMap { $0 == 0 ? nil : Int(exactly: $0) },
        keepsExternalTrafficLocal: spec["externalTrafficPolicy"]?.string == "Local",
        keepsInternalTrafficLocal: spec["internalTrafficPolicy"]?.string == "Local",
        isSticky: spec["sessionAffinity"]?.string == "ClientIP",
        backends: Self.backends(slices, portName: port["name"]?.string ?? "", node: node, family: family))
    }
  }

  /// Ready endpoints; where there is none, those that still serve while they terminate.
  private static func backends(
    _ slices: [LabObject], portName: String, node: String, family: IPFamily
  ) -> [Backend] {
    var ready: [Backend] = []
    var leaving: [Backend] = []
    for slice in slices {
      let port = slice.json["ports"]?.array?.first { ($0["name"]?.string ?? "") == portName }
      guard let number = port?["port"]?.integer.flatMap({ Int(exactly: $0) }) else { continue }
      for endpoint in slice.json["endpoints"]?.array ?? [] {
        guard let text = endpoint["addresses"]?.array?.first?.string, let address = IPAddress(text),
          address.family == family
        else { continue }
        let backend = Backend(address: address, port: number, isLocal: endpoint["nodeName"]?.string == node)
        let conditions = endpoint["conditions"]
        if conditions?["ready"]?.bool ?? true {
          ready.append(backend)
        } else if conditions?["serving"]?.bool == true, conditions?["terminating"]?.bool == true {
          leaving.append(backend)
        }
      }
    }
    func order(_ left: Backend, _ right: Backend) -> Bool {
      (left.address, left.port) < (right.address, right.port)
    }
    // A node whose own pods all terminate keeps serving with them under policy Local, so both kinds are kept apart.
    let hasLocalReady = ready.contains(where: \.isLocal)
    let own = hasLocalReady ? [] : leaving.filter(\.isLocal)
    return (ready.isEmpty ? leaving : ready + own).sorted(by: order)
  }
}
