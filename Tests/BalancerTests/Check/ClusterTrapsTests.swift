import KubernetesModel
import Testing

@testable import Balancer

/// What keeps a valid configuration from working in the cluster that it is in.
@Suite struct ClusterTrapsTests {
  private static let system = "metallb-system"

  private static func meta(_ name: String, _ labels: [String: String]? = nil, namespace: String? = system) -> ObjectMeta
  {
    ObjectMeta(name: name, namespace: namespace, labels: labels)
  }

  private static func pool(
    _ name: String, _ addresses: String..., status: IPAddressPool.Status? = nil, autoAssign: Bool? = nil
  ) -> IPAddressPool {
    IPAddressPool(
      metadata: self.meta(name), spec: .init(addresses: addresses, autoAssign: autoAssign), status: status)
  }

  private static func node(
    _ name: String, address: String = "198.51.100.1", pods: [String]? = nil, labels: [String: String]? = nil
  ) -> Node {
    Node(
      metadata: self.meta(name, labels, namespace: nil), spec: NodeSpec(podCIDRs: pods),
      status: NodeStatus(
        conditions: [.init(type: "Ready", status: "True")], addresses: [.init(type: "InternalIP", address: address)]))
  }

  private static func service(
    _ name: String, pool: String = "main", labels: [String: String]? = nil, policy: String? = nil,
    clusterIP: String = "203.0.113.7", class: String? = nil
  ) -> Service {
    var metadata = self.meta(name, labels, namespace: "default")
    metadata.annotations = ["metallb.io/ip-allocated-from-pool": pool]
    return Service(
      metadata: metadata,
      spec: ServiceSpec(
        type: "LoadBalancer", clusterIPs: [clusterIP], loadBalancerClass: `class`, externalTrafficPolicy: policy),
      status: ServiceStatus(loadBalancer: LoadBalancerStatus(ingress: [LoadBalancerIngress(ip: "192.0.2.1")])))
  }

  /// A cluster in which nothing is wrong: one pool, announced on the local network.
  private static let sound: Surroundings = {
    let configuration = ConfigurationObjects(
      pools: [ClusterTrapsTests.pool("main", "192.0.2.0/24")],
      l2Advertisements: [L2Advertisement(metadata: ClusterTrapsTests.meta("lan"), spec: .init())],
      bgpAdvertisements: [], bgpPeers: [], bfdProfiles: [], communities: [])
    return Surroundings(
      configuration: configuration, services: [ClusterTrapsTests.service("web")],
      nodes: [ClusterTrapsTests.node("w1"), ClusterTrapsTests.node("w2", address: "198.51.100.2")], namespace: system)
  }()

  private static func peer(_ name: String, _ address: String, passive: Bool? = nil) -> BGPPeer {
    BGPPeer(
      metadata: self.meta(name),
      spec: .init(myASN: 64512, peerASN: 64513, peerAddress: address, passiveMode: passive))
  }

  /// The traps that a change of the sound cluster holds, as `kind name field`, and the first sentence.
  private func traps(_ change: (inout Surroundings) -> Void) -> [Problem] {
    var surroundings = Self.sound
    change(&surroundings)
    return ClusterTraps.problems(in: surroundings) { text throws(NotYAML) in
      // The texts of the tests are names of documents.
      guard let document = Self.documents[text] else { throw NotYAML() }
      return document
    }
  }

  private struct NotYAML: Error {}
  private static let documents: [String: JSONValue] = [
    "kubeadm": ["networking": ["podSubnet": "10.244.0.0/16, 2001:db8:f::/48", "serviceSubnet": "10.96.0.0/12"]],
    "ipvs": ["mode": "ipvs"],
  ]

  private func places(_ problems: [Problem]) -> [String] {
    problems.map { "\($0.kind) \($0.key.name) \($0.field)" }
  }

  @Test func `a sound cluster holds no trap, and neither does one of which nothing can be read`() {
    #expect(self.traps { _ in } == [])
    let unread = Surroundings(configuration: ConfigurationObjects(), namespace: Self.system)
    #expect(ClusterTraps.problems(in: unread) { _ throws(NotYAML) in throw NotYAML() } == [])
  }

