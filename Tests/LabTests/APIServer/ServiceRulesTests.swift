import KubernetesModel
import Lab
import Primitives
import Testing

/// The facts are those of kube-apiserver 1.36.
@Suite struct ServiceRulesTests {
  /// A cluster with its namespaces, seen through the one door that clients have.
  private struct Cluster {
    let registry: APIRegistry

    init(dual: Bool = false) async {
      let ranges = ["10.96.0.0/16"] + (dual ? ["fd00:96::/112"] : [])
      self.registry = APIRegistry(
        settings: APIRegistry.Settings(serviceRanges: ranges.compactMap { IPPrefix($0) }), seed: 1)
      await self.registry.furnishCluster()
    }

    func create(_ spec: JSONValue, name: String = "web") async throws(APIFailure) -> JSONValue {
      try await self.registry.create(
        ["apiVersion": "v1", "kind": "Service", "metadata": ["name": .string(name)], "spec": spec], as: Service.type,
        namespace: "default")
    }

    func patch(_ patch: JSONValue, subresource: String? = nil) async throws(APIFailure) -> JSONValue {
      try await self.registry.patch(
        .merge(patch), Service.type, ObjectKey(namespace: "default", name: "web"), subresource: subresource)
    }

    /// The sentence that refuses what is tried; nil if it is accepted.
    func refusal(_ work: (Cluster) async throws(APIFailure) -> JSONValue) async -> String? {
      do throws(APIFailure) {
        _ = try await work(self)
        return nil
      } catch {
        return error.message
      }
    }
  }

  @Test func `a LoadBalancer gets all defaults, a cluster address and node ports`() async throws {
    let made = try await Cluster().create([
      "type": "LoadBalancer", "ports": [["port": 53, "name": "t"], ["port": 53, "name": "u", "protocol": "UDP"]],
    ])
    let spec = try #require(made["spec"])
    #expect(spec["sessionAffinity"] == "None")
    #expect(spec["externalTrafficPolicy"] == "Cluster")
    #expect(spec["internalTrafficPolicy"] == "Cluster")
    #expect(spec["allocateLoadBalancerNodePorts"] == true)
    #expect(spec["ipFamilies"] == ["IPv4"])
    #expect(spec["ipFamilyPolicy"] == "SingleStack")
    #expect(spec["clusterIPs"]?.array?.first == spec["clusterIP"])
    #expect(made["status"] == ["loadBalancer": [:]])
    let ports = try #require(spec["ports"]?.array)
    #expect(ports[0]["targetPort"] == 53)
    #expect(ports[0]["protocol"] == "TCP")
    #expect(ports[0]["nodePort"] == ports[1]["nodePort"], "TCP and UDP of one port share a number")
    #expect((30_000...32_767).contains(ports[0]["nodePort"]?.integer ?? 0))
  }

  @Test(
    arguments: [
      (
        ["ports": [["port": 80, "nodePort": 80]], "type": "NodePort"],
        "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range."
          + " The range of valid ports is 30000-32767"
      ),
      ([:], "spec.ports: Required value"),
      (
        ["ports": [["port": 80], ["port": 81]]],
        "[spec.ports[0].name: Required value, spec.ports[1].name: Required value]"
      ),
      (
        ["ports": [["port": 80, "nodePort": 31_555]]],
        "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
      ),
      (
        ["ports": [["port": 80]], "externalTrafficPolicy": "Local"],
        "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services"
      ),
      (
        ["ports": [["port": 80]], "loadBalancerClass": "a.b/c"],
        "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"
      ),
      (
        ["ports": [["port": 80]], "type": "Nope"],
        "spec.type: Unsupported value: \"Nope\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\","
          + " \"NodePort\""
      ),
      (
        ["ports": [["port": 80]], "ipFamilyPolicy": "RequireDualStack"],
        "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services"
      ),
      (
        ["ports": [["port": 80]], "ipFamilies": ["IPv6"]],
        "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"
      ),
    ] as [(JSONValue, String)])
  func `what is wrong is refused with the server's sentence`(spec: JSONValue, sentence: String) async throws {
    let refusal = await Cluster().refusal { cluster throws(APIFailure) in try await cluster.create(spec) }
    #expect(refusal == "Service \"web\" is invalid: \(sentence)")
  }

