import NIOHTTP1

/// Whether somebody may read a page, as the API server says.
package enum PageAccess: Sendable, Hashable {
  case granted
  /// There is no token, or one that is nobody's.
  case unauthenticated
  case forbidden(user: String)
  /// The API server was not asked or did not answer; the reason is for the log.
  case undecided(reason: String)
}

/// Answers whether the bearer of a token may read the page at a path; nil = no token was shown.
package typealias PageGuard = @Sendable (_ token: String?, _ path: String) async -> PageAccess

extension HTTPRequest {
  /// The token of an `Authorization: Bearer` header (RFC 6750 section 2.1).
  var bearerToken: String? {
    guard let header = self.headers.first(name: "Authorization") else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    let token = parts[1].filter { $0 != " " }
    return token.isEmpty ? nil : token
  }
}
