import BGP
import Serving

/// The metrics of sessions: upstream's native ones, and those that only its FRR modes have (contract section 15).
///
/// Several sessions with one router, as from two addresses of this node, have the same labels and so one series: the sum of
/// what they count, and up if all of them are.
enum BGPMetrics {
  private typealias Value = (PeerReading) -> Double

  /// What the labels of a series say.
  private struct Place: Hashable {
    let label: String
    let vrf: String?
  }

  static func append(_ readings: [String: PeerReading], to page: inout MetricsPage) {
    guard !readings.isEmpty else { return }
    let series = self.series(readings)
    func append(
      _ name: String, _ kind: MetricsPage.Kind, help: String, isNative: Bool,
      joining: ([Double]) -> Double = { $0.reduce(0, +) }, _ value: Value
    ) {
      page.append(
        "metallb_bgp_\(name)", kind, help: help,
        series.map { place, sessions in
          MetricsPage.Sample(joining(sessions.map(value)), labels: self.labels(of: place, isNative: isNative))
        })
    }
    append(
      "session_up", .gauge, help: "BGP session state (1 is up, 0 is down)", isNative: true,
      joining: { $0.min() ?? 0 }
    ) { $0.state == .established ? 1 : 0 }
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

  /// The sessions of each series, in the order of the peers' names.
  private static func series(_ readings: [String: PeerReading]) -> [(Place, [PeerReading])] {
    var places: [Place] = []
    var sessions: [Place: [PeerReading]] = [:]
    for (_, reading) in readings.sorted(by: { $0.key < $1.key }) {
      let place = Place(label: reading.router.label, vrf: reading.router.vrf)
      if sessions[place] == nil { places.append(place) }
      sessions[place, default: []].append(reading)
    }
    return places.map { ($0, sessions[$0] ?? []) }
  }

  /// The native ones know no VRF, so theirs is only told where there is one.
  private static func labels(of place: Place, isNative: Bool) -> KeyValuePairs<String, String> {
    guard let vrf = place.vrf ?? (isNative ? nil : "default") else { return ["peer": place.label] }
    return ["peer": place.label, "vrf": vrf]
  }
}
