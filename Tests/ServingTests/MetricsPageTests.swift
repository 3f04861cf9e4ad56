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

@Suite struct DurationHistogramTests {
  @Test func `each bucket counts what is within its bound, with all before it`() {
    var histogram = DurationHistogram(bounds: [.milliseconds(500), .seconds(1)])
    var page = MetricsPage()
    page.append("metallb_x_seconds", help: "How long", histogram)
    #expect(page.text == "", "nothing was observed")
    histogram.observe(.milliseconds(500), times: 2)
    histogram.observe(.milliseconds(501))
    histogram.observe(.seconds(8))
    page.append("metallb_x_seconds", help: "How long", histogram)
    #expect(
      page.text == """
        # HELP metallb_x_seconds How long
        # TYPE metallb_x_seconds histogram
        metallb_x_seconds_bucket{le="0.5"} 2
        metallb_x_seconds_bucket{le="1"} 3
        metallb_x_seconds_bucket{le="+Inf"} 4
        metallb_x_seconds_sum 9.501
        metallb_x_seconds_count 4

        """)
  }
}
