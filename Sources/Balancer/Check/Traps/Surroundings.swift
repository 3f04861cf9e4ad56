import KubernetesModel
import Primitives

/// What stands around MetalLB in a cluster, as far as it could be read: the facts in which ``ClusterTraps`` looks for what
/// keeps a configuration that is valid from working.
///
/// Nil = not known, which is never a trap.
package struct Surroundings: Sendable, Equatable {
  package var configuration: ConfigurationObjects
  /// Of every type: cluster IPs are used as well.
  package var services: [Service]
  package var nodes: [Node]?
  /// Of the Services that keep their traffic on the node.
  package var endpoints: [EndpointsView]?
  /// `kube-system/kubeadm-config`, as kubeadm leaves it.
  package var kubeadm: ConfigMap?
  /// `kube-system/kube-proxy`.
  package var proxy: ConfigMap?
  /// `kube-system/cilium-config`.
  package var cilium: ConfigMap?
  /// Objects of other projects; a kind that is missing is not known, or the cluster does not have it.
  package var neighbours: [NeighbourKind: [JSONValue]] = [:]
  /// Pods that call themselves MetalLB's, wherever they are.
  package var pods: [JSONValue] = []
  /// Where MetalLB is.
  package var namespace: String
  /// The class of Services that MetalLB is for; nil = those without one.
  package var loadBalancerClass: String?

  package init(
    configuration: ConfigurationObjects, services: [Service] = [], nodes: [Node]? = nil, namespace: String,
    loadBalancerClass: String? = nil
  ) {
    self.configuration = configuration
    self.services = services
    self.nodes = nodes
    self.namespace = namespace
    self.loadBalancerClass = loadBalancerClass
  }
}

/// A kind of object that tells what others do in the cluster.
package enum NeighbourKind: Sendable, Hashable, CaseIterable {
  case serviceCIDRs
  /// Who judges objects before they are stored.
  case webhooks
  case calicoConfigurations
  case calicoPeers
  case calicoPools
  case calicoInstallations
  /// What Calico runs on each node.
  case calicoWorkloads
  case ciliumPools
  case ciliumPolicies
  case ciliumBGPClusters
  /// What k3s' ServiceLB runs for each Service.
  case serviceLBWorkloads

  /// In the versions in which they are served, the newest first.
  package var types: [ResourceType] {
    func type(_ group: String, _ version: String, _ plural: String, _ kind: String) -> ResourceType {
      ResourceType(group: group, version: version, plural: plural, kind: kind, isNamespaced: false)
    }
    return switch self {
    case .serviceCIDRs:
      [
        type("networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR"),
        type("networking.k8s.io", "v1beta1", "servicecidrs", "ServiceCIDR"),
      ]
    case .webhooks:
      [
        type(
          "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration")
      ]
    case .calicoConfigurations: [type("crd.projectcalico.org", "v1", "bgpconfigurations", "BGPConfiguration")]
    case .calicoPeers: [type("crd.projectcalico.org", "v1", "bgppeers", "BGPPeer")]
    case .calicoPools: [type("crd.projectcalico.org", "v1", "ippools", "IPPool")]
    case .calicoInstallations: [type("operator.tigera.io", "v1", "installations", "Installation")]
    case .ciliumPools:
      [
        type("cilium.io", "v2", "ciliumloadbalancerippools", "CiliumLoadBalancerIPPool"),
        type("cilium.io", "v2alpha1", "ciliumloadbalancerippools", "CiliumLoadBalancerIPPool"),
      ]
    case .ciliumPolicies:
      [type("cilium.io", "v2alpha1", "ciliuml2announcementpolicies", "CiliumL2AnnouncementPolicy")]
    case .ciliumBGPClusters:
      [
        type("cilium.io", "v2", "ciliumbgpclusterconfigs", "CiliumBGPClusterConfig"),
        type("cilium.io", "v2alpha1", "ciliumbgpclusterconfigs", "CiliumBGPClusterConfig"),
      ]
    case .calicoWorkloads, .serviceLBWorkloads:
      [ResourceType(group: "apps", version: "v1", plural: "daemonsets", kind: "DaemonSet")]
    }
  }

  package var labelSelector: String? {
    switch self {
    case .calicoWorkloads: "k8s-app=calico-node"
    case .serviceLBWorkloads: "svccontroller.k3s.cattle.io/svcname"
    case .serviceCIDRs, .webhooks, .calicoConfigurations, .calicoPeers, .calicoPools, .calicoInstallations,
      .ciliumPools, .ciliumPolicies, .ciliumBGPClusters:
      nil
    }
  }
}

extension JSONValue {
  /// The name of an object.
  var objectKey: ObjectKey {
    ObjectKey(
      namespace: self[path: "metadata", "namespace"]?.string ?? "", name: self[path: "metadata", "name"]?.string ?? "")
  }

  /// The elements that are texts.
  var strings: [String] { (self.array ?? []).compactMap(\.string) }
}

extension Surroundings {
  /// The class that the own controller is started for.
  package var ownClass: String? {
    self.pods.first { pod in
      let labels = pod[path: "metadata", "labels"]
      return pod.objectKey.namespace == self.namespace
        && [labels?["component"], labels?["app.kubernetes.io/component"]].contains("controller")
    }.flatMap { PodArguments.loadBalancerClass(of: $0) }
  }
}
