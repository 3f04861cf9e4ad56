import BFD
import BGP
import Balancer
import HostNetwork
import KubernetesClient
import KubernetesModel
import Primitives
import Serving
import TestKit
import Testing

@testable import Gossip
@testable import Speaker

/// The speaker's page against what dashboards and alerts for MetalLB 0.16.1 rely on: each name with its type, labels and
/// help (contract section 15), those of the modes with FRR included.
@Suite struct ContractMetricsTests {
  struct Family: Hashable, CustomStringConvertible {
    let name: String
    let type: String
    let labels: [String]
    let help: String

    init(_ name: String, _ type: String, _ labels: [String], _ help: String) {
      (self.name, self.type, self.labels, self.help) = (name, type, labels, help)
    }

    var description: String { "\(self.type) \(self.name)\(self.labels): \(self.help)" }
  }

  private static let contract: [Family] = [
    Family(
      "metallb_k8s_client_updates_total", "counter", [], "Number of k8s object updates that have been processed."),
    Family(
      "metallb_k8s_client_update_errors_total", "counter", [],
      "Number of k8s object updates that failed for some reason."),
    Family(
      "metallb_k8s_client_config_loaded_bool", "gauge", [],
      "1 if the MetalLB configuration was successfully loaded at least once."),
    Family(
      "metallb_k8s_client_config_stale_bool", "gauge", [],
      "1 if running on a stale configuration, because the latest config failed to load."),
    Family(
      "metallb_speaker_announced", "gauge", ["ip", "node", "protocol", "service"],
      "Services being announced from this node. This is desired state, it does not guarantee that the routing "
        + "protocols have converged."),
    Family(
      "metallb_layer2_requests_received", "counter", ["ip"], "Number of layer2 requests received for owned IPs."),
    Family(
      "metallb_layer2_responses_sent", "counter", ["ip"],
      "Number of layer2 responses sent for owned IPs in response to requests."),
    Family(
      "metallb_layer2_gratuitous_sent", "counter", ["ip"],
      "Number of gratuitous layer2 packets sent for owned IPs as a result of failovers."),
    Family("metallb_bgp_session_up", "gauge", ["peer"], "BGP session state (1 is up, 0 is down)"),
    Family("metallb_bgp_updates_total", "counter", ["peer"], "Number of BGP UPDATE messages sent"),
    Family(
      "metallb_bgp_announced_prefixes_total", "gauge", ["peer"],
      "Number of prefixes currently being advertised on the BGP session"),
    Family(
      "metallb_bgp_pending_prefixes_total", "gauge", ["peer"],
      "Number of prefixes that should be advertised on the BGP session"),
    Family("metallb_bgp_opens_sent", "counter", ["peer", "vrf"], "Number of BGP open messages sent"),
    Family("metallb_bgp_opens_received", "counter", ["peer", "vrf"], "Number of BGP open messages received"),
    Family("metallb_bgp_notifications_sent", "counter", ["peer", "vrf"], "Number of BGP notification messages sent"),
    Family("metallb_bgp_updates_total_received", "counter", ["peer", "vrf"], "Number of BGP UPDATE messages received"),
    Family("metallb_bgp_keepalives_sent", "counter", ["peer", "vrf"], "Number of BGP keepalive messages sent"),
    Family("metallb_bgp_keepalives_received", "counter", ["peer", "vrf"], "Number of BGP keepalive messages received"),
    Family("metallb_bgp_route_refresh_sent", "counter", ["peer", "vrf"], "Number of BGP route refresh messages sent"),
    Family("metallb_bgp_total_sent", "counter", ["peer", "vrf"], "Number of total BGP messages sent"),
    Family("metallb_bgp_total_received", "counter", ["peer", "vrf"], "Number of total BGP messages received"),
    Family("metallb_bfd_session_up", "gauge", ["peer", "vrf"], "BFD session state (1 is up, 0 is down)"),
    Family("metallb_bfd_control_packet_input", "counter", ["peer", "vrf"], "Number of received BFD control packets"),
    Family("metallb_bfd_control_packet_output", "counter", ["peer", "vrf"], "Number of sent BFD control packets"),
    Family("metallb_bfd_echo_packet_input", "counter", ["peer", "vrf"], "Number of received BFD echo packets"),
    Family("metallb_bfd_echo_packet_output", "counter", ["peer", "vrf"], "Number of sent BFD echo packets"),
    Family("metallb_bfd_session_up_events", "counter", ["peer", "vrf"], "Number of BFD session up events"),
    Family("metallb_bfd_session_down_events", "counter", ["peer", "vrf"], "Number of BFD session down events"),
    Family("metallb_bfd_zebra_notifications", "counter", ["peer", "vrf"], "Number of BFD zebra notifications"),
  ]

  /// What users of upstream miss, and alerts of ours rely on.
  private static let further: [Family] = [
    Family(
      "metallb_layer2_conflicts_total", "counter", ["ip"],
      "Number of claims by hosts other than nodes to IPs that were announced from here."),
    Family(
      "metallb_layer2_addresses_in_use", "gauge", ["ip"],
      "IPs that are not announced because another host on the network has them."),
    Family(
      "metallb_layer2_takeovers_total", "counter", [],
      "Number of services whose announcement was taken over from nodes that were gone."),
    Family(
      "metallb_layer2_takeover_duration_seconds", "histogram", ["le"],
      "Time from the first sign of life that the former owner missed to the first frame of this node, per service."),
    Family(
      "metallb_layer2_watched_node_up", "gauge", ["watched"],
      "1 if the owner of addresses that this node would take over answers, 0 if it counts as gone."),
    Family(
      "metallb_layer2_watched_node_round_trip_seconds", "gauge", ["watched"],
      "Time between the latest ping to a watched node and its answer."),
  ]

