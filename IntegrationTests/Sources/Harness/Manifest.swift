import Foundation

/// The documents that walkthroughs of MetalLB have their readers apply.
package enum Manifest {
  /// Our own manifest.
  package static func product() throws -> String {
    try String(
      contentsOf: Tool.repository.appendingPathComponent("Deploy/manifests/metallb-native.yaml"), encoding: .utf8)
  }

  package static func pool(
    _ name: String, _ addresses: String..., namespace: String = "metallb-system", extra: String = ""
  ) -> String {
    """
    apiVersion: metallb.io/v1beta1
    kind: IPAddressPool
    metadata:
      name: \(name)
      namespace: \(namespace)
    spec:
      addresses:
    \(addresses.map { "  - \($0)" }.joined(separator: "\n"))
    \(extra.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
    """
  }

  package static func advertisement(
    _ name: String, pools: String..., namespace: String = "metallb-system", extra: String = ""
  ) -> String {
    """
    apiVersion: metallb.io/v1beta1
    kind: L2Advertisement
    metadata:
      name: \(name)
      namespace: \(namespace)
    spec:
      ipAddressPools: [\(pools.joined(separator: ", "))]
    \(extra.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
    """
  }

  package static func namespace(_ name: String) -> String {
    """
    apiVersion: v1
    kind: Namespace
    metadata:
      name: \(name)
    """
  }

  package static func deployment(_ name: String, replicas: Int = 1, image: String = "nginx") -> String {
    """
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: \(name)
      labels:
        app: \(name)
    spec:
      replicas: \(replicas)
      selector:
        matchLabels:
          app: \(name)
      template:
        metadata:
          labels:
            app: \(name)
        spec:
          containers:
          - name: web
            image: \(image)
            ports:
            - containerPort: 80
    """
  }

  /// A Service of type LoadBalancer. `annotations` are lines of YAML, `spec` as well.
  package static func service(
    _ name: String, app: String = "web", ports: [Port] = [.tcp(80)], annotations: [String: String] = [:],
    spec: String = "",
    namespace: String = "default"
  ) -> String {
    var lines = [
      "apiVersion: v1", "kind: Service", "metadata:", "  name: \(name)", "  namespace: \(namespace)",
    ]
    if !annotations.isEmpty {
      lines.append("  annotations:")
      lines += annotations.sorted { $0.key < $1.key }.map { "    \($0.key): \"\($0.value)\"" }
    }
    lines += ["spec:", "  type: LoadBalancer", "  selector:", "    app: \(app)", "  ports:"]
    for port in ports {
      lines += [
        "  - name: \(port.name)", "    protocol: \(port.transport)", "    port: \(port.number)", "    targetPort: 80",
      ]
    }
    lines += spec.split(separator: "\n").map { "  \($0)" }
    return lines.joined(separator: "\n")
  }

  /// A port of a Service.
  package struct Port: Sendable {
    let transport: String
    let number: Int
    var name: String { "\(self.transport.lowercased())-\(self.number)" }

    package static func tcp(_ number: Int) -> Port { Port(transport: "TCP", number: number) }
    package static func udp(_ number: Int) -> Port { Port(transport: "UDP", number: number) }
  }
}
