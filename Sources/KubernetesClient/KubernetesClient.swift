import FoundationEssentials
import KubernetesModel
import Logging
import NIOCore
import Runner

/// A client of one Kubernetes API server, for typed objects.
///
/// Everything is one request, with a time limit, and an answer or an `APIError` that carries the server's Status. Lists
/// come in pages. Cheap to copy; all copies share the connections. `Watcher` follows a kind of object, `EventRecorder`
/// writes Events.
package struct KubernetesClient: Sendable {
  /// How many objects a page of a list holds.
  package static let pageSize = 500

  package let configuration: ClusterConfiguration
  let transport: Transport
  let logger: Logger

  /// `agent` says in the User-Agent which part of the product asks, such as `controller`.
  package init(
    _ configuration: ClusterConfiguration, agent: String = "client", logger: Logger,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(CredentialError) {
    self.configuration = configuration
    self.logger = logger
    self.transport = try Transport(
      configuration, environment: environment, userAgent: "metallb/\(Version.current) (linux) \(agent)")
  }

  /// How many requests were sent since the start, and how they were answered.
  package var requestCounts: [RequestCount] { self.transport.tally.all }

  /// Closes the connections. Requests under way fail.
  package func shutdown() async {
    await self.transport.shutdown()
  }

  package func get<R: KubernetesResource>(_ type: R.Type = R.self, _ key: ObjectKey) async throws(APIError) -> R {
    let path = R.type.path(namespace: key.namespace, name: key.name)
    return try self.decode(try await self.transport.send(APIRequest(.get, path)))
  }

  /// One page of a list; `continuing` is the token of the page before.
  package func page<R: KubernetesResource>(
    _ type: R.Type = R.self, in scope: ListScope = ListScope(), limit: Int = Self.pageSize, continuing: String? = nil
  ) async throws(APIError) -> ObjectList<R> {
    let request = APIRequest(
      .get, R.type.path(namespace: scope.namespace),
      query: [
        ("labelSelector", scope.labelSelector), ("fieldSelector", scope.fieldSelector), ("limit", String(limit)),
        ("continue", continuing),
      ])
    return try self.decode(try await self.transport.send(request))
  }

  /// All objects in scope, read in pages; those without the shape of their kind are among them as such.
  package func list<R: KubernetesResource>(
    _ type: R.Type = R.self, in scope: ListScope = ListScope()
  ) async throws(APIError) -> [Decoded<R>] {
    var items: [Decoded<R>] = []
    var token: String?
    repeat {
      let page: ObjectList<R> = try await self.page(in: scope, continuing: token)
      items += page.items
      token = page.metadata.continue.flatMap { $0.isEmpty ? nil : $0 }
    } while token != nil
    return items
  }

  /// Creates the object in the namespace that its metadata name.
  @discardableResult
  package func create<R: KubernetesResource>(_ object: R, manager: String? = nil) async throws(APIError) -> R {
    let request = APIRequest(
      .post, R.type.path(namespace: object.metadata.namespace), query: [("fieldManager", manager)],
      contentType: "application/json", body: try Manifest.encoded(object))
    return try self.decode(try await self.transport.send(request))
  }

  /// Writes the whole object, or its subresource, over what is there (PUT). With a resourceVersion in the metadata the
  /// write fails with a conflict if someone else wrote in between.
  @discardableResult
  package func replace<R: KubernetesResource>(
    _ object: R, subresource: String? = nil, manager: String? = nil
  ) async throws(APIError) -> R {
    let key = object.key
    let request = APIRequest(
      .put, R.type.path(namespace: key.namespace, name: key.name, subresource: subresource),
      query: [("fieldManager", manager)], contentType: "application/json", body: try Manifest.encoded(object))
    return try self.decode(try await self.transport.send(request))
  }

  /// Applies the object's fields, or those of its subresource, on behalf of a manager (server-side apply); what is not
  /// there is created. With `force`, fields are taken from other managers.
  @discardableResult
  package func apply<R: KubernetesResource>(
    _ object: R, subresource: String? = nil, manager: String, force: Bool
  ) async throws(APIError) -> R {
    let key = object.key
    let request = APIRequest(
      .patch, R.type.path(namespace: key.namespace, name: key.name, subresource: subresource),
      query: [("fieldManager", manager), ("force", force ? "true" : "false")], contentType: Patch.applyContentType,
      body: try Manifest.encoded(object))
    return try self.decode(try await self.transport.send(request))
  }

  @discardableResult
  package func patch<R: KubernetesResource>(
    _ type: R.Type = R.self, _ key: ObjectKey, subresource: String? = nil, with patch: Patch, manager: String? = nil
  ) async throws(APIError) -> R {
    var query: [(String, String?)] = [("fieldManager", manager)]
    if case .apply(_, let manager, let force) = patch {
      query = [("fieldManager", manager), ("force", force ? "true" : "false")]
    }
    let body: [UInt8]
    do {
      body = Array(try JSONEncoder.forRequests.encode(patch.document))
    } catch {
      throw .unencodable("\(error)")
    }
    let request = APIRequest(
      .patch, R.type.path(namespace: key.namespace, name: key.name, subresource: subresource), query: query,
      contentType: patch.contentType, body: body)
    return try self.decode(try await self.transport.send(request))
  }

  /// Deletes the object; with `uid`, only if it is still that very object.
  package func delete(_ type: ResourceType, _ key: ObjectKey, uid: String? = nil) async throws(APIError) {
    var options: JSONValue = ["kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"]
    if let uid { options["preconditions"] = ["uid": .string(uid)] }
    let body: [UInt8]
    do {
      body = Array(try JSONEncoder.forRequests.encode(options))
    } catch {
      throw .unencodable("\(error)")
    }
    _ = try await self.transport.send(
      APIRequest(
        .delete, type.path(namespace: key.namespace, name: key.name), contentType: "application/json", body: body))
  }

  /// Sends a request of any shape and decodes the answer, for what has no type of its own.
  package func send<Answer: Decodable>(
    _ request: APIRequest, as type: Answer.Type = Answer.self
  ) async throws(APIError) -> Answer {
    try self.decode(try await self.transport.send(request))
  }

  private func decode<Answer: Decodable>(_ body: ByteBuffer) throws(APIError) -> Answer {
    do {
      return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
    } catch {
      throw .malformedAnswer(DecodingFailure(error).description)
    }
  }
}

/// Which objects of a kind: of one namespace or of all, and matching selectors in their text form.
package struct ListScope: Sendable, Hashable {
  /// nil = all namespaces.
  package var namespace: String?
  package var labelSelector: String?
  package var fieldSelector: String?

  package init(namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil) {
    self.namespace = namespace
    self.labelSelector = labelSelector
    self.fieldSelector = fieldSelector
  }
}

/// An object with the `apiVersion` and `kind` that a write must name.
struct Manifest<R: KubernetesResource>: Encodable {
  let object: R

  private enum CodingKeys: CodingKey { case apiVersion, kind }

  func encode(to encoder: any Encoder) throws {
    try self.object.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(R.type.apiVersion, forKey: .apiVersion)
    try container.encode(R.type.kind, forKey: .kind)
  }

  static func encoded(_ object: R) throws(APIError) -> [UInt8] {
    do {
      return Array(try JSONEncoder.forRequests.encode(Manifest(object: object)))
    } catch {
      throw .unencodable("\(error)")
    }
  }
}

extension JSONEncoder {
  /// Writes slashes as they are: what is applied is read as YAML, which knows no `\/`.
  fileprivate static var forRequests: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return encoder
  }
}
