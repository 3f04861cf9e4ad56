import BFD
import Serving

extension MetricsPage {
  /// The families of BFD, under the names and labels that FRR mode gave them (contract section 15).
  ///
  /// What was called a notification of Zebra is now one of the BGP session: it counts the same changes.
  package mutating func appendBFD(_ readings: [SessionPath: Session.Reading]) {
    let sessions = readings.filter { $0.value.state != .adminDown }.map { path, reading in
      (labels: ["peer": path.peer.description, "vrf": path.vrf ?? "default"] as KeyValuePairs, reading: reading)
    }.sorted { ($0.labels[0].value, $0.labels[1].value) < ($1.labels[0].value, $1.labels[1].value) }
    func samples(_ value: (Session.Reading) -> UInt64) -> [Sample] {
      sessions.map { Sample(Double(value($0.reading)), labels: $0.labels) }
    }
    self.append(
      "metallb_bfd_session_up", .gauge, help: "BFD session state (1 is up, 0 is down)",
      samples { $0.state == .up ? 1 : 0 })
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
