import BGP
import Primitives
import Serving
import Testing

@testable import Speaker

@Suite struct BGPMetricsTests {
  private func reading(from source: String? = nil, _ state: SessionState, sent: UInt64) -> PeerReading {
    let configuration = RouterAddressTests.configuration(.address(RouterAddressTests.v4)) {
      $0.sourceAddress = source.flatMap { IPAddress($0) }
    }
    var reading = PeerReading(Peer(PeerSettings(configuration), seed: 1), RouterAddress(configuration))
    reading.state = state
    reading.counters.sent.updates = sent
    return reading
  }

  private func lines(_ readings: [String: PeerReading]) -> [String] {
    var page = MetricsPage()
    BGPMetrics.append(readings, to: &page)
    return page.text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
  }

  @Test func `two sessions with one router are one series, which is up if both are`() {
    let lines = self.lines([
      "a": self.reading(from: "192.0.2.10", .established, sent: 3),
      "b": self.reading(from: "192.0.2.11", .active, sent: 4),
    ])
    #expect(Set(lines.map { $0.split(separator: " ")[0] }).count == lines.count)
    #expect(lines.contains(#"metallb_bgp_session_up{peer="192.0.2.1:179"} 0"#))
    #expect(lines.contains(#"metallb_bgp_updates_total{peer="192.0.2.1:179"} 7"#))
    #expect(lines.contains(#"metallb_bgp_total_sent{peer="192.0.2.1:179",vrf="default"} 7"#))
  }

  @Test func `a session of its own is told as it is`() {
    let lines = self.lines(["a": self.reading(.established, sent: 3)])
    #expect(lines.contains(#"metallb_bgp_session_up{peer="192.0.2.1:179"} 1"#))
    #expect(lines.contains(#"metallb_bgp_updates_total{peer="192.0.2.1:179"} 3"#))
  }
}
