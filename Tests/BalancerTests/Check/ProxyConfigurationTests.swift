import KubernetesModel
import Testing

@testable import Balancer

@Suite struct ProxyConfigurationTests {
  private func problem(_ content: JSONValue) -> Problem? {
    let object = ConfigMap(
      metadata: ObjectMeta(name: "kube-proxy", namespace: "kube-system"), data: ["config.conf": "as it is"])
    return ProxyConfiguration.problem(in: object) { _ in content }
  }

  @Test func `IPVS without strictARP is warned of`() {
    for content: JSONValue in [
      ["mode": "ipvs"], ["mode": "ipvs", "ipvs": ["strictARP": false]], ["mode": "ipvs", "ipvs": ["scheduler": "rr"]],
    ] {
      let problem = self.problem(content)
      #expect(problem?.severity == .warning)
      #expect(problem?.key == ObjectKey(namespace: "kube-system", name: "kube-proxy"))
      #expect(problem?.field == "data.config.conf: ipvs.strictARP")
    }
  }

  @Test func `other configurations are no trap`() {
    for content: JSONValue in [
      ["mode": "ipvs", "ipvs": ["strictARP": true]], ["mode": "iptables"], ["mode": ""], [:], "text",
    ] {
      #expect(self.problem(content) == nil)
    }
    #expect(ProxyConfiguration.problem(in: ConfigMap(metadata: ObjectMeta(name: "kube-proxy"))) { _ in [:] } == nil)
  }
}
