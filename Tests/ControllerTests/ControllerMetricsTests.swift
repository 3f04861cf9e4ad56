import Balancer
import KubernetesClient
import KubernetesModel
import TestKit
import Testing

@testable import Controller

@Suite struct ControllerMetricsTests {
  @Test func `the page shows pools, allocations and what went wrong`() {
    var state = ControllerState(settings: ControllerState.Settings(seed: 1))
    let tally = UpdateTally()
    let pool = IPAddressPool(
      metadata: ObjectMeta(name: "p", namespace: "m", uid: "u", resourceVersion: "1"),
      spec: IPAddressPool.Spec(addresses: ["192.0.2.0/30", "2001:db8::/127"]))
    let service = Service(
      metadata: ObjectMeta(name: "web", namespace: "shop", uid: "v", resourceVersion: "2"),
      spec: ServiceSpec(type: "LoadBalancer", ports: [ServicePort(port: 80)], clusterIP: "10.0.0.1"))
    let change = ObjectChange.applied(service)
    tally.count(change)
    for event: ControllerState.Event in [
      .pools(.applied(pool)), .pools(.synced), .namespaces(.synced), .services(change.map(ServiceView.init)),
    ] { _ = state.handle(event, at: t0) }
    #expect(
      ControllerMetrics.page(of: state.reading, tally: tally).text.contains("metallb_k8s_client_config_loaded_bool 0\n")
    )

    _ = state.handle(.services(.synced), at: t0)
    let malformed = ObjectChange<Service>.malformed(ObjectKey(name: "x"), reason: "r")
    tally.count(malformed)
    let lines = ControllerMetrics.page(of: state.reading, tally: tally).text.split(separator: "\n").filter {
      !$0.hasPrefix("#")
    }
    #expect(
      lines == [
        #"metallb_allocator_addresses_total{pool="p"} 6"#,
        #"metallb_allocator_addresses_in_use_total{pool="p"} 1"#,
        #"metallb_allocator_ipv4_addresses_total{pool="p"} 4"#,
        #"metallb_allocator_ipv4_addresses_in_use_total{pool="p"} 1"#,
        #"metallb_allocator_ipv6_addresses_total{pool="p"} 2"#,
        #"metallb_allocator_ipv6_addresses_in_use_total{pool="p"} 0"#,
        #"metallb_allocator_services_allocated_total{pool="p"} 1"#,
        "metallb_k8s_client_updates_total 2",
        "metallb_k8s_client_update_errors_total 1",
        "metallb_k8s_client_config_loaded_bool 1",
        "metallb_k8s_client_config_stale_bool 0",
        "metallb_controller_leading_bool 1",
        "metallb_controller_services_waiting 0",
      ])

    var broken = pool
    broken.spec.addresses = ["nonsense"]
    _ = state.handle(.pools(.applied(broken)), at: t0)
    #expect(
      ControllerMetrics.page(of: state.reading, tally: tally).text.contains("metallb_k8s_client_config_stale_bool 1\n"))
  }

  @Test func `types and help are what dashboards for MetalLB rely on`() {
    var state = ControllerState(settings: ControllerState.Settings(seed: 1))
    let pool = IPAddressPool(
      metadata: ObjectMeta(name: "p", namespace: "m", uid: "u", resourceVersion: "1"),
      spec: IPAddressPool.Spec(addresses: ["192.0.2.0/30"]))
    for event: ControllerState.Event in [
      .pools(.applied(pool)), .pools(.synced), .namespaces(.synced), .services(.synced),
    ] { _ = state.handle(event, at: t0) }
    let lines = ControllerMetrics.page(of: state.reading, tally: UpdateTally()).text.split(separator: "\n").map(
      String.init)
    for (name, help) in [
      ("addresses_total", "Number of usable IP addresses, per pool"),
      ("addresses_in_use_total", "Number of IP addresses in use, per pool"),
      ("ipv4_addresses_total", "Number of usable IPv4 addresses, per pool"),
      ("ipv4_addresses_in_use_total", "Number of IPv4 addresses in use, per pool"),
      ("ipv6_addresses_total", "Number of usable IPv6 addresses, per pool"),
      ("ipv6_addresses_in_use_total", "Number of IPv6 addresses in use, per pool"),
      ("services_allocated_total", "Number of services allocated, per pool"),
    ] {
      #expect(lines.contains("# HELP metallb_allocator_\(name) \(help)"))
      #expect(lines.contains("# TYPE metallb_allocator_\(name) gauge"))
    }
    for name in ["updates_total", "update_errors_total"] {
      #expect(lines.contains("# TYPE metallb_k8s_client_\(name) counter"))
    }
  }

  @Test func `a controller that stands by has loaded everything, and says that another one leads`() {
    var state = ControllerState(settings: ControllerState.Settings(awaitsElection: true, seed: 1))
    for event: ControllerState.Event in [.pools(.synced), .namespaces(.synced), .services(.synced)] {
      #expect(!state.awaitedLists.isEmpty)
      _ = state.handle(event, at: t0)
    }
    #expect(state.awaitedLists == [])
    let text = ControllerMetrics.page(of: state.reading, tally: UpdateTally(), isLeading: false).text
    #expect(text.contains("metallb_k8s_client_config_loaded_bool 1\n"))
    #expect(text.contains("metallb_controller_leading_bool 0\n"))
  }
}
