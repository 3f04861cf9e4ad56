import Primitives
import Testing

@testable import Lab

struct RulesetTests {
  static func backend(_ last: UInt8, local: Bool) -> ProxiedPort.Backend {
    ProxiedPort.Backend(address: .v4(IPv4Address(10, 244, 1, last)), port: 8080, isLocal: local)
  }

  static func port(
    _ name: String, cluster: UInt8, external: UInt8?, nodePort: Int?, local: Bool, backends: [ProxiedPort.Backend]
  ) -> ProxiedPort {
    ProxiedPort(
      name: "default/\(name)/tcp/80", transport: "tcp",
      clusterAddresses: [.init(address: .v4(IPv4Address(10, 96, 0, cluster)), port: 80)],
      externalAddresses: external.map { [.init(address: .v4(IPv4Address(10, 0, 0, $0)), port: 80)] } ?? [],
      nodePort: nodePort, keepsExternalTrafficLocal: local, keepsInternalTrafficLocal: false, isSticky: false,
      backends: backends)
  }

  @Test func `traffic takes turns among the pods and loses its source under policy Cluster`() {
    let ruleset = Ruleset(
      family: .ipv4, podNetwork: "10.244.0.0/16",
      ports: [
        Self.port(
          "nginx", cluster: 7, external: 35, nodePort: 30080, local: false,
          backends: [Self.backend(2, local: true), Self.backend(3, local: false)]),
        Self.port("none", cluster: 8, external: 36, nodePort: 30081, local: false, backends: []),
        Self.port(
          "far", cluster: 9, external: 37, nodePort: 30082, local: true, backends: [Self.backend(3, local: false)]),
        Self.port(
          "near", cluster: 10, external: 38, nodePort: nil, local: true,
          backends: [Self.backend(2, local: true), Self.backend(3, local: false)]),
      ])
    print(ruleset.text)
  }
}
