import NIOSSL
import Testing

@testable import Serving

/// The TLS flags of contract section 2.1.
@Suite struct TLSProfileTests {
  private func refusal(_ version: String = "", _ ciphers: String = "", _ curves: String = "") -> String? {
    do throws(TLSProfile.Refusal) {
      _ = try TLSProfile(minimumVersion: version, cipherSuites: ciphers, curvePreferences: curves)
      return nil
    } catch {
      return error.description
    }
  }

  private func configuration(_ version: String, _ ciphers: String, _ curves: String) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    try TLSProfile(minimumVersion: version, cipherSuites: ciphers, curvePreferences: curves).apply(to: &configuration)
    return configuration
  }

  @Test func `TLS 1.3 is the least unless 1.2 is asked for`() throws {
    #expect(try self.configuration("", "", "").minimumTLSVersion == .tlsv13)
    #expect(try self.configuration("VersionTLS13", "", "").minimumTLSVersion == .tlsv13)
    #expect(try self.configuration("VersionTLS12", "", "").minimumTLSVersion == .tlsv12)
  }

  @Test func `suites and curves are those that are asked for, in order`() throws {
    let configuration = try self.configuration(
      "VersionTLS12", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "29,23")
    #expect(
      configuration.cipherSuiteValues
        == [.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256])
    #expect(configuration.curves == [.x25519, .secp256r1])
  }

  @Test func `what is not known is refused by name`() {
    #expect(
      self.refusal("VersionTLS13", "TLS_RSA_WITH_AES_128_CBC_SHA") == "cipher suites cannot be configured with TLS 1.3")
    #expect(self.refusal("", "TLS_RSA_WITH_AES_128_CBC_SHA") == "cipher suites cannot be configured with TLS 1.3")
    #expect(
      self.refusal("VersionTLS11")
        == "--tls-min-version \"VersionTLS11\" is not known: use VersionTLS12 or VersionTLS13.")
    #expect(
      self.refusal("VersionTLS12", "ROT13")?.hasPrefix("Cipher suite ROT13 not supported or doesn't exist.") == true)
    #expect(
      self.refusal("", "", "x25519")?.hasPrefix("--tls-curve-preferences: \"x25519\" is not the number of a curve")
        == true)
    #expect(self.refusal("", "", "99") != nil)
  }
}
