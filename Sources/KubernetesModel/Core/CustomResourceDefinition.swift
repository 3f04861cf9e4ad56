/// The definition of a kind, as far as its conversion webhook goes.
package struct CustomResourceDefinition: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
    kind: "CustomResourceDefinition", isNamespaced: false)

  package var metadata: ObjectMeta
  package var spec: Spec?

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }

  package struct Spec: Codable, Sendable, Hashable {
    package var conversion: Conversion?

    package init(conversion: Conversion? = nil) {
      self.conversion = conversion
    }
  }

  package struct Conversion: Codable, Sendable, Hashable {
    /// `None` or `Webhook`.
    package var strategy: String?
    package var webhook: Webhook?

    package init(strategy: String? = nil, webhook: Webhook? = nil) {
      self.strategy = strategy
      self.webhook = webhook
    }
  }

  package struct Webhook: Codable, Sendable, Hashable {
    package var clientConfig: WebhookClientConfiguration?

    package init(clientConfig: WebhookClientConfiguration? = nil) {
      self.clientConfig = clientConfig
    }
  }
}
