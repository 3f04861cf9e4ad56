import Testing

@testable import KubernetesClient

@Suite struct KubeconfigTests {
  private static let first = """
    apiVersion: v1
    kind: Config
    current-context: one
    clusters:
    - name: c1
      cluster: {server: "https://192.0.2.1:6443", certificate-authority-data: Q0E=}
    contexts:
    - name: one
      context: {cluster: c1, user: u1, namespace: apps}
    users:
    - name: u1
      user: {token: first}
    """
  private static let second = """
    current-context: two
    clusters:
    - name: c1
      cluster: {server: "https://198.51.100.1:6443"}
    - name: c2
      cluster: {server: "http://[2001:db8::1]:8080/base/"}
    contexts:
    - name: two
      context: {cluster: c2, user: u1}
    - name: three
      context: {cluster: c2}
    users:
    - name: u1
      user: {token: second, tokenFile: somewhere}
    """

  private func load(
    _ files: [String: String], kubeconfig: String? = nil, context: String? = nil, cluster: String? = nil,
    user: String? = nil, environment: [String: String] = [:]
  ) throws(ConfigurationError) -> ClusterConfiguration {
    let choice = ClusterConfiguration.Choice(context: context, cluster: cluster, user: user)
    return try ClusterConfiguration.load(kubeconfig: kubeconfig, choice, environment: environment) { path in
      files[path].map { Array($0.utf8) }
    }
  }

  private func user(_ yaml: String, cluster: String = "server: https://h") -> String {
    """
    current-context: x
    clusters: [{name: c, cluster: {\(cluster)}}]
    contexts: [{name: x, context: {cluster: c, user: u}}]
    users:
    - name: u
      user: \(yaml)
    """
  }

  private func failure(_ yaml: String, context: String? = nil) -> String? {
    do {
      _ = try self.load(["/dir/config": yaml], kubeconfig: "/dir/config", context: context)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `of several files the first to name an entry wins with the whole of it`() throws {
    let files = ["/a": Self.first, "/b": Self.second]
    let one = try self.load(files, environment: ["KUBECONFIG": "/a:/missing:/b"])
    var expected = ClusterConfiguration(
      server: ServerAddress(isSecure: true, host: "192.0.2.1", port: 6443), origin: "/a")
    expected.namespace = "apps"
    expected.authorities = .data(Array("CA".utf8))
    expected.credential = .token("first")
    #expect(one == expected)

    let two = try self.load(files, context: "two", environment: ["KUBECONFIG": "/a:/b"])
    #expect(two.server == ServerAddress(isSecure: false, host: "2001:db8::1", port: 8080, basePath: "/base"))
    #expect(two.credential == .token("first"))
    #expect(two.namespace == nil)

    let swapped = try self.load(files, environment: ["KUBECONFIG": "/b:/a"])
    #expect(swapped.server.host == "2001:db8::1")
    #expect(swapped.credential == .tokenFile("/somewhere"))
  }

  @Test func `a cluster and a user that are named take the place of the context's`() throws {
    let files = ["/a": Self.first, "/b": Self.second]
    let other = try self.load(files, cluster: "c2", environment: ["KUBECONFIG": "/a:/b"])
    #expect(other.server.host == "2001:db8::1" && other.credential == .token("first") && other.namespace == "apps")
    #expect(try self.load(["/b": Self.second], kubeconfig: "/b", context: "three", user: "u1").credential != .anonymous)
    // Without a context a cluster will do.
    let bare = Self.first.replacing("current-context: one\n", with: "")
    #expect(try self.load(["/a": bare], kubeconfig: "/a", cluster: "c1", user: "u1").credential == .token("first"))
    #expect(throws: ConfigurationError.self) { try self.load(files, kubeconfig: "/a", cluster: "c3") }
  }

  @Test func `a context without a user is anonymous`() throws {
    let three = try self.load(["/b": Self.second], kubeconfig: "/b", context: "three")
    #expect(three.credential == .anonymous)
  }

  @Test func `relative paths are resolved against the directory of their file`() throws {
    let yaml = self.user(
      "{client-certificate: pki/me.crt, client-key: /abs/me.key, tokenFile: token}",
      cluster: "server: https://h, certificate-authority: ../ca.crt, tls-server-name: api.test")
    let loaded = try self.load(["/home/me/.kube/config": yaml], environment: ["HOME": "/home/me"])
    #expect(loaded.authorities == .file("/home/me/.kube/../ca.crt"))
    #expect(
      loaded.clientCertificate
        == ClientCertificate(chain: .file("/home/me/.kube/pki/me.crt"), key: .file("/abs/me.key")))
    #expect(loaded.credential == .tokenFile("/home/me/.kube/token"))
    #expect(loaded.serverName == "api.test")
  }

  @Test func `data beats a file of the same purpose`() throws {
    let yaml = self.user(
      "{client-certificate: a, client-certificate-data: Y3J0, client-key: b, client-key-data: a2V5}")
    let loaded = try self.load(["/c": yaml], kubeconfig: "/c")
    #expect(
      loaded.clientCertificate
        == ClientCertificate(chain: .data(Array("crt".utf8)), key: .data(Array("key".utf8))))
  }

