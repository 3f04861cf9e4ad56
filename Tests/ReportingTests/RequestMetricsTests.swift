import KubernetesClient
import Serving
import Testing

@testable import Reporting

@Suite struct RequestMetricsTests {
  @Test func `requests are told in the words of the client of Kubernetes`() {
    var page = MetricsPage()
    page.appendRequests(
      [
        RequestCount(kind: .init(method: "GET", code: 200), count: 7),
        RequestCount(kind: .init(method: "PUT", code: nil), count: 1),
      ], to: "10.96.0.1:443")
    #expect(
      page.text == """
        # HELP rest_client_requests_total Number of HTTP requests, partitioned by status code, method, and host.
        # TYPE rest_client_requests_total counter
        rest_client_requests_total{code="200",host="10.96.0.1:443",method="GET"} 7
        rest_client_requests_total{code="<error>",host="10.96.0.1:443",method="PUT"} 1

        """)
  }
}
