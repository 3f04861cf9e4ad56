import KubernetesModel
import TestKit
import Testing

@testable import Balancer

@Suite struct CertificatePolicyTests {
  private let policy = CertificatePolicy(name: "metallb-webhook-service.metallb-system.svc")
  private let now = Timestamp(seconds: 1_800_000_000)

  private func days(_ count: Int64) -> Timestamp { Timestamp(seconds: self.now.seconds + count * 86_400) }

  private func facts(
    authority: Range<Int64> = -10..<3000, server: Range<Int64> = -10..<3000,
    names: Set<String> = ["metallb-webhook-service.metallb-system.svc"], canSign: Bool = true
  ) -> CertificateFinding {
    .certificates(
      CertificateFacts(
        authorityValidity: self.days(authority.lowerBound)..<self.days(authority.upperBound),
        serverValidity: self.days(server.lowerBound)..<self.days(server.upperBound), names: names,
        authorityCanSign: canSign))
  }

  @Test func `good certificates are kept until 90 days before their end`() {
    #expect(self.policy.step(for: self.facts(), at: self.now) == .keep)
    #expect(self.policy.step(for: self.facts(authority: -10..<91, server: -10..<91), at: self.now) == .keep)
  }

  @Test func `a secret that is lost, empty or garbled is filled anew`() {
    #expect(self.policy.step(for: .noSecret, at: self.now) == .renewAll(reason: "the secret does not exist"))
    #expect(self.policy.step(for: .empty, at: self.now) == .renewAll(reason: "the secret is empty"))
    #expect(
      self.policy.step(for: .unusable("tls.crt is no certificate"), at: self.now)
        == .renewAll(reason: "tls.crt is no certificate"))
  }

  @Test(arguments: [-10..<90 as Range<Int64>, -10..<0, -900 ..< -1, 2..<3000])
  func `an authority that ends soon, has ended or has not begun is replaced with everything`(validity: Range<Int64>) {
    guard case .renewAll = self.policy.step(for: self.facts(authority: validity), at: self.now) else {
      Issue.record("not replaced")
      return
    }
  }

  @Test(arguments: [-10..<90 as Range<Int64>, -10..<0, -900 ..< -1, 2..<3000])
  func `a server's certificate alone is renewed by the same authority`(validity: Range<Int64>) {
    guard case .renewServer = self.policy.step(for: self.facts(server: validity), at: self.now) else {
      Issue.record("not renewed")
      return
    }
    guard case .renewAll = self.policy.step(for: self.facts(server: validity, canSign: false), at: self.now) else {
      Issue.record("an authority that cannot sign is of no use")
      return
    }
  }

  @Test func `a certificate for another Service is renewed`() {
    #expect(
      self.policy.step(for: self.facts(names: ["old.metallb-system.svc"]), at: self.now)
        == .renewServer(
          reason: "the server's certificate is not made out to metallb-webhook-service.metallb-system.svc"))
  }
}
