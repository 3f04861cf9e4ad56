import KubernetesModel

/// Puts custom resources into another of their versions, by the webhook that their definition names.
struct ObjectConverter: Sendable {
  let client: WebhookClient
  let registry: APIRegistry
  let makeUID: @Sendable () async -> String

  /// The objects, in order, in that version of their kind.
  func convert(_ objects: [JSONValue], of type: ResourceType, to version: String) async throws(APIFailure)
    -> [JSONValue]
  {
    guard !objects.isEmpty, type.version != version else { return objects }
    let desired = "\(type.group)/\(version)"
    func failure(_ why: String) -> APIFailure {
      .internalErrorOccurred("conversion webhook for \(type.apiVersion), Kind=\(type.kind) failed: \(why)")
    }
    let name = ObjectKey(name: "\(type.plural).\(type.group)")
    guard let definition = try? await self.registry.get(BuiltInResources.customResourceDefinitions, name),
      let webhook = definition[path: "spec", "conversion", "webhook"],
      let target = WebhookTarget(webhook["clientConfig"])
    else { throw failure("the definition names no webhook") }
    let versions = (webhook["conversionReviewVersions"]?.array ?? []).compactMap(\.string)
    guard let reviewVersion = versions.first(where: { ["v1", "v1beta1"].contains($0) }) else {
      throw failure("none of the versions \(versions) of a ConversionReview is known")
    }
    let uid = await self.makeUID()
    let review: JSONValue = [
      "apiVersion": .string("apiextensions.k8s.io/\(reviewVersion)"), "kind": "ConversionReview",
      "request": ["uid": .string(uid), "desiredAPIVersion": .string(desired), "objects": .array(objects)],
    ]
    let answer: JSONValue
    do {
      answer = try await self.client.post(review, to: target, within: .seconds(30))
    } catch {
      throw failure(error.description.replacing("failed to call webhook: ", with: ""))
    }
    guard let response = answer["response"], response["uid"]?.string == uid else {
      throw failure("the answer is no ConversionReview of this request")
    }
    guard response[path: "result", "status"]?.string == "Success" else {
      throw failure(response[path: "result", "message"]?.string ?? "no reason given")
    }
    let converted = response["convertedObjects"]?.array ?? []
    guard converted.count == objects.count else {
      throw failure("webhook returned \(converted.count) objects, expected \(objects.count)")
    }
    for (before, after) in zip(objects, converted) {
      guard after["apiVersion"]?.string == desired, after.uid == before.uid, after.key == before.key else {
        throw failure("the webhook changed more than it may of \(before.key)")
      }
    }
    return converted
  }
}

extension APIFailure {
  static func internalErrorOccurred(_ why: String) -> APIFailure {
    var details = APIStatus.Details()
    details.causes = [APIStatus.Cause(reason: nil, message: why, field: nil)]
    return APIFailure(code: 500, reason: "InternalError", message: "Internal error occurred: \(why)", details: details)
  }
}
