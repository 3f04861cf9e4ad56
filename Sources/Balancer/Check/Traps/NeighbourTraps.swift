import KubernetesModel
import Primitives

/// Others in the cluster who do the same work: Calico's and Cilium's BGP, Cilium's own addresses for Services, k3s' ServiceLB,
/// another MetalLB.
struct NeighbourTraps {
  private let surroundings: Surroundings

  init(_ surroundings: Surroundings) {
    self.surroundings = surroundings
  }

  var problems: [Problem] {
    self.calico + self.cilium + self.serviceLB + self.otherControllers + self.webhooks
  }

  private func objects(_ kind: NeighbourKind) -> [JSONValue] { self.surroundings.neighbours[kind] ?? [] }

  private var peers: [BGPPeer] { self.surroundings.configuration.bgpPeers ?? [] }

  /// Our peers that are the same routers as somebody else's.
  private func sharedRouters(_ addresses: [(address: String, owner: String)], whose: String, remedy: String)
    -> [Problem]
  {
    let owners = Dictionary(
      addresses.compactMap { entry in IPAddress(Self.host(entry.address)).map { ($0, entry.owner) } }
    ) { first, _ in first }
    return self.peers.compactMap { peer in
      guard let text = peer.spec?.peerAddress, let address = IPAddress(text), let owner = owners[address] else {
        return nil
      }
      return .trap(
        BGPPeer.type.kind, peer.key, "spec.peerAddress",
        "\(owner) speaks BGP with the same router: it takes one session from a node's address, so that \(whose) and the "
          + "speaker's end each other", remedy)
    }
  }

  /// Without a port, as in `192.0.2.1:1179` and `[2001:db8::1]:1179`.
  private static func host(_ text: String) -> String {
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      return String(text[text.index(after: text.startIndex)..<end])
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 2 ? String(parts[0]) : text
  }

  // MARK: Calico

  private var calico: [Problem] {
    let (configurations, calicoPeers) = (self.objects(.calicoConfigurations), self.objects(.calicoPeers))
    let remedy =
      "Let Calico announce: put the pool's addresses in serviceLoadBalancerIPs of its BGPConfiguration and delete this "
      + "BGPPeer. Or let the speaker use another address (spec.sourceAddress) or another router."
    guard !calicoPeers.isEmpty || !configurations.isEmpty || self.hasCalicoBGP else { return [] }
    var problems = self.sharedRouters(
      calicoPeers.compactMap { peer in
        peer[path: "spec", "peerIP"]?.string.map { ($0, "Calico (its BGPPeer \(peer.objectKey.name))") }
      }, whose: "Calico's session", remedy: remedy)
    problems += self.peers.filter { $0.spec?.passiveMode == true && $0.spec?.interface == nil }.map { peer in
      .trap(
        BGPPeer.type.kind, peer.key, "spec.passiveMode",
        "the router is to connect, and Calico's BGP has port 179 of the nodes",
        "Start the speakers with --bgp-listen-port=1790 and let the router connect to that port, or set passiveMode: false."
      )
    }
    return problems + self.calicoAnnouncements(configurations)
  }

  /// Whether Calico speaks BGP even without an object that says so, as it does between nodes by default.
  private var hasCalicoBGP: Bool {
    if self.objects(.calicoInstallations).contains(where: { $0[path: "spec", "calicoNetwork", "bgp"] == "Enabled" }) {
      return true
    }
    let containers: [JSONValue] = self.objects(.calicoWorkloads).flatMap {
      $0[path: "spec", "template", "spec", "containers"]?.array ?? []
    }
    let variables: [JSONValue] = containers.flatMap { $0["env"]?.array ?? [] }
    return variables.contains { variable in
      variable["name"]?.string == "CALICO_NETWORKING_BACKEND" && variable["value"]?.string == "bird"
    }
  }

  /// Addresses that Calico announces as well, as its BGPConfiguration says.
  private func calicoAnnouncements(_ configurations: [JSONValue]) -> [Problem] {
    guard self.surroundings.configuration.bgpAdvertisements?.isEmpty == false, !self.peers.isEmpty else { return [] }
    return configurations.flatMap { object -> [Problem] in
      let ranges = (object[path: "spec", "serviceLoadBalancerIPs"]?.array ?? []).compactMap { entry in
        entry["cidr"]?.string.flatMap { try? AddressBlock.parse($0) }
      }
      return (self.surroundings.configuration.pools ?? []).compactMap { pool in
        let blocks = pool.spec.addresses.compactMap { try? AddressBlock.parse($0) }
        guard blocks.contains(where: { block in ranges.contains { $0.overlaps(block) } }) else { return nil }
        return .trap(
          "BGPConfiguration", object.objectKey, "spec.serviceLoadBalancerIPs",
          "Calico announces addresses of pool \(pool.key.name) by BGP, and so do the speakers",
          "Leave it to one of the two: take the addresses out of serviceLoadBalancerIPs, or delete the BGPPeers.")
      }
    }
  }

  // MARK: Cilium

