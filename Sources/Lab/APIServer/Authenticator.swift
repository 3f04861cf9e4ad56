import Crypto
import KubernetesModel
import NIOConcurrencyHelpers
import NIOHTTP1
import Serving

/// Finds out who asks: by bearer token or by client certificate, both issued by the lab itself.
package final class Authenticator: Sendable {
  private let tokens: NIOLockedValueBox<[String: APIUser]>
  /// Who a request without any credentials is; nil = refused.
  private let anonymous: APIUser?

  package init(tokens: [String: APIUser], anonymous: APIUser? = .anonymous) {
    self.tokens = NIOLockedValueBox(tokens)
    self.anonymous = anonymous
  }

  /// A new token for a user, valid as long as this server.
  package func issueToken(for user: APIUser) -> String {
    let token = Self.makeToken()
    self.tokens.withLockedValue { $0[token] = user }
    return token
  }

  /// A token for a ServiceAccount, as pods find it in their volume.
  package func issueToken(serviceAccount name: String, namespace: String, uid: String = "") -> String {
    self.issueToken(for: .serviceAccount(name, namespace: namespace, uid: uid))
  }

  package static func makeToken() -> String {
    SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }.map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }

  package func user(of token: String) -> APIUser? {
    self.tokens.withLockedValue { $0[token] }
  }

  func user(_ headers: HTTPHeaders, certificate: PeerCertificate?) throws(APIFailure) -> APIUser {
    if let authorization = headers.first(name: "authorization") {
      let parts = authorization.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "bearer",
        let user = self.user(of: parts[1].filter { $0 != " " })
      else { throw .unauthorized }
      return user
    }
    if let certificate, let name = certificate.commonName {
      return APIUser(name: name, groups: certificate.organizations + ["system:authenticated"])
    }
    guard let anonymous else { throw .unauthorized }
    return anonymous
  }
}

extension APIUser {
  package static func serviceAccount(_ name: String, namespace: String, uid: String = "") -> APIUser {
    APIUser(
      name: "system:serviceaccount:\(namespace):\(name)",
      groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"], uid: uid)
  }

  /// The administrator of a lab.
  package static let admin = APIUser(name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"])
}
