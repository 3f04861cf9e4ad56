import KubernetesModel

/// What is known of the certificates in the webhooks' secret, once they have been read.
package enum CertificateFinding: Sendable, Hashable {
  /// There is no secret.
  case noSecret
  /// The secret has no certificates, as it comes with the manifests.
  case empty
  /// What is there cannot be used, and why.
  case unusable(String)
  case certificates(CertificateFacts)
}

/// A server's certificate and the authority that signed it, as far as it matters when they are to be replaced.
package struct CertificateFacts: Sendable, Hashable {
  package var authorityValidity: Range<Timestamp>
  package var serverValidity: Range<Timestamp>
  /// The names for which the server's certificate is good.
  package var names: Set<String>
  /// Whether the authority can sign: its key is there and fits.
  package var authorityCanSign: Bool

  package init(
    authorityValidity: Range<Timestamp>, serverValidity: Range<Timestamp>, names: Set<String>, authorityCanSign: Bool
  ) {
    self.authorityValidity = authorityValidity
    self.serverValidity = serverValidity
    self.names = names
    self.authorityCanSign = authorityCanSign
  }
}

/// What is to be done about the webhooks' certificates at a moment (the rules of open-policy-agent/cert-controller).
package enum CertificateStep: Sendable, Hashable {
  case keep
  /// A new server's certificate by the same authority.
  case renewServer(reason: String)
  /// A new authority, and a new server's certificate by it.
  case renewAll(reason: String)
}

/// When certificates are made and for how long.
package struct CertificatePolicy: Sendable, Hashable {
  /// The name that the API server calls: `<service>.<namespace>.svc`.
  package var name: String
  package var lifetime: Duration
  /// How long before its end a certificate is replaced.
  package var lookahead: Duration
  /// How often that is looked at.
  package var checkInterval: Duration

  package static let authorityName = "cert"
  package static let organization = "metallb"

  package init(
    name: String, lifetime: Duration = .seconds(10 * 365 * 86_400), lookahead: Duration = .seconds(90 * 86_400),
    checkInterval: Duration = .seconds(12 * 3600)
  ) {
    self.name = name
    self.lifetime = lifetime
    self.lookahead = lookahead
    self.checkInterval = checkInterval
  }

  package func step(for finding: CertificateFinding, at now: Timestamp) -> CertificateStep {
    switch finding {
    case .noSecret: return .renewAll(reason: "the secret does not exist")
    case .empty: return .renewAll(reason: "the secret is empty")
    case .unusable(let reason): return .renewAll(reason: reason)
    case .certificates(let facts):
      if let reason = self.problem(with: facts.authorityValidity, at: now) {
        return .renewAll(reason: "the authority's certificate \(reason)")
      }
      var reason = self.problem(with: facts.serverValidity, at: now)
      if reason == nil, !facts.names.contains(self.name) { reason = "is not made out to \(self.name)" }
      guard let reason else { return .keep }
      let text = "the server's certificate \(reason)"
      return facts.authorityCanSign ? .renewServer(reason: text) : .renewAll(reason: text)
    }
  }

  private func problem(with validity: Range<Timestamp>, at now: Timestamp) -> String? {
    let soon = Timestamp(microseconds: now.microseconds + self.lookahead.components.seconds * 1_000_000)
    if now < validity.lowerBound { return "is not valid before \(validity.lowerBound.text)" }
    if now >= validity.upperBound { return "expired at \(validity.upperBound.text)" }
    if soon >= validity.upperBound { return "expires at \(validity.upperBound.text)" }
    return nil
  }
}