  @Test func `the page has every family of the contract, to the letter, and those of ours`() throws {
    let families = try Self.families(of: try self.fullPage().text)
    #expect(Set(Self.contract).subtracting(families) == [], "missing or different")
    #expect(Set(families) == Set(Self.contract + Self.further))
    #expect(families.count == Set(families.map(\.name)).count, "a family has one place")
  }

  @Test func `the page of a speaker without announcements and peers has only what is always there`() throws {
    let page = SpeakerMetrics.page(
      of: SpeakerState(settings: SpeakerState.Settings(node: "n")).reading(), tally: UpdateTally(), counters: [:])
    #expect(
      try Self.families(of: page.text).map(\.name) == [
        "metallb_k8s_client_updates_total", "metallb_k8s_client_update_errors_total",
        "metallb_k8s_client_config_loaded_bool", "metallb_k8s_client_config_stale_bool",
        "metallb_layer2_takeovers_total",
      ])
  }

  /// A page on which every family has a series.
  private func fullPage() throws -> MetricsPage {
    let address = try #require(IPAddress("192.0.2.1"))
    let taken = try #require(IPAddress("192.0.2.2"))
    var counters = LinkResponder.Counters()
    (counters.requestsReceived, counters.responsesSent, counters.gratuitousSent) = (4, 3, 2)
    let configuration = BGPPeerConfiguration(
      key: ObjectKey(namespace: "metallb-system", name: "rack"), myASN: ASN(64500), remote: .asn(ASN(64501)),
      endpoint: .address(.v4(IPv4Address(198, 18, 1, 2))))
    let peer = PeerReading(
      Peer(PeerSettings(configuration), isRestarting: false, seed: 1), RouterAddress(configuration))
    var page = SpeakerMetrics.page(
      of: Self.announcing(address, occupied: taken).reading(), tally: UpdateTally(), counters: [address: counters],
      peers: ["rack": peer])
    var takeovers = DurationHistogram(bounds: [.seconds(1)])
    takeovers.observe(.milliseconds(400))
    let watched = WatchReading(name: "n2", isLost: false, missedPings: 0, roundTrip: .milliseconds(1))
    page.appendTakeovers(takeovers, watched: [watched])
    page.appendBFD([
      SessionPath(peer: .v4(IPv4Address(198, 18, 1, 2))): Session.Reading(
        state: .up, diagnostic: .none, isEchoing: false, counters: Session.Counters())
    ])
    return page
  }

  /// The speaker of the only node, that announces one address and has found another one taken.
  private static func announcing(_ address: IPAddress, occupied: IPAddress) -> SpeakerState {
    var state = SpeakerState(settings: SpeakerState.Settings(node: "n", probesAddresses: true))
    func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "default", name: name) }
    var events: [SpeakerState.Event] = [
      .nodes(.applied(NodeView(name: "n"))),
      .pools(
        .applied(
          IPAddressPool(
            metadata: ObjectMeta(name: "p", namespace: "metallb-system"),
            spec: IPAddressPool.Spec(addresses: ["192.0.2.0/28"])))),
      .l2Advertisements(.applied(L2Advertisement(metadata: ObjectMeta(name: "all", namespace: "metallb-system")))),
      .interfaces([.ipv4: ["eth0"]]), .services(.synced), .endpoints(.synced), .nodes(.synced), .pools(.synced),
      .l2Advertisements(.synced),
    ]
    for name in ["web", "mail"] {
      // Whoever has seen it without an address knows that nobody has announced it yet.
      events.append(.services(.applied(ExposedService(key: key(name), ingress: .none))))
      events.append(
        .endpoints(
          .applied(EndpointsView(key: key("\(name)-1"), service: key(name), isUsable: true, counts: ["n": 1]))))
    }
    for (name, address) in [("web", address), ("mail", occupied)] {
      events.append(.services(.applied(ExposedService(key: key(name), ingress: .addresses([address])))))
    }
    events += [
      .addressFree(address),
      .addressOccupied(occupied, by: AddressHolder(hardware: MACAddress(bits: 0x0200_0000_0001), interface: "eth0")),
      .addressContested(address, by: AddressHolder(hardware: MACAddress(bits: 0x0200_0000_0001), interface: "eth0")),
    ]
    for event in events { _ = state.handle(event, at: t0) }
    return state
  }

  /// What a page says it has, in its order.
  private static func families(of text: String) throws -> [Family] {
    var families: [Family] = []
    var help: [String: String] = [:]
    var types: [(name: String, type: String)] = []
    var labels: [String: [String]] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      if words[0] == "#", words.count == 4 {
        if words[1] == "HELP" { help[words[2]] = words[3] } else { types.append((words[2], words[3])) }
        continue
      }
      let series = try #require(line.split(separator: " ").first)
      let name = String(series.prefix { $0 != "{" })
      let family = ["_bucket", "_sum", "_count"].reduce(name) { $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0 }
      let names = series.dropFirst(name.count + 1).dropLast().split(separator: ",").compactMap {
        $0.split(separator: "=").first.map(String.init)
      }
      labels[family] = (labels[family] ?? []).isEmpty ? names : labels[family]
    }
    for (name, type) in types {
      families.append(Family(name, type, (labels[name] ?? []).sorted(), try #require(help[name])))
    }
    return families
  }
}
