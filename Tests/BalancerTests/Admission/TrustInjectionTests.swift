import KubernetesModel
import Testing

@testable import Balancer

@Suite struct TrustInjectionTests {
  @Test func `each webhook that trusts somebody else is patched, and no other`() {
    let configuration = ValidatingWebhookConfiguration(
      metadata: ObjectMeta(name: TrustInjection.webhookConfiguration),
      webhooks: [
        .init(name: "a", clientConfig: .init(caBundle: "new")), .init(name: "b", clientConfig: .init(caBundle: "old")),
        .init(name: "c", clientConfig: .init()), .init(name: "d"),
      ])
    #expect(
      TrustInjection.patch(for: configuration, bundle: "new")
        == [
          ["op": "test", "path": "/webhooks/1/name", "value": "b"],
          ["op": "add", "path": "/webhooks/1/clientConfig/caBundle", "value": "new"],
          ["op": "test", "path": "/webhooks/2/name", "value": "c"],
          ["op": "add", "path": "/webhooks/2/clientConfig/caBundle", "value": "new"],
        ])
  }

  @Test func `nothing is patched where all is well`() {
    let configuration = ValidatingWebhookConfiguration(
      metadata: ObjectMeta(name: TrustInjection.webhookConfiguration),
      webhooks: [.init(name: "a", clientConfig: .init(caBundle: "new"))])
    #expect(TrustInjection.patch(for: configuration, bundle: "new") == Optional.none)
  }

  @Test func `a definition is patched if a webhook converts its objects`() {
    func definition(_ strategy: String, _ bundle: String?) -> CustomResourceDefinition {
      CustomResourceDefinition(
        metadata: ObjectMeta(name: TrustInjection.definition),
        spec: .init(
          conversion: .init(strategy: strategy, webhook: .init(clientConfig: .init(caBundle: bundle)))))
    }
    #expect(TrustInjection.patch(for: definition("Webhook", nil), bundle: "new")?.array?.count == 2)
    #expect(TrustInjection.patch(for: definition("Webhook", "old"), bundle: "new")?.array?.count == 2)
    #expect(TrustInjection.patch(for: definition("Webhook", "new"), bundle: "new") == Optional.none)
    #expect(TrustInjection.patch(for: definition("None", "old"), bundle: "new") == Optional.none)
  }
}