  @Test func `an address or port that another Service holds is refused until that one is gone`() async throws {
    let cluster = await Cluster()
    let spec: JSONValue = [
      "ports": [["port": 80, "nodePort": 31_777]], "type": "NodePort", "clusterIP": "10.96.50.50",
    ]
    _ = try await cluster.create(spec)
    let port: JSONValue = ["ports": [["port": 80, "nodePort": 31_777]], "type": "NodePort"]
    let address: JSONValue = ["ports": [["port": 80]], "clusterIP": "10.96.50.50"]
    let portRefusal = await cluster.refusal { cluster throws(APIFailure) in try await cluster.create(port, name: "b") }
    let addressRefusal = await cluster.refusal { cluster throws(APIFailure) in
      try await cluster.create(address, name: "b")
    }
    #expect(
      portRefusal
        == "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 31777: provided port is already allocated")
    #expect(
      addressRefusal
        == "Service \"b\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.50.50\"]: failed to allocate IP"
        + " 10.96.50.50: provided IP is already allocated")
    _ = try await cluster.registry.delete(Service.type, ObjectKey(namespace: "default", name: "web"))
    _ = try await cluster.create(spec, name: "b")
  }

  @Test func `leaving the type LoadBalancer clears the status and what no longer fits`() async throws {
    let cluster = await Cluster()
    let made = try await cluster.create([
      "type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [["port": 80]],
    ])
    #expect(made[path: "spec", "healthCheckNodePort"]?.integer != nil)
    let status: JSONValue = ["status": ["loadBalancer": ["ingress": [["ip": "192.0.2.5"]]]]]
    let balanced = try await cluster.patch(status, subresource: "status")
    #expect(balanced[path: "status", "loadBalancer", "ingress"] == [["ip": "192.0.2.5", "ipMode": "VIP"]])

    let plain = try await cluster.patch(["spec": ["type": "ClusterIP"]])
    #expect(plain["status"] == ["loadBalancer": [:]])
    #expect(plain[path: "spec", "clusterIP"] == made[path: "spec", "clusterIP"])
    for gone in ["externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts"] {
      #expect(plain["spec"]?[gone] == nil, "\(gone) stays")
    }
    #expect(plain[path: "spec", "ports"]?.array?.first?["nodePort"] == nil)
    let refusal = await cluster.refusal { cluster throws(APIFailure) in
      try await cluster.patch(status, subresource: "status")
    }
    #expect(
      refusal == "Service \"web\" is invalid: status.loadBalancer.ingress: Forbidden: may only be used when"
        + " `spec.type` is 'LoadBalancer'")
  }

  @Test func `an update that leaves out addresses and ports keeps them, and what is fixed never changes`() async throws
  {
    let cluster = await Cluster()
    let made = try await cluster.create(["type": "LoadBalancer", "ports": [["port": 80]]])
    let kept = try await cluster.patch([
      "spec": ["clusterIP": nil, "clusterIPs": nil, "ports": [["port": 80, "name": "a"], ["port": 81, "name": "b"]]]
    ])
    #expect(kept[path: "spec", "clusterIPs"] == made[path: "spec", "clusterIPs"])
    #expect(
      kept[path: "spec", "ports"]?.array?.first?["nodePort"] == made[path: "spec", "ports"]?.array?.first?["nodePort"])
    let moved = await cluster.refusal { cluster throws(APIFailure) in
      try await cluster.patch(["spec": ["clusterIP": "10.96.44.44"]])
    }
    #expect(
      moved
        == "Service \"web\" is invalid: spec.clusterIPs[0]: Invalid value: [\"10.96.44.44\"]: may not change once set")
    let classed = await cluster.refusal { cluster throws(APIFailure) in
      try await cluster.patch(["spec": ["loadBalancerClass": "a.b/c"]])
    }
    #expect(
      classed == "Service \"web\" is invalid: spec.loadBalancerClass: Invalid value: \"a.b/c\": may not change once set"
    )
  }

  @Test func `a dual-stack cluster gives one address a family, in the order asked for`() async throws {
    let made = try await Cluster(dual: true).create([
      "ports": [["port": 80]], "ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv6"],
    ])
    #expect(made[path: "spec", "ipFamilies"] == ["IPv6", "IPv4"])
    let addresses = made[path: "spec", "clusterIPs"]?.array?.compactMap(\.string).compactMap { IPAddress($0) }
    #expect(addresses?.map(\.family) == [.ipv6, .ipv4])
  }
}
