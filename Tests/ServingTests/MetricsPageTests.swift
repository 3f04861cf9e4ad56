import Serving
import Testing

@Suite struct MetricsPageTests {
  @Test func `a family has its help, its type and a line for each sample`() {
    var page = MetricsPage()
    page.append(
      "metallb_allocator_addresses_in_use_total", .gauge, help: "Number of IP addresses in use, per pool",
      [.init(3, labels: ["pool": "a"]), .init(0.5, labels: ["pool": "b\"\\\n"])])
    page.append("metallb_k8s_client_updates_total", .counter, help: "Number of k8s object updates", 12)
    #expect(
      page.text == """
        # HELP metallb_allocator_addresses_in_use_total Number of IP addresses in use, per pool
        # TYPE metallb_allocator_addresses_in_use_total gauge
        metallb_allocator_addresses_in_use_total{pool="a"} 3
        metallb_allocator_addresses_in_use_total{pool="b\\"\\\\\\n"} 0.5
        # HELP metallb_k8s_client_updates_total Number of k8s object updates
        # TYPE metallb_k8s_client_updates_total counter
        metallb_k8s_client_updates_total 12

        """)
  }

  @Test func `a family without samples is left out`() {
    var page = MetricsPage()
    page.append("metallb_speaker_announced", .gauge, help: "Announced", [])
    #expect(page.text == "")
  }

  @Test func `numbers that are not finite have their own words`() {
    var page = MetricsPage()
    page.append("x", .gauge, help: "x", [.init(.infinity), .init(-.infinity), .init(.nan), .init(1e300)])
    #expect(page.text.hasSuffix("x +Inf\nx -Inf\nx NaN\nx 1e+300\n"))
  }
}
