import KubernetesModel

/// Where a webhook listens and whom its certificate must come from (`WebhookClientConfig`).
struct WebhookTarget: Sendable, Hashable {
  enum Place: Sendable, Hashable {
    case url(String)
    case service(ObjectKey, port: Int, path: String)
  }

  var place: Place
  /// PEM; nil = the server's certificate must lead to one that the system trusts.
  var authority: [UInt8]?

  init?(_ configuration: JSONValue?) {
    guard let configuration else { return nil }
    if let url = configuration["url"]?.string {
      self.place = .url(url)
    } else if let service = configuration["service"], let name = service["name"]?.string {
      self.place = .service(
        ObjectKey(namespace: service["namespace"]?.string ?? "", name: name),
        port: Int(service["port"]?.integer ?? 443), path: service["path"]?.string ?? "/")
    } else {
      return nil
    }
    self.authority = configuration["caBundle"]?.string.flatMap { Base64.decode($0) }
  }
}

/// Why a webhook gave no answer, in the words of a real API server.
struct WebhookFailure: Error, Sendable, Hashable, CustomStringConvertible {
  var description: String
}

/// Calls webhooks: finds the endpoint behind a Service, connects over the control plane's own network, checks the
/// certificate, and posts one document.
struct WebhookClient: Sendable {
  /// Where connections are made from; nil = the machine's own network.
  let namespace: String?
  let registry: APIRegistry

  func post(_ document: JSONValue, to target: WebhookTarget, within limit: Duration) async throws(WebhookFailure)
    -> JSONValue
  {
    let place = try await self.resolve(target.place, seconds: Int(limit.components.seconds))
    let exchange = WebhookExchange(place: place, authority: target.authority, limit: limit, namespace: self.namespace)
    do {
      let body = try await exchange.post(document.jsonText)
      return try JSONValue(json: body)
    } catch let error as WebhookFailure {
      throw WebhookFailure(description: "failed to call webhook: Post \"\(place.url)\": \(error)")
    } catch {
      throw WebhookFailure(description: "failed to call webhook: \(error)")
    }
  }

  private func resolve(_ place: WebhookTarget.Place, seconds: Int) async throws(WebhookFailure) -> WebhookPlace {
    switch place {
    case .url(let text):
      guard var place = WebhookPlace(url: text) else {
        throw WebhookFailure(description: "failed to call webhook: parse \"\(text)\": invalid URL")
      }
      place.addTimeout(seconds)
      return place
    case .service(let key, let port, let path):
      let address = try await self.endpoint(of: key, port: port)
      var place = WebhookPlace(
        url: "https://\(key.name).\(key.namespace).svc:\(port)\(path)", serverName: "\(key.name).\(key.namespace).svc",
        host: address.host, port: address.port, target: path)
      place.addTimeout(seconds)
      return place
    }
  }

  /// The address of a ready pod behind the Service, as an API server that knows the endpoints finds it.
  private func endpoint(of key: ObjectKey, port: Int) async throws(WebhookFailure) -> (host: String, port: Int) {
    guard let service = try? await self.registry.get(BuiltInResources.services, key) else {
      throw WebhookFailure(description: "failed to call webhook: service \"\(key.name)\" not found")
    }
    let ports = service[path: "spec", "ports"]?.array ?? []
    guard let wanted = ports.first(where: { $0["port"]?.integer == Int64(port) }) else {
      throw WebhookFailure(
        description: "failed to call webhook: no service port \(port) found for service \"\(key.name)\"")
    }
    let slices = try? await self.registry.list(BuiltInResources.endpointSlices, namespace: key.namespace)
    for slice in slices?.items ?? [] where slice.labels["kubernetes.io/service-name"] == key.name {
      let number = (slice["ports"]?.array ?? []).first {
        ($0["name"]?.string ?? "") == (wanted["name"]?.string ?? "")
      }?["port"]?.integer
      let ready = (slice["endpoints"]?.array ?? []).first { $0[path: "conditions", "ready"]?.bool != false }
      if let number, let address = ready?["addresses"]?.array?.first?.string { return (address, Int(number)) }
    }
    throw WebhookFailure(description: "failed to call webhook: no endpoints available for service \"\(key.name)\"")
  }
}

/// A webhook's URL taken apart, and the address that leads there.
struct WebhookPlace: Sendable, Hashable {
  /// As messages name it.
  var url: String
  /// Whom the certificate must be made out to.
  var serverName: String
  var host: String
  var port: Int
  /// Path and query.
  var target: String

  init(url: String, serverName: String, host: String, port: Int, target: String) {
    self.url = url
    self.serverName = serverName
    self.host = host
    self.port = port
    self.target = target
  }

  /// Reads `https://HOST[:PORT][/PATH]`; nothing else is called.
  init?(url: String) {
    guard url.hasPrefix("https://") else { return nil }
    let rest = url.dropFirst("https://".count)
    let authority = rest.prefix { $0 != "/" }
    let target = rest.dropFirst(authority.count)
    var host = authority
    var port = 443
    if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
      guard let number = Int(authority[authority.index(after: colon)...]), (1...65535).contains(number) else {
        return nil
      }
      port = number
      host = authority[..<colon]
    }
    let name = host.filter { $0 != "[" && $0 != "]" }
    guard !name.isEmpty else { return nil }
    self.init(url: url, serverName: name, host: name, port: port, target: target.isEmpty ? "/" : String(target))
  }

  mutating func addTimeout(_ seconds: Int) {
    let query = (self.target.contains("?") ? "&" : "?") + "timeout=\(seconds)s"
    self.target += query
    self.url += query
  }
}
