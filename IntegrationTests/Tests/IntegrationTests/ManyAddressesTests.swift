import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// So many IPv6 addresses on one interface that the groups of their questions do not fit into one socket.
  @Suite(.timeLimit(.minutes(3)))
  struct ManyAddressesTests {
    /// Of 2,340 groups a socket has room for, where the kernel grants it its usual 128 KiB.
    private static let count = 2400

    /// Services s1, s2, ... with the addresses 2001:db8:40::1, ::2, ..., each with one endpoint on the node.
    private static let creation = """
      def create(number):
          name = f's{number}'
          core.create_namespaced_service('default', client.V1Service(
              metadata=client.V1ObjectMeta(name=name, annotations={'metallb.io/loadBalancerIPs': f'2001:db8:40::{number:x}'}),
              spec=client.V1ServiceSpec(type='LoadBalancer', ip_families=['IPv6'], ports=[client.V1ServicePort(port=80)])))
          discovery.create_namespaced_endpoint_slice('default', client.V1EndpointSlice(
              metadata=client.V1ObjectMeta(name=name, labels={'kubernetes.io/service-name': name}), address_type='IPv6',
              endpoints=[client.V1Endpoint(addresses=['fd00::2'], node_name=sys.argv[2],
                  conditions=client.V1EndpointConditions(ready=True))],
              ports=[client.DiscoveryV1EndpointPort(port=80)]))
      discovery = client.DiscoveryV1Api()
      with ThreadPoolExecutor(8) as hands:
          list(hands.map(create, range(1, int(sys.argv[1]) + 1)))
      """

    @Test func `2,400 IPv6 addresses on one interface are all listened for, and answered`() async throws {
      try await TestNetwork.with { network in
        let (node, client) = (try await network.addHost("node"), try await network.addHost("client"))
        let segment = try await network.addSegment("floor")
        let port = try await segment.plug(node, "2001:db8:1::1/64")
        try await segment.plug(client, "2001:db8:1::9/64")
        let cluster = try await BGPCluster.start(on: node)
        try await cluster.apply(
          Manifest.pool("pool", "2001:db8:40::/112"), Manifest.advertisement("l2", pools: "pool"))
        _ = try cluster.startSpeaker()
        try await cluster.python(Self.creation, "\(Self.count)", BGPCluster.nodeName, within: .seconds(120))
        func groups() async throws -> Int {
          let lines = try await node.run("cat", "/proc/net/igmp6").expectSuccess().split(separator: "\n")
          return lines.count { $0.contains(" \(port.interface) ") && $0.contains("ff0200000000000000000001ff00") }
        }
        try await eventually("the kernel listens to a group for each address", within: .seconds(60)) {
          try await groups()
        } isRight: {
          $0 >= Self.count
        }
        let hardware = try await port.hardwareAddress()
        for number in Array(stride(from: 1, to: Self.count, by: 300)) + [2340, 2341, Self.count] {
          let address = "2001:db8:40::\(String(number, radix: 16))"
          try await eventually("\(address) is answered for", equals: hardware, within: .seconds(60)) {
            let output = try await client.run("ndisc6", "-1", "-q", "-r", "1", "-w", "500", address, "eth0").out
            return output.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
          }
        }
        let beyond = "2001:db8:40::\(String(Self.count + 1, radix: 16))"
        #expect(try await client.run("ndisc6", "-1", "-q", "-r", "1", "-w", "500", beyond, "eth0").code != 0)
      }
    }
  }
}
