/// Which webhooks judge which writes; just what is needed to tell the API server whom to trust.
package struct ValidatingWebhookConfiguration: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "admissionregistration.k8s.io", version: "v1", plural: "validatingwebhookconfigurations",
    kind: "ValidatingWebhookConfiguration", isNamespaced: false)

  package var metadata: ObjectMeta
  package var webhooks: [Webhook]?

  package init(metadata: ObjectMeta, webhooks: [Webhook]? = nil) {
    self.metadata = metadata
    self.webhooks = webhooks
  }

  package struct Webhook: Codable, Sendable, Hashable {
    package var name: String
    package var clientConfig: WebhookClientConfiguration?

    package init(name: String, clientConfig: WebhookClientConfiguration? = nil) {
      self.name = name
      self.clientConfig = clientConfig
    }
  }
}

/// How the API server calls a webhook, as far as trust goes.
package struct WebhookClientConfiguration: Codable, Sendable, Hashable {
  /// PEM in base64.
  package var caBundle: String?

  package init(caBundle: String? = nil) {
    self.caBundle = caBundle
  }
}
