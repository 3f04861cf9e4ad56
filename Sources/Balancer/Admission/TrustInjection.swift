import KubernetesModel

/// What must be patched for the API server to trust the webhooks' certificate: the authority's certificate goes into
/// whatever tells it to call them (contract section 7). Nil = all is as it should be.
///
/// The patches are of RFC 6902 and test what they build on, so that none can create or spoil an object.
package enum TrustInjection {
  package static let webhookConfiguration = "metallb-webhook-configuration"
  package static let definition = "bgppeers.metallb.io"
  package static let fieldManager = "MetalLB"

  /// - Parameter bundle: PEM in base64, as Secrets and these objects have it.
  package static func patch(for configuration: ValidatingWebhookConfiguration, bundle: String) -> JSONValue? {
    var operations: [JSONValue] = []
    for (index, webhook) in (configuration.webhooks ?? []).enumerated() {
      guard let client = webhook.clientConfig, client.caBundle != bundle else { continue }
      operations.append(
        ["op": "test", "path": .string("/webhooks/\(index)/name"), "value": .string(webhook.name)])
      operations.append(
        ["op": "add", "path": .string("/webhooks/\(index)/clientConfig/caBundle"), "value": .string(bundle)])
    }
    return operations.isEmpty ? .none : .array(operations)
  }

  package static func patch(for definition: CustomResourceDefinition, bundle: String) -> JSONValue? {
    guard let conversion = definition.spec?.conversion, conversion.strategy == "Webhook",
      let client = conversion.webhook?.clientConfig, client.caBundle != bundle
    else { return .none }
    return [
      ["op": "test", "path": "/spec/conversion/strategy", "value": "Webhook"],
      ["op": "add", "path": "/spec/conversion/webhook/clientConfig/caBundle", "value": .string(bundle)],
    ]
  }
}
