import KubernetesModel
import Primitives

/// The status of a Service: what it says, what it should say, and the write between the two.
extension ServiceView {
  /// Whether anything of ours is in the object.
  var bearsAddresses: Bool { !self.ingress.isEmpty || self.allocatedFromPool != nil }

  /// The addresses in the status that can be read.
  var shownAddresses: [IPAddress] { self.ingressTexts.compactMap { IPAddress($0) } }

  /// Whether the status says exactly what an allocation does; what the server adds to an address does not matter.
  func shows(_ allocation: Allocation) -> Bool {
    self.allocatedFromPool == allocation.pool
      && self.ingress.count == allocation.addresses.count
      && zip(self.ingress, allocation.addresses).allSatisfy { entry, address in
        entry.hostname == nil && entry.ip.flatMap { IPAddress($0) } == address
      }
  }

  /// The write after which the status says what an allocation does; nil = nothing.
  func write(of allocation: Allocation?) -> ServiceWrite {
    var metadata = self.metadata
    var annotations = metadata.annotations ?? [:]
    annotations[ServiceAnnotation.allocatedFromPool.name] = allocation?.pool
    metadata.annotations = annotations.isEmpty ? nil : annotations
    let ingress = allocation?.addresses.map { address in
      LoadBalancerIngress(
        ip: address.description,
        ipMode: self.ingress.first { $0.ip.flatMap { IPAddress($0) } == address }?.ipMode)
    }
    let status = ServiceStatus(loadBalancer: LoadBalancerStatus(ingress: ingress), conditions: self.conditions)
    return ServiceWrite(object: Service(metadata: metadata, status: status))
  }

  /// Takes over what a write made of the object, before the watch says so.
  mutating func apply(_ write: ServiceWrite, resourceVersion: String?) {
    self.metadata.annotations = write.object.metadata.annotations
    self.ingress = write.object.status?.loadBalancer?.ingress ?? []
    if let resourceVersion { self.metadata.resourceVersion = resourceVersion }
  }

  /// Whether this is an older form of the same object: what the watch tells may be behind the answer to a write.
  func isOlder(than other: ServiceView) -> Bool {
    self.metadata.uid == other.metadata.uid && ResourceVersion.isEarlier(self.version, than: other.version)
  }

  /// Whether the user asks for the same in both, so that there is nothing new to tell.
  func asksForTheSame(as other: ServiceView) -> Bool {
    self.isLoadBalancer == other.isLoadBalancer && self.loadBalancerClass == other.loadBalancerClass
      && self.clusterIPs == other.clusterIPs && self.policy == other.policy && self.ports == other.ports
      && self.sharing == other.sharing && self.requestedPool == other.requestedPool
      && self.requested == other.requested
  }
}
