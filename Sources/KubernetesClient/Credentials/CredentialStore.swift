import FoundationEssentials
import KubernetesModel
import NIOPosix
import NIOSSL
import Runner

/// The credentials of the moment: reads files and runs plugins when it must, and remembers until it must again.
///
/// Mounted tokens, certificates and authorities are renewed under a running process; they are read again after a while.
actor CredentialStore {
  /// What a request shows of its sender.
  struct Presented: Sendable {
    var authorization: String?
    /// Set when the client certificate or the authorities are not those that the process began with.
    var tls: TLSConfiguration?
  }

  private static let fileLifetime = Duration.seconds(10)
  private static let pluginLimit = Duration.seconds(60)

  /// The TLS settings that connections begin with; nil = plain HTTP.
  nonisolated let initialTLS: TLSConfiguration?
  private let configuration: ClusterConfiguration
  private let environment: [String: String]
  private let read: TLSSettings.FileReader
  private var tokenFile: (token: String, readAt: ContinuousClock.Instant)?
  /// Nil = TLS reads no files.
  private var filesCheckedAt: ContinuousClock.Instant?
  /// What is trusted, in PEM; nil = what the system trusts.
  private var authorities: [UInt8]?
  private var presentedCertificate: (chain: [UInt8], key: [UInt8])?
  private var renewedTLS: TLSConfiguration?
  private var plugin: ExecCredential?
  private var pluginRun: PluginRun = .idle

  private enum PluginRun {
    case idle
    case running([CheckedContinuation<Void, Never>])
  }

  /// Reads the certificate files once, so that a wrong one is told at the start.
  init(
    configuration: ClusterConfiguration, environment: [String: String],
    read: @escaping TLSSettings.FileReader = ClusterConfiguration.readFile, at now: ContinuousClock.Instant = Time.now
  ) throws(CredentialError) {
    self.configuration = configuration
    self.environment = environment
    self.read = read
    if let certificate = configuration.clientCertificate {
      self.presentedCertificate = (
        try TLSSettings.bytes(of: certificate.chain, read: read), try TLSSettings.bytes(of: certificate.key, read: read)
      )
      self.filesCheckedAt = now
    }
    if configuration.server.isSecure, let source = configuration.authorities {
      self.authorities = try TLSSettings.bytes(of: source, read: read)
      self.filesCheckedAt = now
    }
    self.initialTLS =
      configuration.server.isSecure
      ? try TLSSettings.make(
        for: configuration, authorities: self.authorities, certificate: self.presentedCertificate) : nil
  }

  func current(at now: ContinuousClock.Instant = Time.now) async throws(CredentialError) -> Presented {
    var presented = Presented()
    switch self.configuration.credential {
    case .anonymous: break
    case .token(let token): presented.authorization = "Bearer \(token)"
    case .tokenFile(let path): presented.authorization = "Bearer \(try self.token(in: path, at: now))"
    case .basic(let username, let password):
      presented.authorization = "Basic \(Data("\(username):\(password)".utf8).base64EncodedString())"
    case .exec(let plugin):
      let credential = try await self.credential(of: plugin)
      presented.authorization = credential.token.map { "Bearer \($0)" }
    }
    self.refreshFiles(at: now)
    presented.tls = self.renewedTLS
    return presented
  }

  /// Forgets what the server has just refused. True: there may be something better to show, if only because another request
  /// was refused before this one.
  func refused() -> Bool {
    switch self.configuration.credential {
    case .exec:
      self.plugin = nil
      return true
    case .tokenFile:
      self.tokenFile = nil
      return true
    case .anonymous, .token, .basic:
      return false
    }
  }

  private func token(in path: String, at now: ContinuousClock.Instant) throws(CredentialError) -> String {
    if let known = self.tokenFile, known.readAt.duration(to: now) < Self.fileLifetime { return known.token }
    do throws(CredentialError) {
      let token = String(decoding: try TLSSettings.bytes(of: .file(path), read: self.read), as: UTF8.self).trimmed
      guard !token.isEmpty else { throw .unreadable(file: path, reason: "it is empty; a token is expected in it") }
      self.tokenFile = (token, now)
      return token
    } catch {
      // A mount that is being renewed: what was good a moment ago may still be.
      if let known = self.tokenFile { return known.token }
      throw error
    }
  }

  private func refreshFiles(at now: ContinuousClock.Instant) {
    guard let checkedAt = self.filesCheckedAt, checkedAt.duration(to: now) >= Self.fileLifetime else { return }
    self.filesCheckedAt = now
    let before = (self.authorities, self.presentedCertificate)
    if let source = self.configuration.authorities, let bytes = try? TLSSettings.bytes(of: source, read: self.read) {
      self.authorities = bytes
    }
    if let certificate = self.configuration.clientCertificate,
      let chain = try? TLSSettings.bytes(of: certificate.chain, read: self.read),
      let key = try? TLSSettings.bytes(of: certificate.key, read: self.read)
    {
      self.presentedCertificate = (chain, key)
    }
    if before.0 == self.authorities, before.1?.chain == self.presentedCertificate?.chain,
      before.1?.key == self.presentedCertificate?.key
    {
      return
    }
    do throws(CredentialError) {
      self.renewedTLS = try self.tls()
    } catch {
      // Half-written files, such as the key of one pair and the chain of the other. The next look finds them whole.
      (self.authorities, self.presentedCertificate) = before
    }
  }

  /// The plugin's credentials, running it when there are none or they expire; one run at a time serves all who wait.
  private func credential(of plugin: ExecPlugin) async throws(CredentialError) -> ExecCredential {
    while true {
      if let known = self.plugin, known.isValid(at: Timestamp(microseconds: Time.wallMicroseconds)) { return known }
      guard case .running(var waiting) = self.pluginRun else { break }
      await withCheckedContinuation { continuation in
        waiting.append(continuation)
        self.pluginRun = .running(waiting)
      }
    }
    self.pluginRun = .running([])
    defer {
      if case .running(let waiting) = self.pluginRun { for continuation in waiting { continuation.resume() } }
      self.pluginRun = .idle
    }
    let credential = try await self.run(plugin)
    if let chain = credential.clientCertificate, let key = credential.clientKey {
      self.presentedCertificate = (chain, key)
      self.renewedTLS = try self.tls()
    }
    self.plugin = credential
    return credential
  }

  private func run(_ plugin: ExecPlugin) async throws(CredentialError) -> ExecCredential {
    let request = ExecCredential.request(for: plugin, cluster: self.configuration, authorities: self.authorities)
    let info = (try? JSONEncoder().encode(request)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    let process = PluginProcess(plugin: plugin, environment: self.environment, limit: Self.pluginLimit)
    let outcome: Result<[UInt8], CredentialError>
    do {
      outcome = try await NIOThreadPool.singleton.runIfActive {
        do throws(CredentialError) {
          return .success(try process.output(requestInfo: info) { Time.now })
        } catch {
          return .failure(error)
        }
      }
    } catch {
      throw .pluginStart(command: plugin.command, reason: "\(error)", hint: nil)
    }
    return try ExecCredential(parsing: try outcome.get(), apiVersion: plugin.apiVersion)
  }

  private func tls() throws(CredentialError) -> TLSConfiguration {
    try TLSSettings.make(
      for: self.configuration, authorities: self.authorities, certificate: self.presentedCertificate)
  }
}
