import NIOSSL

/// Turns a cluster's configuration into the TLS settings of a client.
enum TLSSettings {
  typealias FileReader = @Sendable (_ path: String) throws(ConfigurationError) -> [UInt8]?

  /// `authorities` is the PEM text of the configuration's source.
  static func make(
    for configuration: ClusterConfiguration, authorities: [UInt8]?, certificate: (chain: [UInt8], key: [UInt8])?
  ) throws(CredentialError) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    if configuration.skipsVerification {
      tls.certificateVerification = .none
    } else if let source = configuration.authorities, let authorities {
      tls.trustRoots = .certificates(try self.certificates(in: authorities, what: self.name(of: source)))
    }
    if AddressProof(for: configuration) != nil { tls.certificateVerification = .noHostnameVerification }
    if let certificate {
      let chain = try self.certificates(in: certificate.chain, what: "the client certificate")
      tls.certificateChain = chain.map { .certificate($0) }
      do {
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: certificate.key, format: .pem))
      } catch {
        throw .certificate("the key of the client certificate is not an unencrypted PEM key: \(error)")
      }
    }
    return tls
  }

  /// What a person looks for when it is wrong.
  private static func name(of source: PEMSource) -> String {
    switch source {
    case .data: "the kubeconfig's certificate-authority-data, decoded from base64,"
    case .file(let path): "the certificate authority \(path)"
    }
  }

  static func bytes(
    of source: PEMSource, read: FileReader = ClusterConfiguration.readFile
  ) throws(CredentialError) -> [UInt8] {
    switch source {
    case .data(let bytes):
      return bytes
    case .file(let path):
      do {
        guard let bytes = try read(path) else {
          throw CredentialError.unreadable(file: path, reason: "there is no such file")
        }
        return bytes
      } catch let error as CredentialError {
        throw error
      } catch {
        throw .unreadable(file: path, reason: "\(error)")
      }
    }
  }

  private static func certificates(in pem: [UInt8], what: String) throws(CredentialError) -> [NIOSSLCertificate] {
    let certificates: [NIOSSLCertificate]
    do {
      certificates = try NIOSSLCertificate.fromPEMBytes(pem)
    } catch {
      throw .certificate("\(what) is no certificate in PEM: \(error)")
    }
    guard !certificates.isEmpty else { throw .certificate("\(what) holds no certificate") }
    return certificates
  }
}