  @Test func `an exec plugin is read whole`() throws {
    let yaml = self.user(
      """
      {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./get-token, args: [--cluster, x],
      env: [{name: A, value: b}], installHint: install it, provideClusterInfo: true}}
      """)
    let loaded = try self.load(["/dir/c": yaml], kubeconfig: "/dir/c")
    #expect(
      loaded.credential
        == .exec(
          ExecPlugin(
            apiVersion: "client.authentication.k8s.io/v1", command: "/dir/./get-token", arguments: ["--cluster", "x"],
            environment: ["A": "b"], installHint: "install it", providesClusterInfo: true)))
  }

  @Test func `a pod finds its server in the environment, unless a kubeconfig is named`() throws {
    let directory = "/var/run/secrets/kubernetes.io/serviceaccount"
    let files = [
      "\(directory)/token": "t", "\(directory)/ca.crt": "c", "\(directory)/namespace": "metallb-system\n",
      "/a": Self.first,
    ]
    let environment = [
      "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443", "HOME": "/nobody",
    ]
    let pod = try self.load(files, environment: environment)
    var expected = ClusterConfiguration(
      server: ServerAddress(isSecure: true, host: "10.96.0.1", port: 443), origin: "the pod's service account")
    expected.namespace = "metallb-system"
    expected.authorities = .file("\(directory)/ca.crt")
    expected.credential = .tokenFile("\(directory)/token")
    #expect(pod == expected)

    let named = try self.load(files, kubeconfig: "/a", environment: environment)
    #expect(named.server.host == "192.0.2.1")
  }

  @Test func `a pod without a token is told so`() {
    #expect(throws: ConfigurationError.self) {
      try self.load([:], environment: ["KUBERNETES_SERVICE_HOST": "10.96.0.1"])
    }
  }

  @Test func `where nothing is configured, every way to do it is named`() {
    #expect(throws: ConfigurationError.nothingConfigured) { try self.load([:], environment: ["HOME": "/nobody"]) }
    #expect(ConfigurationError.nothingConfigured.description.contains("KUBECONFIG"))
  }

  @Test func `what is wrong is told with file, field and remedy`() {
    #expect(
      self.failure("clusters: []")
        == "/dir/config: current-context is missing: set it (kubectl config use-context), or name a context; "
        + "there are none")
    #expect(
      self.failure(Self.first, context: "four")
        == "/dir/config: contexts[four] is missing: define it, or use one of \"one\"")
    #expect(
      self.failure(self.user("{}", cluster: "server: ''"))
        == "/dir/config: clusters[c].cluster.server is missing: set it to the URL of the API server")
    #expect(
      self.failure(self.user("{}", cluster: "server: 'ftp://h'"))
        == "/dir/config: clusters[c].cluster.server is malformed: \"ftp://h\" is not a URL such as "
        + "https://192.0.2.1:6443")
    #expect(
      self.failure(self.user("{client-certificate-data: Y3J0}"))
        == "/dir/config: users[u].user.client-key is missing: a client certificate needs its key: add client-key or "
        + "client-key-data")
    #expect(
      self.failure(self.user("{client-certificate-data: '%'}"))
        == "/dir/config: users[u].user.client-certificate-data is malformed: it is not base64")
    #expect(
      self.failure(self.user("{exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}}"))
        == "/dir/config: users[u].user.exec.apiVersion \"client.authentication.k8s.io/v1alpha1\" is not supported: "
        + "use client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1")
    #expect(
      self.failure(self.user("{auth-provider: {name: gcp}}"))
        == "/dir/config: users[u].user.auth-provider \"gcp\" is not supported: use an exec plugin, a token or a "
        + "client certificate")
    #expect(
      self.failure("clusters: {a: b}")?.hasPrefix("/dir/config: clusters is malformed: ") == true)
    #expect(self.failure("a: [")?.hasPrefix("/dir/config: the document is malformed: ") == true)
  }

  @Test func `a file that was named must be there`() {
    #expect(throws: ConfigurationError.unreadable(file: "/x", reason: "there is no such file")) {
      try self.load([:], kubeconfig: "/x")
    }
  }

  @Test(arguments: [
    ("https://h", ServerAddress(isSecure: true, host: "h", port: 443)),
    ("http://h:80/", ServerAddress(isSecure: false, host: "h", port: 80)),
    ("h:8080", ServerAddress(isSecure: false, host: "h", port: 8080)),
    ("https://[::1]/a/b/", ServerAddress(isSecure: true, host: "::1", port: 443, basePath: "/a/b")),
    ("https://", nil), ("https://h:0", nil), ("https://h:65536", nil), ("https://h:x", nil), ("https://[::1", nil),
    ("https://u@h", nil), ("ssh://h", nil), ("https://[::1]x", nil), ("https://a:b:c", nil), ("", nil),
  ])
  func `server addresses are read and doubtful ones refused`(text: String, address: ServerAddress?) {
    #expect(ServerAddress(text) == address)
  }
}
