import Balancer
import FoundationEssentials
import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import Serving

/// Answers the API server's calls: reviews of configuration objects, and conversions of BGPPeers (contract section 7).
struct WebhookEndpoint: Sendable {
  /// The largest review; an object and its old form are smaller by far.
  static let largestReview = 7 << 20
  /// The largest request: a list of peers to convert.
  static let largestBody = 16 << 20

  let admission: Admission
  /// What is known of the objects that exist.
  let existing: @Sendable () -> ConfigurationObjects
  /// What the API server has now of some kinds; nil = it cannot be had.
  let newest: @Sendable (_ kinds: Set<String>) async -> ConfigurationObjects?
  let logger: Logger

  func handle(_ request: HTTPRequest, _ response: HTTPResponseWriter) async throws {
    let path = AdmissionPath(rawValue: request.path)
    guard path != nil || request.path == "/convert" else {
      return try await response.respond(.notFound, contentType: "text/plain; charset=utf-8", text: "not found\n")
    }
    guard request.method == .POST else {
      return try await response.respond(
        .methodNotAllowed, headers: ["Allow": "POST", "Content-Type": "text/plain; charset=utf-8"],
        body: ByteBuffer(string: "only POST\n"))
    }
    guard let path else {
      let body = try await request.body.collect()
      guard let document = try? JSONValue(json: body.readableBytesView),
        let answer = ConversionReview.answer(to: document)
      else {
        return try await response.respond(
          .badRequest, contentType: "text/plain; charset=utf-8", text: "this is no ConversionReview\n")
      }
      return try await Self.send(answer, response)
    }
    let answer: JSONValue
    do {
      answer = await self.answer(to: try await request.body.collect(), of: request.headers, at: path)
    } catch HTTPRequestBody.Failure.tooLarge(let limit) {
      answer = AdmissionVerdict.undecided(code: 413, Self.tooLarge(limit)).answer()
    }
    try await Self.send(answer, response)
  }

  private static func send(_ answer: JSONValue, _ response: HTTPResponseWriter) async throws {
    try await response.respond(
      .ok, headers: ["Content-Type": "application/json"], body: ByteBuffer(bytes: answer.jsonText))
  }

  private static func tooLarge(_ limit: Int) -> String { "request entity is too large; limit is \(limit) bytes" }

  /// The answer to one review; whatever is wrong with it, there is one.
  func answer(to body: ByteBuffer, of headers: HTTPHeaders, at path: AdmissionPath) async -> JSONValue {
    let type = headers.first(name: "content-type") ?? ""
    guard type.split(separator: ";").first.map({ $0.filter { $0 != " " } }) == "application/json" else {
      return AdmissionVerdict.undecided(code: 400, "contentType=\(type), expected application/json").answer()
    }
    guard body.readableBytes <= Self.largestReview else {
      return AdmissionVerdict.undecided(code: 413, Self.tooLarge(Self.largestReview)).answer()
    }
    let review: AdmissionReview
    do {
      review = try AdmissionReview(body.readableBytesView)
    } catch {
      return AdmissionVerdict.undecided(code: 400, error.description).answer()
    }
    let verdict = await self.verdict(on: review, at: path)
    self.log(verdict, on: review)
    return verdict.answer(apiVersion: review.apiVersion, uid: review.uid)
  }

  private func verdict(on review: AdmissionReview, at path: AdmissionPath) async -> AdmissionVerdict {
    guard review.group == "metallb.io", review.kind == path.kind else {
      return .undecided(code: 400, "\(path.rawValue) is for objects of kind \(path.kind), not \(review.kind)")
    }
    guard review.operation != .connect else { return .allowed }
    guard let object = review.operation == .delete ? review.oldObject : review.object else {
      return .undecided(code: 400, "there is no object to decode")
    }
    let subject: AdmissionSubject
    do {
      subject = try path.subject(object)
    } catch {
      return .undecided(code: 400, error.description)
    }
    let existing = self.existing()
    if let kind = path.needs.sorted().first(where: { !existing.knows($0) }) {
      return .undecided(code: 503, "\(path.unavailable(kind)): they are not all read yet; try again in a moment")
    }
    let verdict = self.admission.verdict(on: review.operation, of: subject, among: existing)
    // What it collides with may be gone since a moment.
    guard case .denied = verdict, let newest = await self.newest(path.needs) else { return verdict }
    return self.admission.verdict(on: review.operation, of: subject, among: newest)
  }

  private func log(_ verdict: AdmissionVerdict, on review: AdmissionReview) {
    let metadata: Logger.Metadata = [
      "kind": .string(review.kind), "object": "\(ObjectKey(namespace: review.namespace, name: review.name))",
      "operation": .string(review.operation.rawValue),
    ]
    func with(_ reason: String) -> Logger.Metadata {
      metadata.merging(["reason": .string(reason)]) { _, new in new }
    }
    switch verdict {
    case .allowed: self.logger.debug("let a configuration object pass", metadata: metadata)
    case .denied(let reason, _): self.logger.info("refused a configuration object", metadata: with(reason))
    case .undecided(_, let reason): self.logger.warning("could not review an object", metadata: with(reason))
    }
  }
}

extension AdmissionPath {
  /// The object as its kind; throws if it does not have the shape of that.
  fileprivate func subject(_ object: JSONValue) throws(DecodingFailure) -> AdmissionSubject {
    func decoded<R: KubernetesResource>() throws(DecodingFailure) -> R {
      do {
        return try JSONDecoder().decode(R.self, from: Data(object.jsonText))
      } catch {
        throw DecodingFailure(error)
      }
    }
    return switch self {
    case .pool: .pool(try decoded())
    case .bgpPeer: .bgpPeer(try decoded())
    case .bgpAdvertisement: .bgpAdvertisement(try decoded())
    case .l2Advertisement: .l2Advertisement(try decoded())
    case .community: .community(try decoded())
    case .bfdProfile: .bfdProfile(try decoded())
    }
  }
}
