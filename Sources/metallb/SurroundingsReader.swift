import Balancer
import KubernetesClient
import KubernetesModel

/// Reads what stands around MetalLB in a cluster, for ``ClusterTraps``; what may not be read is not known.
struct SurroundingsReader {
  let reader: ClusterReader
  var loadBalancerClass: String?

  private var client: KubernetesClient { self.reader.client }

  /// What keeps the configuration from working here.
  func traps(
    configuration: ConfigurationObjects, services: [Service], nodes: [Node]?
  ) async -> [Problem] {
    ClusterTraps.problems(
      in: await self.read(configuration: configuration, services: services, nodes: nodes), parse: YAMLText.document)
  }

  func read(configuration: ConfigurationObjects, services: [Service], nodes: [Node]?) async -> Surroundings {
    async let kubeadm = self.configMap("kubeadm-config")
    async let proxy = self.configMap(ProxyConfiguration.key.name)
    async let cilium = self.configMap("cilium-config")
    async let neighbours = self.neighbours()
    async let pods = self.pods()
    async let endpoints = self.endpoints(of: services)
    var surroundings = Surroundings(
      configuration: configuration, services: services, nodes: nodes, namespace: self.reader.namespace)
    surroundings.kubeadm = await kubeadm
    surroundings.proxy = await proxy
    surroundings.cilium = await cilium
    surroundings.neighbours = await neighbours
    surroundings.pods = await pods
    surroundings.endpoints = await endpoints
    surroundings.loadBalancerClass = self.loadBalancerClass ?? surroundings.ownClass
    return surroundings
  }

  private func configMap(_ name: String) async -> ConfigMap? {
    try? await self.client.get(ConfigMap.self, ObjectKey(namespace: "kube-system", name: name))
  }

  /// The kinds that the cluster has, so that those which it has not need not be asked for.
  private func neighbours() async -> [NeighbourKind: [JSONValue]] {
    guard let groups = try? await self.client.send(APIRequest(.get, "/apis"), as: JSONValue.self) else { return [:] }
    let served = Set(
      (groups["groups"]?.array ?? []).flatMap { $0["versions"]?.array ?? [] }.compactMap { $0["groupVersion"]?.string })
    return await withTaskGroup(of: (NeighbourKind, [JSONValue]?).self) { group in
      for kind in NeighbourKind.allCases {
        let types = kind.types.filter { served.contains($0.apiVersion) }
        guard !types.isEmpty else { continue }
        group.addTask { (kind, await self.objects(of: types, labelSelector: kind.labelSelector)) }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }

  /// Those of the first version that has the kind; nil = none has, or they may not be read.
  private func objects(of types: [ResourceType], labelSelector: String? = nil) async -> [JSONValue]? {
    for type in types {
      let request = APIRequest(.get, type.path(), query: [("labelSelector", labelSelector), ("limit", "500")])
      if let list = try? await self.client.send(request, as: JSONValue.self) { return list["items"]?.array ?? [] }
    }
    return nil
  }

  /// By the labels of manifest and of chart.
  private func pods() async -> [JSONValue] {
    async let manifest = self.objects(of: [Pod.type], labelSelector: "app=metallb")
    async let chart = self.objects(of: [Pod.type], labelSelector: "app.kubernetes.io/name=metallb")
    return await (manifest ?? []) + (chart ?? [])
  }

  /// Only of the namespaces in which a Service keeps its traffic on the node.
  private func endpoints(of services: [Service]) async -> [EndpointsView]? {
    let local = services.filter {
      $0.spec?.type == "LoadBalancer" && $0.spec?.externalTrafficPolicy == "Local"
        && $0.status?.loadBalancer?.ingress?.isEmpty == false
    }
    var slices: [EndpointSlice] = []
    for namespace in Set(local.map(\.key.namespace)) {
      guard let found = try? await self.reader.objects(EndpointSlice.self, in: namespace) else { return nil }
      slices += found
    }
    return slices.map(EndpointsView.init)
  }
}
