import KubernetesModel

/// A key of TCP's authentication option as a BGPPeer says it; what is secret about it is still to be looked up.
struct AuthenticationKeyReading: Sendable, Hashable {
  var sendID: UInt8
  var receiveID: UInt8
  var algorithm: AuthenticationKey.Algorithm
  /// The name of the Secret that holds it.
  var secret: String

  /// Reads the keys of a peer, or reports all that is wrong with them.
  static func read(_ spec: BGPPeer.Spec, _ list: inout ProblemList) -> [Self] {
    guard let option = spec.tcpAO else { return [] }
    if spec.password?.isEmpty == false || spec.passwordSecret?.name?.isEmpty == false {
      list.report(
        "spec.tcpAO", "both tcpAO and a password specified",
        remedy: "Remove one of the two: a connection is signed by TCP-AO or by TCP MD5, as the router has it.")
    }
    let keys = option.keys ?? []
    if keys.isEmpty {
      list.report("spec.tcpAO.keys", "tcpAO without a key", remedy: "Write a key, or remove tcpAO.")
    }
    let readings = keys.enumerated().compactMap { self.read($1, "spec.tcpAO.keys[\($0)]", &list) }
    self.checkIdentifiers(readings, &list)
    return readings
  }

  private static func read(_ key: BGPPeer.AuthenticationOption.Key, _ field: String, _ list: inout ProblemList) -> Self?
  {
    let remedy = "Write a number from 0 to 255, the one that the router has for this key."
    guard let sendID = key.sendID else {
      list.report("\(field).sendID", "a key without sendID", remedy: remedy)
      return nil
    }
    let receiveID = key.recvID ?? sendID
    for (name, number) in [("sendID", sendID), ("recvID", receiveID)] where UInt8(exactly: number) == nil {
      list.report("\(field).\(name)", "invalid \(name) \(number)", remedy: remedy)
    }
    let algorithm = key.algorithm.flatMap { $0.isEmpty ? nil : $0 } ?? AuthenticationKey.Algorithm.hmacSHA1.rawValue
    if AuthenticationKey.Algorithm(rawValue: algorithm) == nil {
      let known = AuthenticationKey.Algorithm.allCases.map(\.rawValue).joined(separator: " or ")
      list.report("\(field).algorithm", "invalid algorithm \(GoText.quoted(algorithm))", remedy: "Write \(known).")
    }
    let secret = key.secret?.name ?? ""
    if secret.isEmpty {
      list.report(
        "\(field).secret.name", "a key without a Secret",
        remedy: "Write the name of a Secret of type \(PasswordSecret.requiredType) that has it under \"password\".")
    }
    guard let sendID = UInt8(exactly: sendID), let receiveID = UInt8(exactly: receiveID),
      let algorithm = AuthenticationKey.Algorithm(rawValue: algorithm), !secret.isEmpty
    else { return nil }
    return Self(sendID: sendID, receiveID: receiveID, algorithm: algorithm, secret: secret)
  }

  /// Segments name their key by one number (RFC 5925 section 3.1: identifiers must not overlap).
  private static func checkIdentifiers(_ keys: [Self], _ list: inout ProblemList) {
    for (name, path) in [("sendID", \Self.sendID), ("recvID", \Self.receiveID)] {
      var known: Set<UInt8> = []
      for key in keys where !known.insert(key[keyPath: path]).inserted {
        list.report(
          "spec.tcpAO.keys", "two keys have the \(name) \(key[keyPath: path])",
          remedy: "Give each key numbers of its own, here and on the router.")
      }
    }
  }
}
