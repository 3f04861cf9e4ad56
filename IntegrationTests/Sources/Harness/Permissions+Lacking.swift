import Foundation

extension Permissions {
  /// A process that lacks one of its permissions, with a namespace, a pool and a Service of its own.
  package struct Lacking: Sendable {
    package let account: String
    package let permission: Permission
    package let number: Int

    package init(account: String, permission: Permission, number: Int) {
      self.account = account
      self.permission = permission
      self.number = number
    }

    package var user: String { "lacking-\(self.account)-\(self.number)" }
    /// Its Services are of this class.
    package var loadBalancerClass: String { "example.com/\(self.user)" }
    /// A pool of two addresses.
    private var pool: String { "192.168.\(self.account == "speaker" ? 49 : 48).\(self.number * 2)/31" }

    /// What lets it do everything else.
    package func grants(of all: Set<Permission>) -> String {
      let rules = all.subtracting([self.permission]).sorted().map {
        "- {apiGroups: [\"\($0.group)\"], resources: [\"\($0.resource)\"], verbs: [\"\($0.verb)\"]}"
      }
      return """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: \(self.user)}
        rules:
        \(rules.joined(separator: "\n"))
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: \(self.user)}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: \(self.user)}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: \(self.user)}]
        """
    }

    /// What gives it something to do: a pool, advertisements and a router that is not there.
    package var work: String {
      """
      apiVersion: v1
      kind: Namespace
      metadata: {name: \(self.user)}
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: rack, namespace: \(self.user)}
      type: kubernetes.io/basic-auth
      stringData: {password: open-sesame}
      ---
      apiVersion: metallb.io/v1beta1
      kind: IPAddressPool
      metadata: {name: pool, namespace: \(self.user)}
      spec: {addresses: [\(self.pool)]}
      ---
      apiVersion: metallb.io/v1beta1
      kind: L2Advertisement
      metadata: {name: l2, namespace: \(self.user)}
      spec: {nodeSelectors: [{matchLabels: {kubernetes.io/hostname: node-1}}]}
      ---
      apiVersion: metallb.io/v1beta1
      kind: BGPAdvertisement
      metadata: {name: bgp, namespace: \(self.user)}
      ---
      apiVersion: metallb.io/v1beta2
      kind: BGPPeer
      metadata: {name: rack, namespace: \(self.user)}
      spec: {myASN: 64500, peerASN: 64501, peerAddress: 198.18.0.250, passwordSecret: {name: rack}}
      """
    }

    /// Its Service; that of a speaker has its address already.
    package var service: String {
      """
      apiVersion: v1
      kind: Service
      metadata: {name: web, namespace: \(self.user), labels: {lacking: \(self.account)}}
      spec:
        type: LoadBalancer
        loadBalancerClass: \(self.loadBalancerClass)
        ports: [{port: 80}]
      """
    }

    /// What its Service gets where no controller gives it any: an address, and a pod behind it.
    package var backing: String {
      """
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: web-1, namespace: \(self.user), labels: {kubernetes.io/service-name: web}}
      addressType: IPv4
      endpoints: [{addresses: [10.0.0.1], nodeName: node-1, conditions: {ready: true}}]
      ports: [{port: 80}]
      """
    }

    package var status: String {
      let address = self.pool.split(separator: "/").first ?? ""
      return #"{"status":{"loadBalancer":{"ingress":[{"ip":"\#(address)"}]}}}"#
    }

    /// The lab's administrator, acting as this user.
    package func kubeconfig(from kubeconfig: String) throws -> String {
      let text = try String(contentsOfFile: kubeconfig, encoding: .utf8)
      let acting = text.replacingOccurrences(of: "  user:\n", with: "  user:\n    as: \(self.user)\n")
      guard acting != text else { throw HarnessError.notReady("the lab's kubeconfig is not as this test knows it") }
      return try Workspace.current.file("kubeconfig", acting)
    }
  }
}
