import Balancer
import Serving

/// The controller's metrics: a projection of its state at the moment of a scrape (contract section 15).
enum ControllerMetrics {
  static func page(of state: ControllerState, tally: Tally) -> MetricsPage {
    var page = MetricsPage()
    let isLoaded = !state.configuration.pools.isEmpty
    page.append(
      "metallb_k8s_client_updates_total", .counter, help: "Number of k8s object updates that have been processed.",
      Double(tally.updateCount))
    page.append(
      "metallb_k8s_client_update_errors_total", .counter,
      help: "Number of k8s object updates that failed for some reason.", Double(tally.updateErrorCount))
    page.append(
      "metallb_k8s_client_config_loaded_bool", .gauge,
      help: "1 if the configuration was successfully loaded at least once.", isLoaded ? 1 : 0)
    page.append(
      "metallb_k8s_client_config_stale_bool", .gauge,
      help: "1 if running on a stale configuration, because some of the latest objects are not valid.",
      state.configuration.problems.isEmpty ? 0 : 1)
    return page
  }
}
