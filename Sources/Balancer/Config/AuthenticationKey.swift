/// A key of TCP's authentication option: a master key tuple (RFC 5925 section 3.1) for the connections with one router.
package struct AuthenticationKey: Sendable, Hashable {
  /// What every implementation has (RFC 5926 section 2.1).
  package enum Algorithm: String, Sendable, Hashable, CaseIterable {
    case hmacSHA1 = "hmac-sha-1-96"
    case aes128CMAC = "aes-128-cmac-96"
  }

  /// The number that our segments bear.
  package var sendID: UInt8
  /// The number that the router's segments bear.
  package var receiveID: UInt8
  package var algorithm: Algorithm
  package var secret: Password

  package init(sendID: UInt8, receiveID: UInt8, algorithm: Algorithm = .hmacSHA1, secret: Password) {
    self.sendID = sendID
    self.receiveID = receiveID
    self.algorithm = algorithm
    self.secret = secret
  }
}

/// The keys of a peer, the one to be used first; no two have an identifier of one direction in common.
package struct AuthenticationKeys: Sendable, Hashable {
  package let first: AuthenticationKey
  package let others: [AuthenticationKey]

  /// Nil = there are none.
  package init?(_ keys: [AuthenticationKey]) {
    guard let first = keys.first else { return nil }
    self.first = first
    self.others = Array(keys.dropFirst())
  }

  package var all: [AuthenticationKey] { [self.first] + self.others }

  /// Whether a connection under these keys can go on under those: they have a key in common, and none has changed under its
  /// identifiers.
  package func allowsConnection(of other: AuthenticationKeys) -> Bool {
    let (ours, theirs) = (Set(self.all), other.all)
    guard theirs.contains(where: ours.contains) else { return false }
    return theirs.allSatisfy { key in
      ours.contains(key) || !ours.contains { $0.sendID == key.sendID || $0.receiveID == key.receiveID }
    }
  }
}
