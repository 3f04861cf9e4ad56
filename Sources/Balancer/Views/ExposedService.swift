import KubernetesModel
import Primitives

/// A Service in the fields that announcing its addresses needs.
///
/// Changes of anything else (heartbeats of other controllers, annotations, ports) leave the view equal, and so cost
/// nothing.
package struct ExposedService: Sendable, Hashable {
  /// What the status says of the addresses (contract section 10).
  package enum Ingress: Sendable, Hashable {
    case none
    /// An entry that is no address: of another implementation, as a rule.
    case invalid
    /// At least one, in the order of the status; the first decides the election.
    case addresses([IPAddress])
  }

  package var key: ObjectKey
  /// Tells this Service from a later one of the same name, in Events.
  package var uid: String?
  package var labels: [String: String]
  package var isLoadBalancer: Bool
  package var loadBalancerClass: String?
  package var ingress: Ingress
  /// Whether traffic stays on the node that it reaches (`externalTrafficPolicy: Local`).
  package var keepsTrafficLocal: Bool
  /// Whether it allows others to have its addresses too (annotation `allow-shared-ip`).
  package var mayShareAddress: Bool

  package init(
    key: ObjectKey, uid: String? = nil, labels: [String: String] = [:], isLoadBalancer: Bool = true,
    loadBalancerClass: String? = nil, ingress: Ingress, keepsTrafficLocal: Bool = false,
    mayShareAddress: Bool = false
  ) {
    self.key = key
    self.uid = uid
    self.labels = labels
    self.isLoadBalancer = isLoadBalancer
    self.loadBalancerClass = loadBalancerClass
    self.ingress = ingress
    self.keepsTrafficLocal = keepsTrafficLocal
    self.mayShareAddress = mayShareAddress
  }

  package init(_ service: Service) {
    self.init(
      key: service.key, uid: service.metadata.uid, labels: service.metadata.labels ?? [:],
      isLoadBalancer: service.spec?.type == "LoadBalancer", loadBalancerClass: service.spec?.loadBalancerClass,
      ingress: Ingress(service.status?.loadBalancer?.ingress ?? []),
      keepsTrafficLocal: service.spec?.externalTrafficPolicy == "Local",
      mayShareAddress: ServiceAnnotation.allowSharedIP.value(in: service.metadata.annotations)?.isEmpty == false)
  }

  /// The addresses of the status; empty if there are none that can be announced.
  package var addresses: [IPAddress] {
    guard case .addresses(let addresses) = self.ingress else { return [] }
    return addresses
  }

  /// What an Event on the Service refers to.
  package var reference: ObjectReference {
    ObjectReference(
      apiVersion: Service.type.apiVersion, kind: Service.type.kind, namespace: self.key.namespace, name: self.key.name,
      uid: self.uid)
  }
}

extension ExposedService.Ingress {
  package init(_ entries: [LoadBalancerIngress]) {
    let addresses = entries.compactMap { $0.ip.flatMap { IPAddress($0) } }
    if entries.isEmpty {
      self = .none
    } else if addresses.count == entries.count {
      self = .addresses(addresses)
    } else {
      self = .invalid
    }
  }
}
