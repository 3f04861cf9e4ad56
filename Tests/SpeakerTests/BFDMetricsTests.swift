import BFD
import Primitives
import Serving
import Speaker
import Testing

@Suite struct BFDMetricsTests {
  private func reading(_ state: SessionState, _ counters: Session.Counters = Session.Counters()) -> Session.Reading {
    Session.Reading(state: state, diagnostic: .none, isEchoing: false, counters: counters)
  }

  @Test func `sessions are told by peer and VRF, under the names that FRR mode gave them`() {
    var counters = Session.Counters()
    (counters.controlInput, counters.controlOutput) = (10, 11)
    (counters.echoInput, counters.echoOutput) = (2, 3)
    (counters.sessionUp, counters.sessionDown) = (5, 4)
    var page = MetricsPage()
    page.appendBFD([
      SessionPath(peer: .v4(IPv4Address(198, 18, 1, 2))): self.reading(.up, counters),
      SessionPath(peer: .v4(IPv4Address(198, 18, 1, 3)), vrf: "red"): self.reading(.down),
      // It only says goodbye.
      SessionPath(peer: .v4(IPv4Address(198, 18, 1, 4))): self.reading(.adminDown),
    ])
    #expect(
      page.text == """
        # HELP metallb_bfd_session_up BFD session state (1 is up, 0 is down)
        # TYPE metallb_bfd_session_up gauge
        metallb_bfd_session_up{peer="198.18.1.2",vrf="default"} 1
        metallb_bfd_session_up{peer="198.18.1.3",vrf="red"} 0
        # HELP metallb_bfd_control_packet_input Number of received BFD control packets
        # TYPE metallb_bfd_control_packet_input counter
        metallb_bfd_control_packet_input{peer="198.18.1.2",vrf="default"} 10
        metallb_bfd_control_packet_input{peer="198.18.1.3",vrf="red"} 0
        # HELP metallb_bfd_control_packet_output Number of sent BFD control packets
        # TYPE metallb_bfd_control_packet_output counter
        metallb_bfd_control_packet_output{peer="198.18.1.2",vrf="default"} 11
        metallb_bfd_control_packet_output{peer="198.18.1.3",vrf="red"} 0
        # HELP metallb_bfd_echo_packet_input Number of received BFD echo packets
        # TYPE metallb_bfd_echo_packet_input counter
        metallb_bfd_echo_packet_input{peer="198.18.1.2",vrf="default"} 2
        metallb_bfd_echo_packet_input{peer="198.18.1.3",vrf="red"} 0
        # HELP metallb_bfd_echo_packet_output Number of sent BFD echo packets
        # TYPE metallb_bfd_echo_packet_output counter
        metallb_bfd_echo_packet_output{peer="198.18.1.2",vrf="default"} 3
        metallb_bfd_echo_packet_output{peer="198.18.1.3",vrf="red"} 0
        # HELP metallb_bfd_session_up_events Number of BFD session up events
        # TYPE metallb_bfd_session_up_events counter
        metallb_bfd_session_up_events{peer="198.18.1.2",vrf="default"} 5
        metallb_bfd_session_up_events{peer="198.18.1.3",vrf="red"} 0
        # HELP metallb_bfd_session_down_events Number of BFD session down events
        # TYPE metallb_bfd_session_down_events counter
        metallb_bfd_session_down_events{peer="198.18.1.2",vrf="default"} 4
        metallb_bfd_session_down_events{peer="198.18.1.3",vrf="red"} 0
        # HELP metallb_bfd_zebra_notifications Number of BFD zebra notifications
        # TYPE metallb_bfd_zebra_notifications counter
        metallb_bfd_zebra_notifications{peer="198.18.1.2",vrf="default"} 9
        metallb_bfd_zebra_notifications{peer="198.18.1.3",vrf="red"} 0

        """)
  }

  @Test func `routers of one address on two links are one series, which is up if both are`() throws {
    let address = try #require(IPAddress("fe80::1"))
    var counters = Session.Counters()
    counters.controlInput = 10
    var page = MetricsPage()
    page.appendBFD([
      SessionPath(peer: address, interface: "eth1"): self.reading(.up, counters),
      SessionPath(peer: address, interface: "eth2"): self.reading(.down, counters),
    ])
    let lines = page.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(Set(lines.map { $0.split(separator: " ")[0] }).count == lines.count)
    #expect(lines.contains(#"metallb_bfd_session_up{peer="fe80::1",vrf="default"} 0"#))
    #expect(lines.contains(#"metallb_bfd_control_packet_input{peer="fe80::1",vrf="default"} 20"#))
  }

  @Test func `without sessions there are no series`() {
    var page = MetricsPage()
    page.appendBFD([:])
    #expect(page.text == "")
  }
}
