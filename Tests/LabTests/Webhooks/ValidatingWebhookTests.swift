import KubernetesModel
import Testing

@testable import Lab

@Suite struct ValidatingWebhookTests {
  private static let peers = ResourceType(
    group: "metallb.io", version: "v1beta1", plural: "bgppeers", kind: "BGPPeer")

  private func webhook(
    _ rule: JSONValue, policy: String = "Equivalent", namespaces: JSONValue? = nil, objects: JSONValue? = nil
  ) -> ValidatingWebhook {
    var json: JSONValue = ["name": "w", "rules": [rule], "matchPolicy": .string(policy)]
    json["namespaceSelector"] = namespaces
    json["objectSelector"] = objects
    return ValidatingWebhook(json)
  }

  private func rule(
    _ operations: JSONValue = ["CREATE"], versions: JSONValue = ["v1beta2"], resources: JSONValue = ["bgppeers"],
    scope: JSONValue? = nil
  ) -> JSONValue {
    var rule: JSONValue = [
      "operations": operations, "apiGroups": ["metallb.io"], "apiVersions": versions, "resources": resources,
    ]
    rule["scope"] = scope
    return rule
  }

  private func write(
    _ operation: String = "CREATE", _ subresource: String? = nil, labels: JSONValue = [:]
  ) -> ValidatingWebhook.Write {
    ValidatingWebhook.Write(
      operation: operation, type: Self.peers, subresource: subresource, versions: ["v1beta2", "v1beta1"],
      object: ["metadata": ["name": "a", "labels": labels]], oldObject: nil, namespaceLabels: ["team": "net"])
  }

  @Test func `a write in another version is reviewed in the version of the rule, unless it asks for an exact match`() {
    #expect(self.webhook(self.rule()).version(for: self.write()) == "v1beta2")
    #expect(self.webhook(self.rule(), policy: "Exact").version(for: self.write()) == nil)
    #expect(self.webhook(self.rule(versions: ["v1beta2", "v1beta1"])).version(for: self.write()) == "v1beta1")
    #expect(self.webhook(self.rule(versions: ["*"])).version(for: self.write()) == "v1beta1")
  }

  @Test func `operations, resources and scope must fit`() {
    #expect(self.webhook(self.rule(["CREATE"])).version(for: self.write("DELETE")) == nil)
    #expect(self.webhook(self.rule(["*"])).version(for: self.write("DELETE")) == "v1beta2")
    #expect(self.webhook(self.rule(resources: ["ipaddresspools"])).version(for: self.write()) == nil)
    #expect(self.webhook(self.rule(resources: ["*"])).version(for: self.write()) == "v1beta2")
    #expect(self.webhook(self.rule(scope: "Cluster")).version(for: self.write()) == nil)
    #expect(self.webhook(self.rule(scope: "Namespaced")).version(for: self.write()) == "v1beta2")
  }

  @Test func `a subresource is another resource`() {
    #expect(self.webhook(self.rule()).version(for: self.write("CREATE", "status")) == nil)
    #expect(self.webhook(self.rule(resources: ["bgppeers/status"])).version(for: self.write()) == nil)
    #expect(
      self.webhook(self.rule(resources: ["bgppeers/status"])).version(for: self.write("CREATE", "status")) == "v1beta2")
    #expect(self.webhook(self.rule(resources: ["*/*"])).version(for: self.write("CREATE", "status")) == "v1beta2")
    #expect(
      self.webhook(self.rule(resources: ["bgppeers/*"])).version(for: self.write("CREATE", "status")) == "v1beta2")
  }

  @Test func `selectors choose by the labels of namespace and object`() {
    #expect(
      self.webhook(self.rule(), namespaces: ["matchLabels": ["team": "net"]]).version(for: self.write()) == "v1beta2")
    #expect(self.webhook(self.rule(), namespaces: ["matchLabels": ["team": "web"]]).version(for: self.write()) == nil)
    let selected = self.webhook(self.rule(), objects: ["matchLabels": ["reviewed": "yes"]])
    #expect(selected.version(for: self.write()) == nil)
    #expect(selected.version(for: self.write(labels: ["reviewed": "yes"])) == "v1beta2")
  }

  @Test(arguments: [
    ("https://127.0.0.1:9443/validate", "127.0.0.1", 9443, "/validate"), ("https://hooks", "hooks", 443, "/"),
    ("https://[::1]:8443/a?b=c", "::1", 8443, "/a?b=c"), ("https://[fd00::1]/x", "fd00::1", 443, "/x"),
  ])
  func `a URL is taken apart`(url: String, host: String, port: Int, target: String) {
    let place = WebhookPlace(url: url)
    #expect(place?.host == host)
    #expect(place?.port == port)
    #expect(place?.target == target)
  }

  @Test(arguments: ["http://127.0.0.1/", "https://", "https://:443/", "https://host:0/", "https://host:many/", ""])
  func `what is no URL of HTTPS leads nowhere`(url: String) {
    #expect(WebhookPlace(url: url) == nil)
  }
}
