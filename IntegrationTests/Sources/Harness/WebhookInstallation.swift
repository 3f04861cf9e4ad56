import Foundation

/// Our webhooks in a real API server, called at a controller that runs on this machine.
///
/// The manifests' Service has pods behind it; here it is the name of this machine, with the port of the controller. The
/// certificate is still that of the Service.
package struct WebhookInstallation: Sendable {
  package let port: Int

  /// - Parameter port: where the controller serves webhooks.
  package init(port: Int) {
    self.port = port
  }

  /// A port that nobody listens on, below those that the kernel gives to connections: it is still free when its process
  /// comes. Everybody gets another one.
  package static func freePort() throws -> Int {
    let (first, count) = (12_000, 8_000)
    for _ in 0..<count {
      let port = first + (Int(getpid()) + Workspace.current.newNumber()) % count
      if self.isFree(port) { return port }
    }
    throw HarnessError.notReady("no port is free between \(first) and \(first + count)")
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  /// The manifest of Deploy, with another way to the controller.
  package func manifest() throws -> String {
    let file = Tool.repository.appendingPathComponent("Deploy/native/webhooks.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    let pods = """
        selector:
          component: controller
        ports:
          - port: 443
            targetPort: 9443
      """
    guard text.contains(pods) else { throw HarnessError.notReady("webhooks.yaml is not as this test knows it") }
    return
      text.replacingOccurrences(of: pods, with: "  type: ExternalName\n  externalName: localhost")
      .replacingOccurrences(of: "        path: /validate", with: "        port: \(self.port)\n        path: /validate")
  }

  /// The patch of a CRD by which its objects are converted there.
  package var conversion: String {
    """
    {"spec": {"conversion": {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"], "clientConfig":
      {"service": {"name": "metallb-webhook-service", "namespace": "metallb-system", "path": "/convert", "port": \(self.port)}}}}}}
    """
  }
}
