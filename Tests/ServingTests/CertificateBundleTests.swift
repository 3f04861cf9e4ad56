import FoundationEssentials
import Testing

@testable import Serving

@Suite struct CertificateBundleTests {
  private static let name = "metallb-webhook-service.metallb-system.svc"
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func make(lifetime: Duration = .seconds(365 * 86_400)) throws -> CertificateBundle {
    try .make(
      authority: "cert", organization: "metallb", dnsName: Self.name, now: Self.now, lifetime: lifetime)
  }

  private func problem(_ bundle: CertificateBundle) -> String? {
    do throws(CertificateBundle.Unusable) {
      _ = try bundle.facts()
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `what is made can serve, and says how long and for whom`() throws {
    let facts = try self.make().facts()
    #expect(facts.names == [Self.name])
    #expect(facts.authorityCanSign)
    #expect(facts.serverValidity.lowerBound == Self.now.addingTimeInterval(-3600))
    #expect(facts.serverValidity.upperBound == Self.now.addingTimeInterval(365 * 86_400))
    #expect(facts.authorityValidity == facts.serverValidity)
  }

  @Test func `a renewed server keeps its authority, and never outlives it`() throws {
    let old = try self.make()
    let renewed = try old.renewingServer(
      dnsName: "other.svc", now: Self.now.addingTimeInterval(86_400), lifetime: .seconds(3650 * 86_400))
    let facts = try renewed.facts()
    #expect(renewed.authorityCertificatePEM == old.authorityCertificatePEM)
    #expect(renewed.server != old.server)
    #expect(facts.names == ["other.svc"])
    #expect(facts.serverValidity.upperBound == facts.authorityValidity.upperBound)
  }

  @Test func `parts that do not belong together are told apart`() throws {
    let (one, two) = (try self.make(), try self.make())
    var mixed = one
    mixed.server.privateKeyPEM = two.server.privateKeyPEM
    #expect(self.problem(mixed) == "tls.key is not the key of tls.crt")
    mixed = one
    mixed.server = two.server
    #expect(self.problem(mixed) == "tls.crt is not signed by ca.crt")
    mixed = one
    mixed.authorityPrivateKeyPEM = two.authorityPrivateKeyPEM
    #expect(try mixed.facts().authorityCanSign == false)
    mixed.authorityPrivateKeyPEM = ""
    #expect(try mixed.facts().authorityCanSign == false)
  }

  @Test func `garbage is named`() throws {
    var bundle = try self.make()
    bundle.server.certificatePEM = "garbage"
    #expect(self.problem(bundle)?.hasPrefix("tls.crt is no certificate: ") == true)
    bundle = try self.make()
    bundle.server.privateKeyPEM = ""
    #expect(self.problem(bundle)?.hasPrefix("tls.key is no private key: ") == true)
    bundle.authorityCertificatePEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    #expect(self.problem(bundle)?.hasPrefix("ca.crt is no certificate: ") == true)
  }

  @Test func `a server shows the newest certificate, and keeps it when the next is of no use`() throws {
    let tls = RenewableTLS(TLSProfile())
    #expect(tls.context == nil)
    let (one, two) = (try self.make().server, try self.make().server)
    #expect(try tls.use(one))
    #expect(try tls.use(one) == false)
    let first = tls.context
    #expect(throws: (any Error).self) { try tls.use(ServerIdentity(certificatePEM: "x", privateKeyPEM: "y")) }
    #expect(tls.context === first)
    #expect(try tls.use(two))
    #expect(tls.context !== first)
  }
}
