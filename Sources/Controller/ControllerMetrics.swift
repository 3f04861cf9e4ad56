import Balancer
import Serving

/// The controller's metrics: a projection of its state at the moment of a scrape (contract section 15).
enum ControllerMetrics {
  static func page(of state: ControllerState, tally: Tally) -> MetricsPage {
    var page = MetricsPage()
    self.addAllocator(state, to: &page)
    page.append(
      "metallb_k8s_client_updates_total", .counter, help: "Number of k8s object updates that have been processed.",
      Double(tally.updateCount))
    page.append(
      "metallb_k8s_client_update_errors_total", .counter,
      help: "Number of k8s object updates that failed for some reason.", Double(tally.updateErrorCount))
    page.append(
      "metallb_k8s_client_config_loaded_bool", .gauge,
      help: "1 if the configuration was successfully loaded at least once.", state.isLoaded ? 1 : 0)
    page.append(
      "metallb_k8s_client_config_stale_bool", .gauge,
      help: "1 if some of the latest objects are not valid and their last good form is in force.",
      state.configuration.problems.isEmpty ? 0 : 1)
    return page
  }

  private static func addAllocator(_ state: ControllerState, to page: inout MetricsPage) {
    let pools = state.configuration.sorted.compactMap { pool in
      state.allocator.counters(of: pool.name).map { (pool.name, $0) }
    }
    func family(_ name: String, help: String, _ number: (PoolCounters) -> Int64) {
      let samples = pools.map { pool, counters in
        MetricsPage.Sample(Double(number(counters)), labels: ["pool": pool])
      }
      page.append("metallb_allocator_\(name)", .gauge, help: help, samples)
    }
    family("addresses_total", help: "Number of usable IP addresses, per pool") { $0.capacity }
    family("addresses_in_use_total", help: "Number of IP addresses in use, per pool") { $0.assigned }
    family("ipv4_addresses_total", help: "Number of usable IPv4 addresses, per pool") { $0.ipv4.capacity }
    family("ipv4_addresses_in_use_total", help: "Number of IPv4 addresses in use, per pool") { $0.ipv4.assigned }
    family("ipv6_addresses_total", help: "Number of usable IPv6 addresses, per pool") { $0.ipv6.capacity }
    family("ipv6_addresses_in_use_total", help: "Number of IPv6 addresses in use, per pool") { $0.ipv6.assigned }
    family("services_allocated_total", help: "Number of services allocated, per pool") { Int64($0.services) }
  }
}
