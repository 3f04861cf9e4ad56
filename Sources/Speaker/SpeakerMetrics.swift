import Balancer
import Gossip
import HostNetwork
import KubernetesClient
import Primitives
import Serving

/// The speaker's metrics: a projection of what it decided at the moment of a scrape (contract section 15).
enum SpeakerMetrics {
  static func page(
    of reading: SpeakerReading, tally: UpdateTally, counters: [IPAddress: LinkResponder.Counters],
    peers: [String: PeerReading] = [:]
  ) -> MetricsPage {
    var page = MetricsPage()
    page.appendClient(
      updates: tally.updateCount, updateErrors: tally.updateErrorCount,
      isLoaded: reading.awaited.isDisjoint(with: [.pools, .l2Advertisements]), isStale: reading.isStale)
    page.append(
      "metallb_speaker_announced", .gauge,
      help: "Services being announced from this node. This is desired state, it does not guarantee that the routing "
        + "protocols have converged.", self.announced(reading))
    self.appendCounters(counters, to: &page)
    page.append(
      "metallb_layer2_conflicts_total", .counter,
      help: "Number of claims by hosts other than nodes to IPs that were announced from here.",
      reading.strangersClaims.sorted { $0.key < $1.key }.map {
        MetricsPage.Sample(Double($0.value), labels: ["ip": $0.key.description])
      })
    page.append(
      "metallb_layer2_addresses_in_use", .gauge,
      help: "IPs that are not announced because another host on the network has them.",
      reading.occupied.map { MetricsPage.Sample(1, labels: ["ip": $0.address.description]) })
    page.append(
      "metallb_layer2_takeovers_total", .counter,
      help: "Number of services whose announcement was taken over from nodes that were gone.",
      Double(reading.takenOver))
    BGPMetrics.append(peers, to: &page)
    return page
  }

  private static func announced(_ reading: SpeakerReading) -> [MetricsPage.Sample] {
    reading.announced.flatMap { service, announcingProtocol, addresses in
      addresses.map { address in
        MetricsPage.Sample(
          1,
          labels: [
            "ip": address.description, "node": reading.node, "protocol": announcingProtocol.rawValue,
            "service": service.description,
          ])
      }
    }
  }

  private static func appendCounters(_ counters: [IPAddress: LinkResponder.Counters], to page: inout MetricsPage) {
    let sorted = counters.sorted { $0.key < $1.key }
    let families: [(String, String, KeyPath<LinkResponder.Counters, UInt64>)] = [
      ("requests_received", "Number of layer2 requests received for owned IPs.", \.requestsReceived),
      ("responses_sent", "Number of layer2 responses sent for owned IPs in response to requests.", \.responsesSent),
      (
        "gratuitous_sent", "Number of gratuitous layer2 packets sent for owned IPs as a result of failovers.",
        \.gratuitousSent
      ),
    ]
    for (name, help, value) in families {
      // A series begins with the first frame.
      let samples = sorted.filter { $0.value[keyPath: value] > 0 }.map { address, counters in
        MetricsPage.Sample(Double(counters[keyPath: value]), labels: ["ip": address.description])
      }
      page.append("metallb_layer2_\(name)", .counter, help: help, samples)
    }
  }
}

extension MetricsPage {
  /// Appends how long takeovers took, and what the fast detector sees: one series for each node whose addresses this one
  /// would take over.
  mutating func appendTakeovers(_ histogram: DurationHistogram, watched: [WatchReading]) {
    self.append(
      "metallb_layer2_takeover_duration_seconds",
      help:
        "Time from the first sign of life that the former owner missed to the first frame of this node, per service.",
      histogram)
    self.append(
      "metallb_layer2_watched_node_up", .gauge,
      help: "1 if the owner of addresses that this node would take over answers, 0 if it counts as gone.",
      watched.map { Sample($0.isLost ? 0 : 1, labels: ["watched": $0.name]) })
    self.append(
      "metallb_layer2_watched_node_round_trip_seconds", .gauge,
      help: "Time between the latest ping to a watched node and its answer.",
      watched.compactMap { reading in
        reading.roundTrip.map { Sample(Double($0 / .microseconds(1)) / 1_000_000, labels: ["watched": reading.name]) }
      })
  }
}
