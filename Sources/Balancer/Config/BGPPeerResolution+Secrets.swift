import KubernetesModel

// What peers look up in Secrets: passwords, and keys of TCP's authentication option.

extension BGPPeerResolution {
  /// The password of a peer, or why there is none (contract section 6).
  func authentication(
    of peer: BGPPeerConfiguration, secret name: String, _ list: inout ProblemList
  ) -> BGPPeerConfiguration.Authentication {
    func report(_ message: String, remedy: String, severity: Problem.Severity = .invalid) {
      list.report(
        "spec.passwordSecret",
        "parsing peer \(peer.name) \(message)\nfailed to parse peer \(peer.name) password secret", remedy: remedy,
        severity: severity)
    }
    guard let secret = self.secrets[name] else {
      report(
        "secret ref not found for peer config \(GoText.quoted(peer.key.namespace))/\(GoText.quoted(peer.name))",
        remedy: "Create the Secret \(GoText.quoted(name)) in the namespace of MetalLB.", severity: .unresolved)
      return .none
    }
    let place = "\(GoText.quoted(secret.key.namespace))/\(GoText.quoted(secret.key.name))"
    guard secret.type == PasswordSecret.requiredType else {
      report(
        "secret type mismatch on \(place), type \(GoText.quoted(PasswordSecret.requiredType)) is expected ",
        remedy: "Create it anew with the type \(PasswordSecret.requiredType).")
      return .none
    }
    guard let octets = secret.password else {
      report(
        "password not specified in the secret \(place)", remedy: "Put the password under the key \"password\".")
      return .none
    }
    guard let password = Password(octets) else {
      if !octets.isEmpty {
        report(
          "the password in the secret \(place) is longer than \(Password.maximumLength) bytes",
          remedy: "Choose a shorter one, here and on the router.")
      }
      return .none
    }
    return .password(password)
  }

  /// The keys of a peer with what is secret about them; nil = there are none, or not all can be had.
  func authenticationKeys(
    _ readings: [AuthenticationKeyReading], of peer: BGPPeerConfiguration, _ list: inout ProblemList
  ) -> AuthenticationKeys? {
    var keys: [AuthenticationKey] = []
    for (index, reading) in readings.enumerated() {
      guard let secret = self.key(of: reading, of: peer, "spec.tcpAO.keys[\(index)].secret", &list) else { continue }
      keys.append(
        AuthenticationKey(
          sendID: reading.sendID, receiveID: reading.receiveID, algorithm: reading.algorithm, secret: secret))
    }
    return keys.count == readings.count ? AuthenticationKeys(keys) : nil
  }

  private func key(
    of reading: AuthenticationKeyReading, of peer: BGPPeerConfiguration, _ field: String, _ list: inout ProblemList
  ) -> Password? {
    let name = GoText.quoted(reading.secret)
    func report(_ message: String, remedy: String, severity: Problem.Severity = .invalid) {
      list.report(field, "parsing peer \(peer.name) \(message)", remedy: remedy, severity: severity)
    }
    guard let secret = self.secrets[reading.secret] else {
      report(
        "there is no Secret \(name) for the TCP-AO key with sendID \(reading.sendID)",
        remedy: "Create it in the namespace of MetalLB.", severity: .unresolved)
      return nil
    }
    guard secret.type == PasswordSecret.requiredType else {
      report(
        "the Secret \(name) is of another type than \(PasswordSecret.requiredType)",
        remedy: "Create it anew with the type \(PasswordSecret.requiredType).")
      return nil
    }
    guard let octets = secret.password, !octets.isEmpty else {
      report("the Secret \(name) has no password", remedy: "Put the key under \"password\".")
      return nil
    }
    guard let password = Password(octets) else {
      report(
        "the key in the Secret \(name) is longer than \(Password.maximumLength) bytes",
        remedy: "Choose a shorter one, here and on the router.")
      return nil
    }
    return password
  }
}
