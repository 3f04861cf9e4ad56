import KubernetesClient
import Serving

extension MetricsPage {
  /// Appends what the process asked of the API server, in the words of Kubernetes' own client.
  package mutating func appendRequests(_ counts: [RequestCount], to host: String) {
    self.append(
      "rest_client_requests_total", .counter,
      help: "Number of HTTP requests, partitioned by status code, method, and host.",
      counts.map { count in
        Sample(
          Double(count.count),
          labels: [
            "code": count.kind.code.map(String.init) ?? "<error>", "host": host, "method": count.kind.method,
          ])
      })
  }

  package mutating func appendRequests(of client: KubernetesClient) {
    self.appendRequests(client.requestCounts, to: client.configuration.server.authority)
  }
}
