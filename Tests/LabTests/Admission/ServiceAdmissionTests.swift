import KubernetesModel
import Primitives
import Testing

@testable import Lab

/// The facts are those of kube-apiserver 1.36.
@Suite struct ServiceAdmissionTests {
  private let key = ObjectKey(namespace: "default", name: "web")

  private func admission(dual: Bool = false) -> ServiceAdmission {
    let blocks = ["10.96.0.0/16"] + (dual ? ["fd00:96::/112"] : [])
    return ServiceAdmission(ranges: ServiceRanges(blocks: blocks.compactMap { IPPrefix($0) }, seed: 1))
  }

  private func service(_ spec: JSONValue, name: String = "web") -> JSONValue {
    ["metadata": ["name": .string(name), "namespace": "default"], "spec": spec]
  }

  private func messages(_ work: () throws -> JSONValue) -> [String] {
    do {
      _ = try work()
      return []
    } catch let rejection as Rejection {
      return rejection.errors.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  @Test func `a LoadBalancer gets all defaults, a cluster address and node ports`() throws {
    var admission = admission()
    let made = try admission.prepareCreate(
      service([
        "type": "LoadBalancer", "ports": [["port": 53, "name": "t"], ["port": 53, "name": "u", "protocol": "UDP"]],
      ]), key)
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
        [
          "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"
        ]
      ),
      ([:], ["spec.ports: Required value"]),
      (
        ["ports": [["port": 80], ["port": 81]]],
        ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"]
      ),
      (
        ["ports": [["port": 80, "nodePort": 31_555]]],
        ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]
      ),
      (
        ["ports": [["port": 80]], "externalTrafficPolicy": "Local"],
        ["spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services"]
      ),
      (
        ["ports": [["port": 80]], "loadBalancerClass": "a.b/c"],
        ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"]
      ),
      (
        ["ports": [["port": 80]], "type": "Nope"],
        [
          "spec.type: Unsupported value: \"Nope\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\""
        ]
      ),
      (
        ["ports": [["port": 80]], "ipFamilyPolicy": "RequireDualStack"],
        [
          "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services"
        ]
      ),
      (
        ["ports": [["port": 80]], "ipFamilies": ["IPv6"]],
        ["spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"]
      ),
      (
        ["ports": [["port": 80]], "clusterIP": "10.1.1.1"],
        [
          "spec.clusterIPs: Invalid value: [\"10.1.1.1\"]: failed to allocate IP 10.1.1.1: the provided network does not match the current range"
        ]
      ),
    ] as [(JSONValue, [String])])
  func `what is wrong is refused with the server's sentence`(spec: JSONValue, sentences: [String]) {
    #expect(
      messages {
        var admission = admission(); return try admission.prepareCreate(service(spec), key)
      } == sentences)
  }

  @Test func `an address or port that another Service holds is refused until that one is gone`() throws {
    var admission = admission()
    let spec: JSONValue = [
      "ports": [["port": 80, "nodePort": 31_777]], "type": "NodePort", "clusterIP": "10.96.50.50",
    ]
    let first = try admission.prepareCreate(service(spec), key)
    let other = ObjectKey(namespace: "default", name: "other")
    let ports: JSONValue = ["ports": [["port": 80, "nodePort": 31_777]], "type": "NodePort"]
    #expect(
      messages { try admission.prepareCreate(service(ports), other) }
        == ["spec.ports[0].nodePort: Invalid value: 31777: provided port is already allocated"])
    #expect(
      messages { try admission.prepareCreate(service(["ports": [["port": 80]], "clusterIP": "10.96.50.50"]), other) }
        == [
          "spec.clusterIPs: Invalid value: [\"10.96.50.50\"]: failed to allocate IP 10.96.50.50: provided IP is already allocated"
        ])
    admission.release(first, key)
    #expect(messages { try admission.prepareCreate(service(spec), other) } == [])
  }

  @Test func `leaving the type LoadBalancer clears the status and what no longer fits`() throws {
    var admission = admission()
    var balancer = try admission.prepareCreate(
      service(["type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [["port": 80]]]), key)
    #expect(balancer[path: "spec", "healthCheckNodePort"]?.integer != nil)
    var write = balancer
    write["status"] = ["loadBalancer": ["ingress": [["ip": "192.0.2.5"]]], "conditions": [["type": "x"]]]
    balancer = try admission.prepareStatusUpdate(write, replacing: balancer)
    #expect(balancer[path: "status", "loadBalancer", "ingress"] == [["ip": "192.0.2.5", "ipMode": "VIP"]])

    var change = balancer
    change["spec"]?["type"] = "ClusterIP"
    let plain = try admission.prepareUpdate(change, replacing: balancer, key)
    #expect(plain["status"] == ["loadBalancer": [:], "conditions": [["type": "x"]]])
    #expect(plain[path: "spec", "clusterIP"] == balancer[path: "spec", "clusterIP"])
    for gone in ["externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts"] {
      #expect(plain["spec"]?[gone] == nil, "\(gone) stays")
    }
    #expect(plain[path: "spec", "ports"]?.array?.first?["nodePort"] == nil)
    var status = plain
    status["status"] = ["loadBalancer": ["ingress": [["ip": "192.0.2.6"]]]]
    #expect(
      messages { try admission.prepareStatusUpdate(status, replacing: plain) }
        == ["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"])
  }

  @Test func `an update that leaves out addresses and ports keeps them, and the cluster address never changes`() throws
  {
    var admission = admission()
    let made = try admission.prepareCreate(service(["type": "LoadBalancer", "ports": [["port": 80]]]), key)
    let bare = service(["type": "LoadBalancer", "ports": ([["port": 80], ["port": 81]] as JSONValue).named()])
    let kept = try admission.prepareUpdate(bare, replacing: made, key)
    #expect(kept[path: "spec", "clusterIPs"] == made[path: "spec", "clusterIPs"])
    #expect(
      kept[path: "spec", "ports"]?.array?.first?["nodePort"] == made[path: "spec", "ports"]?.array?.first?["nodePort"])
    var moved = made
    moved["spec"]?["clusterIP"] = "10.96.44.44"
    #expect(
      messages { try admission.prepareUpdate(moved, replacing: made, key) }
        == ["spec.clusterIPs[0]: Invalid value: [\"10.96.44.44\"]: may not change once set"])
    var classed = made
    classed["spec"]?["loadBalancerClass"] = "a.b/c"
    #expect(
      messages { try admission.prepareUpdate(classed, replacing: made, key) }
        == ["spec.loadBalancerClass: Invalid value: \"a.b/c\": may not change once set"])
  }

  @Test func `a dual-stack cluster gives one address a family, in the order asked for`() throws {
    var admission = admission(dual: true)
    let made = try admission.prepareCreate(
      service(["ports": [["port": 80]], "ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv6"]]), key)
    #expect(made[path: "spec", "ipFamilies"] == ["IPv6", "IPv4"])
    let families = made["spec"]?.texts("clusterIPs").compactMap { IPAddress($0)?.family }
    #expect(families == [.ipv6, .ipv4])
  }
}

extension JSONValue {
  /// A list of ports with a name each.
  fileprivate func named() -> JSONValue {
    .array(
      (self.array ?? []).enumerated().map { index, port in
        var port = port
        port["name"] = .string("p\(index)")
        return port
      })
  }
}
