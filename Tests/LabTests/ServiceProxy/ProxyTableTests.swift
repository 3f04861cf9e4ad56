import KubernetesModel
import Primitives
import Testing

@testable import Lab

struct ProxyTableTests {
  private static func backend(_ last: UInt8, local: Bool = false) -> ProxiedPort.Backend {
    ProxiedPort.Backend(address: .v4(IPv4Address(10, 244, 1, last)), port: 8080, isLocal: local)
  }

  private static func port(
    _ name: String, cluster: UInt8, external: UInt8? = nil, nodePort: Int? = nil, local: Bool = false,
    backends: [ProxiedPort.Backend]
  ) -> ProxiedPort {
    ProxiedPort(
      name: "default/\(name)/tcp/80", transport: "tcp",
      clusterAddresses: [.init(address: .v4(IPv4Address(10, 96, 0, cluster)), port: 80)],
      externalAddresses: external.map { [.init(address: .v4(IPv4Address(10, 0, 0, $0)), port: 80)] } ?? [],
      nodePort: nodePort, keepsExternalTrafficLocal: local, keepsInternalTrafficLocal: false, isSticky: false,
      backends: backends)
  }

  private static let key = ObjectKey(namespace: "default", name: "web")
  private static let other = ObjectKey(namespace: "default", name: "xyz")

  /// The commands that a change of a table that is loaded needs.
  private static func commands(_ table: inout ProxyTable) -> [String] {
    (table.transaction() ?? "").split(separator: "\n").map {
      String($0).replacing(" ip metallb-lab", with: "")
    }
  }

  private static func loadedTable(_ services: [ObjectKey: [ProxiedPort]] = [:]) -> ProxyTable {
    var table = ProxyTable(family: .ipv4, podNetwork: "10.244.0.0/16")
    for (key, ports) in services { table.put(key, ports) }
    _ = table.transaction()
    return table
  }

  @Test func `the first transaction replaces what the kernel has, and the next has nothing to say`() {
    var table = ProxyTable(family: .ipv4, podNetwork: "10.244.0.0/16")
    #expect(table.hasChanges)
    let text = table.transaction() ?? ""
    #expect(text.contains("delete table ip metallb-lab\ntable ip metallb-lab {\n"))
    #expect(text.contains("  map addresses { type ipv4_addr . inet_proto . inet_service : verdict; }\n"))
    #expect(!table.hasChanges)
    #expect(table.transaction() == nil)
  }

