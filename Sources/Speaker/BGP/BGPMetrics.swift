import BGP
import Serving

/// The metrics of sessions: upstream's native ones, and those that only its FRR modes have (contract section 15).
enum BGPMetrics {
  private typealias Value = (PeerReading) -> Double

  static func append(_ readings: [String: PeerReading], to page: inout MetricsPage) {
    guard !readings.isEmpty else { return }
    let sorted = readings.sorted { $0.key < $1.key }.map(\.value)
    func append(_ name: String, _ kind: MetricsPage.Kind, help: String, isNative: Bool, _ value: Value) {
      page.append(
        "metallb_bgp_\(name)", kind, help: help,
        sorted.map { MetricsPage.Sample(value($0), labels: self.labels(of: $0.router, isNative: isNative)) })
    }
    append("session_up", .gauge, help: "BGP session state (1 is up, 0 is down)", isNative: true) {
      $0.state == .established ? 1 : 0
    }
    append("updates_total", .counter, help: "Number of BGP UPDATE messages sent", isNative: true) {
      Double($0.counters.sent.updates)
    }
    append(
      "announced_prefixes_total", .gauge, help: "Number of prefixes currently being advertised on the BGP session",
      isNative: true
    ) { Double($0.sentPrefixes) }
    append(
      "pending_prefixes_total", .gauge, help: "Number of prefixes that should be advertised on the BGP session",
      isNative: true
    ) { Double($0.pendingPrefixes) }
    let messages: [(String, String, Value)] = [
      ("opens_sent", "Number of BGP open messages sent", { Double($0.counters.sent.opens) }),
      ("opens_received", "Number of BGP open messages received", { Double($0.counters.received.opens) }),
      (
        "notifications_sent", "Number of BGP notification messages sent", { Double($0.counters.sent.notifications) }
      ),
      (
        "updates_total_received", "Number of BGP UPDATE messages received", { Double($0.counters.received.updates) }
      ),
      ("keepalives_sent", "Number of BGP keepalive messages sent", { Double($0.counters.sent.keepalives) }),
      (
        "keepalives_received", "Number of BGP keepalive messages received",
        { Double($0.counters.received.keepalives) }
      ),
      (
        "route_refresh_sent", "Number of BGP route refresh messages sent",
        { Double($0.counters.sent.routeRefreshes) }
      ),
      ("total_sent", "Number of total BGP messages sent", { Double($0.counters.sent.total) }),
      ("total_received", "Number of total BGP messages received", { Double($0.counters.received.total) }),
    ]
    for (name, help, value) in messages { append(name, .counter, help: help, isNative: false, value) }
  }

  /// The native ones know no VRF, so theirs is only told where there is one.
  private static func labels(of router: RouterAddress, isNative: Bool) -> KeyValuePairs<String, String> {
    guard let vrf = router.vrf ?? (isNative ? nil : "default") else { return ["peer": router.label] }
    return ["peer": router.label, "vrf": vrf]
  }
}
