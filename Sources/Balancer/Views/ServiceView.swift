import KubernetesModel
import Primitives

/// A Service in the fields that allocation needs, and in those that the one full write of its status must carry.
package struct ServiceView: Sendable, Hashable {
  /// Why the addresses that a Service asks for cannot be read; the sentences are upstream's.
  package enum RequestFailure: Error, Hashable, CustomStringConvertible {
    case askedTwice
    case annotation(String)
    case field(String)
    case families(ServiceFamilies.Failure)

    package var description: String {
      switch self {
      case .askedTwice:
        "service can not have both \(ServiceAnnotation.loadBalancerIPs.name) and svc.Spec.LoadBalancerIP"
      case .annotation(let text): "invalid \(ServiceAnnotation.loadBalancerIPs.name): \(GoText.quoted(text))"
      case .field(let text): "invalid spec.loadBalancerIP \(GoText.quoted(text))"
      case .families(let failure): failure.description
      }
    }
  }

  /// As read: a full write must repeat every field of it.
  package var metadata: ObjectMeta
  package var isLoadBalancer: Bool
  package var loadBalancerClass: String?
  /// Empty = the cluster has not given any yet.
  package var clusterIPs: [String]
  /// The single `spec.clusterIP`, which one sentence prints.
  package var clusterIP: String
  /// Whether the first of `spec.ipFamilies` is IPv6.
  package var prefersIPv6: Bool
  package var policy: FamilyPolicy
  package var ports: [PortKey]
  /// Nil = shares its addresses with nobody.
  package var sharing: SharingKey?
  /// Nil = any pool.
  package var requestedPool: String?
  /// The addresses asked for; empty = any.
  package var requested: Result<[IPAddress], RequestFailure>
  /// What the status says now, and the conditions beside it, which belong to others.
  package var ingress: [LoadBalancerIngress]
  package var conditions: [JSONValue]?

  package init(_ service: Service) {
    let spec = service.spec ?? ServiceSpec()
    let annotations = service.metadata.annotations
    self.metadata = service.metadata
    self.isLoadBalancer = spec.type == "LoadBalancer"
    self.loadBalancerClass = spec.loadBalancerClass
    self.clusterIP = spec.clusterIP ?? ""
    self.clusterIPs = spec.clusterIPs ?? []
    if self.clusterIPs.isEmpty, !self.clusterIP.isEmpty { self.clusterIPs = [self.clusterIP] }
    self.prefersIPv6 = spec.ipFamilies?.first == "IPv6"
    self.policy = spec.ipFamilyPolicy.flatMap(FamilyPolicy.init) ?? .singleStack
    self.ports = (spec.ports ?? []).map { PortKey(protocol: $0.protocol ?? "TCP", number: $0.port) }
    self.sharing = SharingKey(spec: spec, annotations: annotations)
    let pool = ServiceAnnotation.addressPool.value(in: annotations) ?? ""
    self.requestedPool = pool.isEmpty ? nil : pool
    self.requested = Self.requested(spec: spec, annotations: annotations)
    self.ingress = service.status?.loadBalancer?.ingress ?? []
    self.conditions = service.status?.conditions
  }

  package var key: ObjectKey { ObjectKey(namespace: self.metadata.namespace ?? "", name: self.metadata.name ?? "") }
  package var labels: [String: String] { self.metadata.labels ?? [:] }
  /// The resource version; empty = not known.
  package var version: String { self.metadata.resourceVersion ?? "" }

  /// The texts of the addresses in the status, without entries that have none (of other implementations).
  package var ingressTexts: [String] { self.ingress.compactMap(\.ip).filter { !$0.isEmpty } }

  /// The pool that the annotation names as the owner of the addresses.
  package var allocatedFromPool: String? { self.metadata.annotations?[ServiceAnnotation.allocatedFromPool.name] }

  /// The deprecated annotations on the Service, in the order of their names.
  package var deprecatedAnnotations: [String] {
    (self.metadata.annotations ?? [:]).keys.filter { $0.hasPrefix(ServiceAnnotation.deprecatedPrefix) }.sorted()
  }

  /// What an Event on the Service refers to.
  package var reference: ObjectReference { ObjectReference(to: Service(metadata: self.metadata)) }

  private static func requested(
    spec: ServiceSpec, annotations: [String: String]?
  ) -> Result<[IPAddress], RequestFailure> {
    let list = ServiceAnnotation.loadBalancerIPs.value(in: annotations) ?? ""
    let field = spec.loadBalancerIP ?? ""
    guard list.isEmpty || field.isEmpty else { return .failure(.askedTwice) }
    if !field.isEmpty {
      return IPAddress(field).map { .success([$0]) } ?? .failure(.field(field))
    }
    guard !list.isEmpty else { return .success([]) }
    var addresses: [IPAddress] = []
    for text in list.split(separator: ",", omittingEmptySubsequences: false) {
      guard let address = IPAddress(text.trimmed) else { return .failure(.annotation(list)) }
      addresses.append(address)
    }
    do {
      _ = try ServiceFamilies(of: addresses)
      return .success(addresses)
    } catch {
      return .failure(.families(error))
    }
  }
}

/// One port on a load-balancer address, by which two Services on it must differ.
package struct PortKey: Sendable, Hashable, CustomStringConvertible {
  package var `protocol`: String
  package var number: Int

  package init(protocol: String, number: Int) {
    self.protocol = `protocol`
    self.number = number
  }

  /// `TCP/80`.
  package var description: String { "\(self.protocol)/\(self.number)" }
}

/// What two Services must have in common to share an address (contract section 8.4).
package struct SharingKey: Sendable, Hashable {
  /// The user's string; never empty.
  package var sharing: String
  /// The selector, where traffic stays on the node that it reaches; else empty.
  package var backend: String

  package init(sharing: String, backend: String = "") {
    self.sharing = sharing
    self.backend = backend
  }

  init?(spec: ServiceSpec, annotations: [String: String]?) {
    guard let sharing = ServiceAnnotation.allowSharedIP.value(in: annotations), !sharing.isEmpty else { return nil }
    self.sharing = sharing
    guard spec.externalTrafficPolicy == "Local" else {
      self.backend = ""
      return
    }
    self.backend = (spec.selector ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
      separator: ",")
  }
}
