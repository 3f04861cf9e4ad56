import FoundationEssentials
import NIOSSL
import Testing

@testable import KubernetesClient

@Suite struct AddressProofTests {
  private func configuration(
    _ server: String, proxy: String? = "http://proxy:3128", _ change: (inout ClusterConfiguration) -> Void = { _ in }
  ) throws -> ClusterConfiguration {
    var configuration = ClusterConfiguration(server: try #require(ServerAddress(server)), origin: "test")
    configuration.proxy = try proxy.map { try #require(ServerAddress($0)) }
    change(&configuration)
    return configuration
  }

  @Test func `a server behind a proxy has to prove its address, and no other server has`() throws {
    #expect(AddressProof(for: try self.configuration("https://192.0.2.7:6443")) != nil)
    #expect(AddressProof(for: try self.configuration("https://[2001:db8::7]:6443")) != nil)
    #expect(AddressProof(for: try self.configuration("https://192.0.2.7:6443", proxy: nil)) == nil)
    #expect(AddressProof(for: try self.configuration("http://192.0.2.7:8080")) == nil)
    #expect(AddressProof(for: try self.configuration("https://api.example:6443")) == nil)
    #expect(AddressProof(for: try self.configuration("https://192.0.2.7") { $0.serverName = "api.example" }) == nil)
    #expect(AddressProof(for: try self.configuration("https://192.0.2.7") { $0.skipsVerification = true }) == nil)
  }

  @Test func `TLS leaves the address to the proof, and nothing else`() throws {
    func verification(_ configuration: ClusterConfiguration) throws -> CertificateVerification {
      try TLSSettings.make(for: configuration, authorities: nil, certificate: nil).certificateVerification
    }
    #expect(try verification(self.configuration("https://192.0.2.7")) == .noHostnameVerification)
    #expect(try verification(self.configuration("https://api.example")) == .fullVerification)
    #expect(try verification(self.configuration("https://192.0.2.7", proxy: nil)) == .fullVerification)
    #expect(try verification(self.configuration("https://192.0.2.7") { $0.skipsVerification = true }) == .none)
  }

  @Test(arguments: [
    ("192.0.2.7", true), ("2001:db8::7", true), ("192.0.2.8", false), ("2001:db8::8", false),
    ("::ffff:192.0.2.8", false),
  ])
  func `a certificate gives the proof for the addresses that it is made out to`(address: String, isGiven: Bool) throws {
    let host = address.contains(":") ? "[\(address)]" : address
    let proof = try #require(AddressProof(for: self.configuration("https://\(host):6443")))
    let der = try #require(Data(base64Encoded: Self.certificate, options: .ignoreUnknownCharacters))
    #expect(proof.isGiven(by: Array(der)) == isGiven)
    #expect(!proof.isGiven(by: Array("nonsense".utf8)))
  }

  /// Made out to api.example, 192.0.2.7 and 2001:db8::7.
  private static let certificate = """
    MIIBqzCCAVGgAwIBAgIUUzVky9ndFQYIgGgf+f8a/32P4fUwCgYIKoZIzj0EAwIw
    ETEPMA0GA1UEAwwGc2VydmVyMCAXDTI2MTEyNjEyMTQyNVoYDzIxMjYxMTAyMTIx
    NDI1WjARMQ8wDQYDVQQDDAZzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
    AARW1PO6E5NJyx0a+X3wujh51qDF2pgZ0Mr81bhBTI8xv0WPBJ+9jTott5CpQZs+
    4cCKv2ciF10k+ywVFFz+F4EYo4GEMIGBMB0GA1UdDgQWBBSU6lWBxNchoXqshR0d
    VPrBX1hNTzAfBgNVHSMEGDAWgBSU6lWBxNchoXqshR0dVPrBX1hNTzAPBgNVHRMB
    Af8EBTADAQH/MC4GA1UdEQQnMCWCC2FwaS5leGFtcGxlhwTAAAIHhxAgAQ24AAAA
    AAAAAAAAAAAHMAoGCCqGSM49BAMCA0gAMEUCIQDaYIBJ+VHER89JruxDB8PJfcCS
    Jp3Qx/g3g4pMtaDX4wIgM9sTBxJk5fCc7w02CXq66JuSRcU1fx8mahoMIie1Zkg=
    """
}
