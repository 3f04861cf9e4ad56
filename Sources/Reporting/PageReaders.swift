import KubernetesClient
import KubernetesModel
import Logging
import Runner
import Serving

/// Who may read the metrics: a TokenReview says whose a token is, a SubjectAccessReview whether that one may `get` the
/// path (contract section 1).
package actor PageReaders {
  private let client: KubernetesClient
  private let logger: Logger
  private var memory = AccessMemory(at: Time.now)
  private var complaint: String?

  package init(_ client: KubernetesClient, logger: Logger) {
    self.client = client
    self.logger = logger
  }

  /// What holds for the bearer of this token.
  package func access(token: String?, path: String) async -> PageAccess {
    guard let token else { return .unauthenticated }
    let question = AccessMemory.Question(token: token, path: path)
    if let known = self.memory.answer(to: question, at: Time.now) { return known }
    guard self.memory.mayAsk(at: Time.now) else {
      return self.complained(.undecided(reason: "too many tokens are shown that are not known"))
    }
    let access = await self.ask(token: token, path: path)
    self.memory.keep(access, to: question, at: Time.now)
    return self.complained(access)
  }

  private func ask(token: String, path: String) async -> PageAccess {
    do throws(APIError) {
      let review = try await self.client.create(TokenReview(token: token))
      guard review.status?.authenticated == true, let user = review.status?.user else { return .unauthenticated }
      let answer = try await self.client.create(SubjectAccessReview(user: user, verb: "get", path: path))
      return answer.status?.allowed == true ? .granted : .forbidden(user: user.username ?? "")
    } catch {
      return .undecided(reason: error.description)
    }
  }

  /// Says once why nobody can be let in, and again when the reason is another.
  private func complained(_ access: PageAccess) -> PageAccess {
    guard case .undecided(let reason) = access else {
      if access == .granted { self.complaint = nil }
      return access
    }
    if self.complaint != reason {
      self.logger.warning(
        "cannot ask the API server who may read the metrics; the process needs to create tokenreviews and subjectaccessreviews",
        metadata: ["reason": .string(reason)])
    }
    self.complaint = reason
    return access
  }
}
