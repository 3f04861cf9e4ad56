import Serving

/// What the controller's flags and environment say, once they are understood (contract section 2.1).
package struct ControllerOptions: Sendable {
  /// Whether admission webhooks are served, and whether anything else is done.
  package enum WebhookMode: String, Sendable, CaseIterable {
    case enabled, disabled, onlywebhook
  }

  /// What becomes of a Service that asks for a pool that does not exist.
  package enum UnknownPool: String, Sendable, CaseIterable {
    /// It gets an address from the auto-assigned pools, and a Warning.
    case allocate
    /// It stays pending, as with upstream 0.16.
    case fail
  }

  /// The memberlist secret to create when it is missing, and the Deployment that is to own it.
  package struct MemberlistSecret: Sendable, Hashable {
    package var name: String
    package var deployment: String?

    package init(name: String, deployment: String?) {
      self.name = name
      self.deployment = deployment
    }
  }

  /// How webhooks are served.
  package struct Webhooks: Sendable, Hashable {
    package var port: Int
    /// The secret with the certificate.
    package var secret: String
    /// The Service through which they are called.
    package var service: String
    /// Where somebody else keeps the certificate; nil = it is made and renewed here.
    package var certificateDirectory: String?
    package var tls: TLSProfile

    package init(port: Int, secret: String, service: String, certificateDirectory: String? = nil, tls: TLSProfile) {
      self.port = port
      self.secret = secret
      self.service = service
      self.certificateDirectory = certificateDirectory
      self.tls = tls
    }
  }

  /// Where pools are configured and secrets live.
  package var namespace: String
  /// The ConfigMap there that stands in for objects; nil = none.
  package var legacyConfigMap: String?
  /// The own pod, which owns what goes with it; nil = not known.
  package var podName: String?
  package var loadBalancerClass: String?
  package var unknownPool: UnknownPool
  package var webhookMode: WebhookMode
  package var webhooks: Webhooks
  package var memberlistSecret: MemberlistSecret?
  /// Where health and metrics are served.
  package var servers: ProcessServers.Settings

  package init(
    namespace: String, legacyConfigMap: String? = nil, podName: String? = nil, loadBalancerClass: String? = nil,
    unknownPool: UnknownPool = .allocate, webhookMode: WebhookMode = .enabled, webhooks: Webhooks,
    memberlistSecret: MemberlistSecret? = nil, servers: ProcessServers.Settings
  ) {
    self.namespace = namespace
    self.legacyConfigMap = legacyConfigMap
    self.podName = podName
    self.loadBalancerClass = loadBalancerClass
    self.unknownPool = unknownPool
    self.webhookMode = webhookMode
    self.webhooks = webhooks
    self.memberlistSecret = memberlistSecret
    self.servers = servers
  }
}