  private var cilium: [Problem] {
    func isOn(_ name: String) -> Bool { self.surroundings.cilium?.data?[name] == "true" }
    let key = self.surroundings.cilium?.key ?? ObjectKey(namespace: "kube-system", name: "cilium-config")
    let classes =
      "give the Services of one of the two a spec.loadBalancerClass (the speakers' and the controller's --lb-class)"
    var problems = self.objects(.ciliumPools).filter { $0[path: "spec", "disabled"] != true }.map { pool in
      Problem.trap(
        "CiliumLoadBalancerIPPool", pool.objectKey, "spec",
        "Cilium gives Services of type LoadBalancer addresses of this pool, as MetalLB gives them others",
        "Delete it (or set spec.disabled: true), or \(classes).")
    }
    let hasLayer2 = self.surroundings.configuration.l2Advertisements?.isEmpty == false
    if isOn("enable-l2-announcements"), hasLayer2 {
      problems += self.objects(.ciliumPolicies).filter { $0[path: "spec", "loadBalancerIPs"] == true }.map { policy in
        .trap(
          "CiliumL2AnnouncementPolicy", policy.objectKey, "spec.loadBalancerIPs",
          "Cilium answers ARP for addresses of Services, and so do the speakers: two nodes answer for one address",
          "Set l2announcements.enabled=false in Cilium, delete the policy, or \(classes).")
      }
    }
    guard isOn("enable-bgp-control-plane"), !self.peers.isEmpty else { return problems }
    let routers = self.objects(.ciliumBGPClusters).flatMap { cluster in
      (cluster[path: "spec", "bgpInstances"]?.array ?? []).flatMap { $0["peers"]?.array ?? [] }.compactMap { peer in
        peer["peerAddress"]?.string.map { (address: $0, owner: "Cilium (its \(cluster.objectKey.name))") }
      }
    }
    problems += self.sharedRouters(
      routers, whose: "Cilium's session",
      remedy: "Let one of the two announce: delete this BGPPeer, or take the router out of the CiliumBGPClusterConfig "
        + "(\(key)).")
    return problems
  }

  // MARK: Others

  private var serviceLB: [Problem] {
    let workloads = self.objects(.serviceLBWorkloads)
    guard let first = workloads.first else { return [] }
    let services = workloads.compactMap { workload -> String? in
      let labels = workload[path: "metadata", "labels"]
      guard let name = labels?["svccontroller.k3s.cattle.io/svcname"]?.string else { return nil }
      return "\(labels?["svccontroller.k3s.cattle.io/svcnamespace"]?.string ?? "")/\(name)"
    }
    return [
      .trap(
        "DaemonSet", first.objectKey, "metadata.labels[svccontroller.k3s.cattle.io/svcname]",
        "k3s' ServiceLB is on, and gives \(ClusterTraps.list(services.sorted())) the addresses of nodes",
        "Start k3s with --disable=servicelb.")
    ]
  }

  /// Controllers elsewhere that are for the same Services.
  private var otherControllers: [Problem] {
    let controllers = self.surroundings.pods.filter { pod in
      let labels = pod[path: "metadata", "labels"]
      return [labels?["component"], labels?["app.kubernetes.io/component"]].contains("controller")
    }
    let others = controllers.filter { pod in
      pod.objectKey.namespace != self.surroundings.namespace
        && PodArguments.loadBalancerClass(of: pod) == self.surroundings.loadBalancerClass
    }
    let namespaces = Dictionary(grouping: others, by: \.objectKey.namespace)
    return namespaces.sorted { $0.key < $1.key }.compactMap { namespace, pods in
      guard let pod = pods.map(\.objectKey).min() else { return nil }
      let name = self.surroundings.loadBalancerClass.map { "of class \"\($0)\"" } ?? "without a class"
      return .trap(
        Pod.type.kind, pod, "spec.containers[].args",
        "another MetalLB, in namespace \(namespace), gives addresses to the same Services, those \(name)",
        "Delete one of the two, or start one of them with --lb-class; look at the other with -n \(namespace).")
    }
  }

  /// Webhooks for our objects in which the API server cannot trust anybody, or which nobody serves.
  private var webhooks: [Problem] {
    self.objects(.webhooks).flatMap { configuration -> [Problem] in
      let ours = (configuration["webhooks"]?.array ?? []).enumerated().filter { _, webhook in
        webhook[path: "clientConfig", "service", "namespace"]?.string == self.surroundings.namespace
          && (webhook["rules"]?.array ?? []).contains { $0["apiGroups"]?.strings.contains("metallb.io") == true }
      }
      guard let (index, _) = ours.first(where: { $1[path: "clientConfig", "caBundle"]?.string?.isEmpty != false })
      else {
        return []
      }
      return [
        .trap(
          "ValidatingWebhookConfiguration", configuration.objectKey, "webhooks[\(index)].clientConfig.caBundle",
          "the API server is told to trust nobody, and so refuses every object of MetalLB's",
          "A controller fills it in seconds: see that one leads (metallb status) and is not started with "
            + "--disable-cert-rotation; with that, fill it yourself.")
      ]
    }
  }
}
