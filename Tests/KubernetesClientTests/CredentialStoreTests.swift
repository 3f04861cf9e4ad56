import NIOSSL
import Synchronization
import TestKit
import Testing

@testable import KubernetesClient

/// Files that somebody else changes.
private final class Files: Sendable {
  private let contents: Mutex<[String: String]>

  init(_ contents: [String: String]) {
    self.contents = Mutex(contents)
  }

  subscript(path: String) -> String? {
    get { self.contents.withLock { $0[path] } }
    set { self.contents.withLock { $0[path] = newValue } }
  }

  @Sendable func read(_ path: String) throws(ConfigurationError) -> [UInt8]? { self[path].map { Array($0.utf8) } }
}

@Suite struct CredentialStoreTests {
  private let files = Files(["/ca.crt": Self.authorities[0], "/token": "one\n"])

  private func store() throws -> CredentialStore {
    var configuration = ClusterConfiguration(
      server: ServerAddress(isSecure: true, host: "h", port: 6443), origin: "test")
    configuration.authorities = .file("/ca.crt")
    configuration.credential = .tokenFile("/token")
    return try CredentialStore(configuration: configuration, environment: [:], read: self.files.read, at: t0)
  }

  private func roots(_ pem: String) throws -> NIOSSLTrustRoots {
    .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
  }

  @Test func `an authority that takes the place of another is trusted a few seconds later`() async throws {
    let store = try self.store()
    #expect(store.initialTLS?.trustRoots == (try self.roots(Self.authorities[0])))
    self.files["/ca.crt"] = Self.authorities[1]
    #expect(try await store.current(at: t0 + .seconds(9)).tls == nil)
    #expect(try await store.current(at: t0 + .seconds(11)).tls?.trustRoots == self.roots(Self.authorities[1]))
  }

  @Test func `authorities that are gone or half written change nothing, and what follows them does`() async throws {
    let store = try self.store()
    for (second, text) in [(11, nil), (22, "-----BEGIN CERTIFICATE-----\nMIIB")] as [(Int, String?)] {
      self.files["/ca.crt"] = text
      #expect(try await store.current(at: t0 + .seconds(second)).tls == nil)
    }
    self.files["/ca.crt"] = Self.authorities[0] + Self.authorities[1]
    let tls = try await store.current(at: t0 + .seconds(33)).tls
    #expect(tls?.trustRoots == (try self.roots(Self.authorities[0] + Self.authorities[1])))
  }

  @Test func `a token is read again after a while, and at once when it is refused`() async throws {
    let store = try self.store()
    #expect(try await store.current(at: t0).authorization == "Bearer one")
    self.files["/token"] = "two"
    #expect(try await store.current(at: t0 + .seconds(9)).authorization == "Bearer one")
    #expect(await store.refused())
    #expect(try await store.current(at: t0 + .seconds(9)).authorization == "Bearer two")
  }

  @Test func `of two requests that show an old token both may try again`() async throws {
    let store = try self.store()
    _ = try await store.current(at: t0)
    #expect(await store.refused())
    #expect(await store.refused(), "the first refusal has made the store forget it")
  }

  private static let authorities = [
    """
    -----BEGIN CERTIFICATE-----
    MIIBhDCCASmgAwIBAgIUNVW0xcBOHWx8dYxEF7DEd15ObqcwCgYIKoZIzj0EAwIw
    FjEUMBIGA1UEAwwLYXV0aG9yaXR5LTEwIBcNMjYxMTI2MTE0OTA0WhgPMjEyNjEx
    MDIxMTQ5MDRaMBYxFDASBgNVBAMMC2F1dGhvcml0eS0xMFkwEwYHKoZIzj0CAQYI
    KoZIzj0DAQcDQgAEXyr4xFursgqdxh58m+WmSkARELcOQ6+1JMhkbf+9kHUGgtZy
    qcoYkswppcFr62BWBNyugGCNK7Gh8DF5p2VDeaNTMFEwHQYDVR0OBBYEFMyd5drC
    xYwgYE8wgEbmLYj+8siUMB8GA1UdIwQYMBaAFMyd5drCxYwgYE8wgEbmLYj+8siU
    MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAP4rKPPF3Zdicns8
    pBpEXIQzPPcoRuc5ackrMfcCr6GrAiEAr/QN7/FB9C5OqceAzqZ76n9iGsvw26Yo
    iFL7BQYCNMA=
    -----END CERTIFICATE-----

    """,
    """
    -----BEGIN CERTIFICATE-----
    MIIBgjCCASmgAwIBAgIUEfZIgZgtkw+kk/50eO73+4bcxGswCgYIKoZIzj0EAwIw
    FjEUMBIGA1UEAwwLYXV0aG9yaXR5LTIwIBcNMjYxMTI2MTE0OTA0WhgPMjEyNjEx
    MDIxMTQ5MDRaMBYxFDASBgNVBAMMC2F1dGhvcml0eS0yMFkwEwYHKoZIzj0CAQYI
    KoZIzj0DAQcDQgAEkwEFECU5jDSXrp5aHEhZWQzxZxJm/DQiXgQ075BZkcUKJGvx
    GqwxFQDrnusbyB18jiG6KnPnWKqKAfGMdQ+0pqNTMFEwHQYDVR0OBBYEFPKo81FH
    g4Oo4j6Gpp3Yb6U8062BMB8GA1UdIwQYMBaAFPKo81FHg4Oo4j6Gpp3Yb6U8062B
    MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgSY/GGvBD7vELP/fr
    g7WvzQ02IbZPbiCq2vuIM3cmi2UCIFnAxZam4AT20Ouag8zFk3liM7kxhSOUfTqe
    RZl9u3+J
    -----END CERTIFICATE-----

    """,
  ]
}
