import KubernetesModel

/// Asks the validating webhooks of the cluster about one write, and speaks for them.
struct AdmissionCalls: Sendable {
  let client: WebhookClient
  let converter: ObjectConverter
  let makeUID: @Sendable () async -> String

  /// What the webhooks want the writer to be warned of; throws the first refusal.
  func review(
    _ write: ValidatingWebhook.Write, name: String, namespace: String, by webhooks: [ValidatingWebhook],
    options: WriteOptions
  ) async throws(APIFailure) -> [String] {
    var warnings: [String] = []
    for webhook in webhooks {
      guard let version = webhook.version(for: write) else { continue }
      do {
        let review = try await self.review(write, in: version, name: name, namespace: namespace, options: options)
        guard let target = webhook.target else { throw WebhookFailure(description: "it has no place to call") }
        let answer = try await self.client.post(review, to: target, within: webhook.timeout)
        warnings += try Self.judge(answer, of: webhook, uid: review[path: "request", "uid"] ?? "")
      } catch let failure as APIFailure {
        throw failure
      } catch {
        guard webhook.isRequired else { continue }
        throw APIFailure.webhookFailed(webhook.name, "\(error)")
      }
    }
    return warnings
  }

  private func review(
    _ write: ValidatingWebhook.Write, in version: String, name: String, namespace: String, options: WriteOptions
  ) async throws -> JSONValue {
    let type = write.type
    func kind(_ version: String) -> JSONValue {
      ["group": .string(type.group), "version": .string(version), "kind": .string(type.kind)]
    }
    func resource(_ version: String) -> JSONValue {
      ["group": .string(type.group), "version": .string(version), "resource": .string(type.plural)]
    }
    var request: JSONValue = [
      "uid": .string(await self.makeUID()), "kind": kind(version), "resource": resource(version),
      "requestKind": kind(type.version), "requestResource": resource(type.version), "name": .string(name),
      "operation": .string(write.operation), "dryRun": .bool(options.dryRun), "options": .null,
      "userInfo": ["username": .string(options.user.name), "groups": .strings(options.user.groups)],
    ]
    if type.isNamespaced { request["namespace"] = .string(namespace) }
    if let subresource = write.subresource { request["subResource"] = .string(subresource) }
    request["object"] = try await self.object(write.object, of: type, in: version)
    request["oldObject"] = try await self.object(write.oldObject, of: type, in: version)
    return ["apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request]
  }

  private func object(_ object: JSONValue?, of type: ResourceType, in version: String) async throws -> JSONValue {
    guard let object else { return .null }
    guard version != type.version else { return object }
    return try await self.converter.convert([object], of: type, to: version).first ?? .null
  }

  /// The warnings of a webhook that says yes; throws what one says that says no.
  private static func judge(_ answer: JSONValue, of webhook: ValidatingWebhook, uid: JSONValue) throws -> [String] {
    guard answer["kind"]?.string == "AdmissionReview", let response = answer["response"], response.object != nil else {
      throw WebhookFailure(description: "failed to call webhook: the answer is no AdmissionReview")
    }
    guard response["uid"] == uid else {
      throw WebhookFailure(
        description:
          "failed to call webhook: expected response.uid=\"\(uid.string ?? "")\", got \"\(response["uid"]?.string ?? "")\""
      )
    }
    let warnings = (response["warnings"]?.array ?? []).compactMap(\.string)
    if response["allowed"]?.bool == true { return warnings }
    let status = response["status"]
    let message = status?["message"]?.string ?? ""
    let reason = status?["reason"]?.string ?? ""
    let words = message.isEmpty ? reason : message
    throw APIFailure(
      code: max(400, Int(status?["code"]?.integer ?? 400)), reason: reason.isEmpty ? nil : reason,
      message: words.isEmpty
        ? "admission webhook \"\(webhook.name)\" denied the request without explanation"
        : "admission webhook \"\(webhook.name)\" denied the request: \(words)")
  }
}

extension APIFailure {
  /// A webhook that must be asked cannot be.
  static func webhookFailed(_ name: String, _ why: String) -> APIFailure {
    let text = "failed calling webhook \"\(name)\": \(why)"
    var details = APIStatus.Details()
    details.causes = [APIStatus.Cause(reason: nil, message: text, field: nil)]
    return APIFailure(
      code: 500, reason: "InternalError", message: "Internal error occurred: \(text)", details: details)
  }
}
