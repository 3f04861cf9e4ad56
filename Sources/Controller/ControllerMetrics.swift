import Balancer
import KubernetesClient
import Serving

/// The controller's metrics: a projection of what it decided at the moment of a scrape (contract section 15).
enum ControllerMetrics {
  /// One series a pool, and a few for the process.
  static func page(of reading: ControllerReading, tally: UpdateTally, isLeading: Bool = true) -> MetricsPage {
    var page = MetricsPage()
    self.addAllocator(reading, to: &page)
    page.appendClient(
      updates: tally.updateCount, updateErrors: tally.updateErrorCount, isLoaded: reading.isLoaded,
      isStale: reading.problems.contains { $0.severity != .warning })
    page.append(
      "metallb_controller_leading_bool", .gauge,
      help: "1 if this controller is the one that gives out addresses, 0 if it stands by.", isLeading ? 1 : 0)
    page.append(
      "metallb_controller_services_waiting", .gauge,
      help: "Number of services that ask for an address and have none.", Double(reading.waitingCount))
    return page
  }

  private static func addAllocator(_ reading: ControllerReading, to page: inout MetricsPage) {
    func family(_ name: String, help: String, _ number: (PoolCounters) -> Int64) {
      let samples = reading.pools.map { pool, counters in
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