  @Test func `traffic takes turns among the pods and loses its source under policy Cluster`() {
    var table = Self.loadedTable()
    table.put(
      Self.key,
      [Self.port("web", cluster: 7, external: 35, nodePort: 30080, backends: [Self.backend(2), Self.backend(3)])])
    #expect(
      Self.commands(&table) == [
        "add chain ep-10.244.1.2/tcp/8080", "add chain ep-10.244.1.3/tcp/8080", "add chain ext-default/web/tcp/80",
        "add chain svc-default/web/tcp/80",
        "add rule ep-10.244.1.2/tcp/8080 ip saddr 10.244.1.2 meta mark set meta mark or 0x4000",
        "add rule ep-10.244.1.2/tcp/8080 meta l4proto tcp dnat to 10.244.1.2:8080",
        "add rule ep-10.244.1.3/tcp/8080 ip saddr 10.244.1.3 meta mark set meta mark or 0x4000",
        "add rule ep-10.244.1.3/tcp/8080 meta l4proto tcp dnat to 10.244.1.3:8080",
        "add rule ext-default/web/tcp/80 meta mark set meta mark or 0x4000 goto svc-default/web/tcp/80",
        "add rule svc-default/web/tcp/80 numgen inc mod 2 vmap { 0 : goto ep-10.244.1.2/tcp/8080, "
          + "1 : goto ep-10.244.1.3/tcp/8080 }",
        "add element addresses { 10.0.0.35 . tcp . 80 : goto ext-default/web/tcp/80 }",
        "add element addresses { 10.96.0.7 . tcp . 80 : goto svc-default/web/tcp/80 }",
        "add element node-ports { tcp . 30080 : goto ext-default/web/tcp/80 }",
      ])
  }

  @Test func `under policy Local only pods of the node take traffic from outside, and without one it is dropped`() {
    var table = Self.loadedTable()
    let both = [Self.backend(2, local: true), Self.backend(3)]
    table.put(Self.key, [Self.port("web", cluster: 7, external: 35, local: true, backends: both)])
    let near = Self.commands(&table)
    #expect(near.contains("add rule ext-default/web/tcp/80 goto ep-10.244.1.2/tcp/8080"))
    #expect(!near.contains { $0.contains("unserved-addresses") })

    table.put(Self.key, [Self.port("web", cluster: 7, external: 35, local: true, backends: [Self.backend(3)])])
    let far = Self.commands(&table)
    #expect(far.contains("add element unserved-addresses { 10.0.0.35 . tcp . 80 : drop }"))
    #expect(!far.contains("add rule ext-default/web/tcp/80 goto ep-10.244.1.2/tcp/8080"))
  }

  @Test func `a Service without pods is refused`() {
    var table = Self.loadedTable()
    table.put(Self.key, [Self.port("web", cluster: 7, external: 35, nodePort: 30080, backends: [])])
    #expect(
      Self.commands(&table) == [
        "add element unserved-addresses { 10.0.0.35 . tcp . 80 : goto refuse }",
        "add element unserved-addresses { 10.96.0.7 . tcp . 80 : goto refuse }",
        "add element unserved-node-ports { tcp . 30080 : goto refuse }",
      ])
  }

  @Test func `one more pod changes the chains of its Service alone`() {
    var table = Self.loadedTable([
      Self.key: [Self.port("web", cluster: 7, backends: [Self.backend(2)])],
      Self.other: [Self.port("xyz", cluster: 8, backends: [Self.backend(2)])],
    ])
    table.put(Self.key, [Self.port("web", cluster: 7, backends: [Self.backend(2), Self.backend(3)])])
    #expect(
      Self.commands(&table) == [
        "add chain ep-10.244.1.3/tcp/8080", "flush chain svc-default/web/tcp/80",
        "add rule ep-10.244.1.3/tcp/8080 ip saddr 10.244.1.3 meta mark set meta mark or 0x4000",
        "add rule ep-10.244.1.3/tcp/8080 meta l4proto tcp dnat to 10.244.1.3:8080",
        "add rule svc-default/web/tcp/80 numgen inc mod 2 vmap { 0 : goto ep-10.244.1.2/tcp/8080, "
          + "1 : goto ep-10.244.1.3/tcp/8080 }",
      ])
  }

  @Test func `a Service that goes takes its chains along, but not the pod's while another needs it`() {
    var table = Self.loadedTable([
      Self.key: [Self.port("web", cluster: 7, backends: [Self.backend(2)])],
      Self.other: [Self.port("xyz", cluster: 8, backends: [Self.backend(2)])],
    ])
    table.put(Self.key, [])
    #expect(
      Self.commands(&table) == [
        "delete element addresses { 10.96.0.7 . tcp . 80 }", "flush chain svc-default/web/tcp/80",
        "delete chain svc-default/web/tcp/80",
      ])
    table.put(Self.other, [])
    #expect(
      Self.commands(&table) == [
        "delete element addresses { 10.96.0.8 . tcp . 80 }", "flush chain ep-10.244.1.2/tcp/8080",
        "flush chain svc-default/xyz/tcp/80", "delete chain ep-10.244.1.2/tcp/8080",
        "delete chain svc-default/xyz/tcp/80",
      ])
  }

  @Test func `of two Services that claim one address the first has it, and the second once the first is gone`() {
    var table = Self.loadedTable([
      Self.key: [Self.port("web", cluster: 7, backends: [])],
      Self.other: [Self.port("xyz", cluster: 7, backends: [Self.backend(2)])],
    ])
    table.put(Self.key, [Self.port("web", cluster: 7, backends: [Self.backend(2)])])
    #expect(
      Self.commands(&table).filter { $0.contains("element addresses") } == [
        "delete element addresses { 10.96.0.7 . tcp . 80 }",
        "add element addresses { 10.96.0.7 . tcp . 80 : goto svc-default/web/tcp/80 }",
      ])
    table.put(Self.key, [])
    #expect(
      Self.commands(&table).filter { $0.contains("element addresses") } == [
        "delete element addresses { 10.96.0.7 . tcp . 80 }",
        "add element addresses { 10.96.0.7 . tcp . 80 : goto svc-default/xyz/tcp/80 }",
      ])
  }

  @Test func `what was not accepted is loaded as a whole again`() {
    var table = Self.loadedTable([Self.key: [Self.port("web", cluster: 7, backends: [Self.backend(2)])]])
    table.forgetLoaded()
    #expect(table.hasChanges)
    let text = table.transaction() ?? ""
    #expect(text.contains("delete table ip metallb-lab\n"))
    #expect(text.contains("add rule ip metallb-lab svc-default/web/tcp/80 goto ep-10.244.1.2/tcp/8080\n"))
  }

  @Test func `a change that comes to nothing needs no transaction`() {
    let port = Self.port("web", cluster: 7, backends: [Self.backend(2)])
    var table = Self.loadedTable([Self.key: [port]])
    table.put(Self.key, [])
    table.put(Self.key, [port])
    #expect(table.transaction() == nil)
  }
}
