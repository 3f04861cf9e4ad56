import BFD
import Serving

extension MetricsPage {
  /// The families of BFD, under the names and labels that FRR mode gave them (contract section 15).
  ///
  /// What was called a notification of Zebra is now one of the BGP session: it counts the same changes. Several sessions with
  /// one address, as routers on different links may have the same link-local one, have the same labels and so one series: the
  /// sum of what they count, and up if all of them are.
  package mutating func appendBFD(_ readings: [SessionPath: Session.Reading]) {
    struct Place: Hashable {
      let peer: String
      let vrf: String
    }
    let active = readings.filter { $0.value.state != .adminDown }
    let series = Dictionary(grouping: active) { path, _ in
      Place(peer: path.peer.description, vrf: path.vrf ?? "default")
    }.sorted { ($0.key.peer, $0.key.vrf) < ($1.key.peer, $1.key.vrf) }
    func samples(
      joining: ([UInt64]) -> UInt64 = { $0.reduce(0, +) }, _ value: (Session.Reading) -> UInt64
    ) -> [Sample] {
      series.map { place, sessions in
        Sample(
          Double(joining(sessions.map { value($0.value) })), labels: ["peer": place.peer, "vrf": place.vrf])
      }
    }
    self.append(
      "metallb_bfd_session_up", .gauge, help: "BFD session state (1 is up, 0 is down)",
      samples(joining: { $0.min() ?? 0 }) { $0.state == .up ? 1 : 0 })
    let families: [(String, String, (Session.Counters) -> UInt64)] = [
      ("control_packet_input", "Number of received BFD control packets", { $0.controlInput }),
      ("control_packet_output", "Number of sent BFD control packets", { $0.controlOutput }),
      ("echo_packet_input", "Number of received BFD echo packets", { $0.echoInput }),
      ("echo_packet_output", "Number of sent BFD echo packets", { $0.echoOutput }),
      ("session_up_events", "Number of BFD session up events", { $0.sessionUp }),
      ("session_down_events", "Number of BFD session down events", { $0.sessionDown }),
      ("zebra_notifications", "Number of BFD zebra notifications", { $0.sessionUp + $0.sessionDown }),
    ]
    for (name, help, value) in families {
      self.append("metallb_bfd_\(name)", .counter, help: help, samples { value($0.counters) })
    }
  }
}