  @Test func `every trap is a warning with a remedy`() {
    let problems = self.traps { surroundings in
      surroundings.configuration.pools = [Self.pool("main", "198.51.100.0/24")]
      surroundings.configuration.l2Advertisements = []
    }
    #expect(problems.count == 2 && problems.allSatisfy { $0.severity == .warning && !$0.remedy.isEmpty })
  }

  // MARK: Addresses

  @Test func `a pool with addresses of nodes is told with the range and the nodes`() {
    let problems = self.traps {
      $0.configuration.pools = [Self.pool("main", "192.0.2.0/24", "198.51.100.2-198.51.100.9")]
    }
    #expect(self.places(problems) == ["IPAddressPool main spec.addresses[1]"])
    #expect(
      problems.first?.message
        == "198.51.100.2-198.51.100.9 holds addresses of nodes: 198.51.100.2 of w2. A Service that gets one of them "
        + "cuts the node off")
  }

  @Test func `a pool that overlaps pods is told, whoever tells of the pods`() {
    let changes: [(String, (inout Surroundings) -> Void)] = [
      ("spec.podCIDRs of Node w1", { $0.nodes = [Self.node("w1", pods: ["10.244.1.0/24"])] }),
      (
        "podSubnet of kubeadm",
        { $0.kubeadm = ConfigMap(metadata: Self.meta("kubeadm-config"), data: ["ClusterConfiguration": "kubeadm"]) }
      ),
      ("Calico's IPPool", { $0.neighbours[.calicoPools] = [["spec": ["cidr": "10.244.0.0/16"]]] }),
    ]
    for (owner, change) in changes {
      let problems = self.traps {
        $0.configuration.pools = [Self.pool("main", "10.244.1.0/28")]
        change(&$0)
      }
      #expect(self.places(problems) == ["IPAddressPool main spec.addresses[0]"])
      #expect(problems.first?.message.contains(owner) == true, "\(problems)")
    }
  }

  @Test func `a pool that overlaps cluster IPs is told, by the range or by a Service that has one`() {
    let range = self.traps {
      $0.configuration.pools = [Self.pool("main", "10.96.7.0/28")]
      $0.neighbours[.serviceCIDRs] = [["metadata": ["name": "kubernetes"], "spec": ["cidrs": ["10.96.0.0/12"]]]]
    }
    #expect(range.first?.message == "10.96.7.0/28 overlaps cluster IPs: 10.96.0.0/12 (ServiceCIDR kubernetes)")
    let service = self.traps {
      $0.configuration.pools = [Self.pool("main", "10.96.7.0/28")]
      $0.services = [Self.service("web", clusterIP: "10.96.7.3"), Self.service("two", clusterIP: "10.96.8.3")]
    }
    #expect(service.count == 1 && service.first?.message.contains("of Service default/web") == true)
  }

  // MARK: Announcements

  @Test func `a pool that no advertisement selects is told with the Services that suffer`() {
    let problems = self.traps {
      $0.configuration.pools?.append(Self.pool("other", "192.0.3.0/24"))
      $0.configuration.l2Advertisements?[0].spec = .init(ipAddressPools: ["main"])
      $0.services.append(Self.service("mail", pool: "other"))
    }
    #expect(self.places(problems) == ["IPAddressPool other "])
    #expect(problems.first?.message == "no advertisement selects the pool: nobody announces default/mail")
  }

  @Test func `advertising by BGP without a router is told`() {
    let advertisement = BGPAdvertisement(metadata: Self.meta("wan"), spec: .init())
    #expect(
      self.places(self.traps { $0.configuration.bgpAdvertisements = [advertisement] })
        == ["BGPAdvertisement wan spec.peers"])
    #expect(
      self.traps {
        $0.configuration.bgpAdvertisements = [advertisement]
        $0.configuration.bgpPeers = [Self.peer("rack", "203.0.113.1")]
      } == [])
  }

  @Test func `nodes that are all labelled to take no traffic are told, unless speakers ignore the label`() {
    let label = [NodeView.exclusionLabel: ""]
    func all(_ surroundings: inout Surroundings) {
      surroundings.nodes = [Self.node("w1", labels: label), Self.node("w2", labels: label)]
    }
    #expect(
      self.places(self.traps(all)) == [
        "Node w1 metadata.labels[node.kubernetes.io/exclude-from-external-load-balancers]"
      ])
    #expect(
      self.traps {
        all(&$0)
        $0.pods = [Self.pod("speaker", in: Self.system, "--port=7472", "--ignore-exclude-lb")]
      } == [])
    // One that may announce is enough, unless advertisements are for others.
    #expect(self.traps { $0.nodes = [Self.node("w1", labels: label), Self.node("w2")] } == [])
    let selected = self.traps {
      $0.nodes = [Self.node("w1", labels: label.merging(["role": "edge"]) { $1 }), Self.node("w2")]
      $0.configuration.l2Advertisements?[0].spec = .init(nodeSelectors: [LabelSelector(matchLabels: ["role": "edge"])])
    }
    #expect(self.places(selected) == ["L2Advertisement lan spec.nodeSelectors"])
  }

  @Test func `Services that the advertisements of their pool do not select are told, many of them counted`() {
    let problems = self.traps {
      $0.configuration.l2Advertisements?[0].spec = .init(
        serviceSelectors: [LabelSelector(matchLabels: ["public": "yes"])])
      $0.services = [Self.service("web", labels: ["public": "yes"])] + (100..<150).map { Self.service("s\($0)") }
    }
    #expect(problems.count == 20 && problems.first?.key.name == "s100")
    #expect(problems.last?.message.hasSuffix("(and so for 30 Services more)") == true)
  }

  @Test func `a Service that keeps traffic local is told if its pods are where nobody announces`() {
    func change(_ surroundings: inout Surroundings, endpoints: [String: Int], class: String? = nil) {
      surroundings.services = [Self.service("web", policy: "Local", class: `class`)]
      surroundings.nodes = [Self.node("w1", labels: ["role": "edge"]), Self.node("w2")]
      surroundings.configuration.l2Advertisements?[0].spec = .init(
        nodeSelectors: [LabelSelector(matchLabels: ["role": "edge"])])
      surroundings.endpoints = [
        EndpointsView(
          key: ObjectKey(namespace: "default", name: "web-1"), service: ObjectKey(namespace: "default", name: "web"),
          isUsable: true, counts: endpoints)
      ]
    }
    #expect(self.places(self.traps { change(&$0, endpoints: ["w2": 1]) }) == ["Service web spec.externalTrafficPolicy"])
    #expect(self.traps { change(&$0, endpoints: ["w1": 1, "w2": 1]) } == [])
    #expect(self.traps { change(&$0, endpoints: [:]) } == [], "pods that are not ready are another matter")
    #expect(self.traps { change(&$0, endpoints: ["w2": 1], class: "other") } == [], "that of another is none of ours")
  }

  @Test func `a family is exhausted when no pool for everybody has an address of it`() {
    let full = IPAddressPool.Status(assignedIPv4: 2, assignedIPv6: 0, availableIPv4: 0, availableIPv6: 0)
    let free = IPAddressPool.Status(assignedIPv4: 0, assignedIPv6: 0, availableIPv4: 9, availableIPv6: 0)
    let problems = self.traps { $0.configuration.pools = [Self.pool("main", "192.0.2.0/31", status: full)] }
    #expect(self.places(problems) == ["IPAddressPool main spec.addresses"])
    #expect(problems.first?.message.hasPrefix("all IPv4 addresses of main are in use") == true)
    #expect(
      self.traps {
        $0.configuration.pools = [
          Self.pool("main", "192.0.2.0/31", status: full), Self.pool("next", "192.0.3.0/24", status: free),
        ]
      } == [])
    #expect(
      self.traps {
        $0.configuration.pools = [
          Self.pool("main", "192.0.2.0/31", status: full),
          Self.pool("kept", "192.0.3.0/24", status: free, autoAssign: false),
        ]
      }.count == 1)
  }

  // MARK: Neighbours

  @Test func `Calico with a session to the same router is told, and what a passive peer needs beside it`() {
    let problems = self.traps {
      $0.configuration.bgpPeers = [
        Self.peer("rack-a", "203.0.113.1"), Self.peer("rack-b", "203.0.113.2", passive: true),
      ]
      $0.neighbours[.calicoPeers] = [
        ["metadata": ["name": "tor"], "spec": ["peerIP": "203.0.113.1:179", "asNumber": 64513]],
        ["metadata": ["name": "other"], "spec": ["peerIP": "203.0.113.9"]],
      ]
    }
    #expect(self.places(problems) == ["BGPPeer rack-a spec.peerAddress", "BGPPeer rack-b spec.passiveMode"])
    #expect(problems[0].message.hasPrefix("Calico (its BGPPeer tor) speaks BGP with the same router"))
    #expect(problems[0].remedy.contains("serviceLoadBalancerIPs") && problems[1].remedy.contains("--bgp-listen-port"))
  }

  @Test func `a router that is to connect meets Calico's BGP, and nothing where Calico speaks none`() {
    func calico(_ backend: JSONValue) -> [Problem] {
      self.traps {
        $0.configuration.bgpPeers = [Self.peer("rack-b", "203.0.113.2", passive: true)]
        let container: JSONValue = ["env": [["name": "CALICO_NETWORKING_BACKEND", "value": backend]]]
        $0.neighbours[.calicoWorkloads] = [["spec": ["template": ["spec": ["containers": [container]]]]]]
      }
    }
    #expect(self.places(calico("bird")) == ["BGPPeer rack-b spec.passiveMode"] && calico("vxlan") == [])
    #expect(
      self.traps { $0.configuration.bgpPeers = [Self.peer("rack-b", "203.0.113.2", passive: true)] } == [])
    #expect(
      self.traps {
        $0.configuration.bgpPeers = [Self.peer("rack-b", "203.0.113.2", passive: true)]
        $0.neighbours[.calicoInstallations] = [["spec": ["calicoNetwork": ["bgp": "Enabled"]]]]
      }.count == 1)
  }

  @Test func `addresses that Calico announces as well are told`() {
    let problems = self.traps {
      $0.configuration.bgpPeers = [Self.peer("rack-a", "203.0.113.1")]
      $0.configuration.bgpAdvertisements = [BGPAdvertisement(metadata: Self.meta("wan"), spec: .init())]
      $0.neighbours[.calicoConfigurations] = [
        ["metadata": ["name": "default"], "spec": ["serviceLoadBalancerIPs": [["cidr": "192.0.2.0/25"]]]]
      ]
    }
    #expect(self.places(problems) == ["BGPConfiguration default spec.serviceLoadBalancerIPs"])
  }

  @Test func `Cilium with addresses, ARP and routers of its own is told`() {
    let problems = self.traps {
      $0.configuration.bgpPeers = [Self.peer("rack-a", "2001:db8::1")]
      $0.cilium = ConfigMap(
        metadata: ObjectMeta(name: "cilium-config", namespace: "kube-system"),
        data: ["enable-l2-announcements": "true", "enable-bgp-control-plane": "true"])
      $0.neighbours[.ciliumPools] = [
        ["metadata": ["name": "blue"], "spec": ["blocks": [["cidr": "192.0.9.0/24"]]]],
        ["metadata": ["name": "off"], "spec": ["disabled": true]],
      ]
      $0.neighbours[.ciliumPolicies] = [
        ["metadata": ["name": "l2"], "spec": ["loadBalancerIPs": true]],
        ["metadata": ["name": "external"], "spec": ["externalIPs": true]],
      ]
      $0.neighbours[.ciliumBGPClusters] = [
        ["metadata": ["name": "edge"], "spec": ["bgpInstances": [["peers": [["peerAddress": "2001:db8::1"]]]]]]
      ]
    }
    #expect(
      self.places(problems) == [
        "BGPPeer rack-a spec.peerAddress", "CiliumL2AnnouncementPolicy l2 spec.loadBalancerIPs",
        "CiliumLoadBalancerIPPool blue spec",
      ])
  }

  @Test func `k3s' ServiceLB is told once, with the Services that it serves`() {
    let problems = self.traps {
      $0.neighbours[.serviceLBWorkloads] = ["web", "mail"].map { name in
        [
          "metadata": [
            "name": .string("svclb-\(name)"), "namespace": "kube-system",
            "labels": [
              "svccontroller.k3s.cattle.io/svcname": .string(name),
              "svccontroller.k3s.cattle.io/svcnamespace": "default",
            ],
          ]
        ]
      }
    }
    #expect(problems.count == 1 && problems.first?.message.contains("default/mail, default/web") == true)
    #expect(problems.first?.remedy == "Start k3s with --disable=servicelb.")
  }

  private static func pod(_ name: String, in namespace: String, _ arguments: String...) -> JSONValue {
    [
      "metadata": [
        "name": .string(name), "namespace": .string(namespace),
        "labels": ["component": .string(name.split(separator: "-").first.map(String.init) ?? name)],
      ],
      "spec": ["containers": [["args": .array(arguments.map { .string($0) })]]],
    ]
  }

  @Test func `a controller elsewhere is told if it is for the same class`() {
    let own = Self.pod("controller", in: Self.system, "--lb-class=ours")
    func traps(_ other: JSONValue) -> [Problem] {
      self.traps {
        $0.pods = [own, other]
        $0.loadBalancerClass = $0.ownClass
        $0.services = []
      }
    }
    let same = traps(Self.pod("controller-x", in: "other", "--lb-class", "ours"))
    #expect(self.places(same) == ["Pod controller-x spec.containers[].args"])
    #expect(
      same.first?.message
        == #"another MetalLB, in namespace other, gives addresses to the same Services, those of class "ours""#)
    #expect(traps(Self.pod("controller-x", in: "other")) == [])
    #expect(traps(Self.pod("speaker-x", in: "other", "--lb-class=ours")) == [])
  }

  @Test func `a webhook without anybody to trust is told, one of others is not`() {
    func webhooks(_ bundle: JSONValue, namespace: JSONValue = "metallb-system") -> [Problem] {
      self.traps {
        $0.neighbours[.webhooks] = [
          [
            "metadata": ["name": "metallb-webhook-configuration"],
            "webhooks": [
              [
                "clientConfig": ["caBundle": bundle, "service": ["namespace": namespace]],
                "rules": [["apiGroups": ["metallb.io"]]],
              ]
            ],
          ]
        ]
      }
    }
    #expect(
      self.places(webhooks(""))
        == ["ValidatingWebhookConfiguration metallb-webhook-configuration webhooks[0].clientConfig.caBundle"])
    #expect(webhooks(.null).count == 1 && webhooks("Q0E=") == [] && webhooks("", namespace: "other") == [])
  }

  @Test func `kube-proxy in IPVS mode counts only where something is announced on the local network`() {
    let proxy = ConfigMap(
      metadata: ObjectMeta(name: "kube-proxy", namespace: "kube-system"), data: ["config.conf": "ipvs"])
    #expect(self.places(self.traps { $0.proxy = proxy }) == ["ConfigMap kube-proxy data.config.conf: ipvs.strictARP"])
    #expect(
      self.traps {
        $0.proxy = proxy
        $0.configuration.l2Advertisements = []
        $0.configuration.bgpAdvertisements = [BGPAdvertisement(metadata: Self.meta("wan"), spec: .init())]
        $0.configuration.bgpPeers = [Self.peer("rack", "203.0.113.1")]
      } == [])
  }

  @Test func `flags of a container are found in every spelling`() {
    func value(_ words: String...) -> String? {
      PodArguments.value(
        of: "lb-class", in: ["spec": ["containers": [["command": .array(words.map { .string($0) })]]]])
    }
    #expect(value("x", "--lb-class=a") == "a" && value("x", "-lb-class", "b") == "b")
    #expect(value("x", "--lb-class", "--port=1") == "" && value("--lb-classes=a") == nil && value("lb-class=a") == nil)
  }
}
