/// Who may have what of the server on the loopback interface: the browser of the user who was told the token, and nobody
/// else on the machine or on the web.
///
/// - A page of the web can make the browser ask 127.0.0.1, also under a name of its own that it has resolve to it (DNS
///   rebinding): the Host must be one of the loopback interface, and whatever says where it comes from must say from here.
/// - Other users of the machine can ask, too: data is given for the token alone. It travels in the fragment of the URL that is
///   printed and then in a header, never in a request line or a cookie; cookies are shared by all ports of a host.
/// - The page itself says nothing of the cluster, and needs no token.
package struct Doorkeeper: Sendable {
  /// What a request says of itself.
  package struct Caller: Sendable, Hashable {
    package var method: String
    package var path: String
    package var hosts: [String]
    package var origin: String?
    /// The header Sec-Fetch-Site: what the browser says of where the request comes from.
    package var fetchSite: String?
    /// The bearer's token.
    package var token: String?

    package init(
      method: String, path: String, hosts: [String], origin: String? = nil, fetchSite: String? = nil,
      token: String? = nil
    ) {
      self.method = method
      self.path = path
      self.hosts = hosts
      self.origin = origin
      self.fetchSite = fetchSite
      self.token = token
    }
  }

  package enum Verdict: Sendable, Hashable {
    case asset(Asset)
    case stream
    case refused(status: Int, String)
  }

  static let streamPath = "/stream"

  private let port: Int
  private let token: String

  package init(port: Int, token: String) {
    self.port = port
    self.token = token
  }

  package func verdict(on caller: Caller) -> Verdict {
    guard caller.hosts.count == 1, let host = caller.hosts.first, self.isOurs(host) else {
      return .refused(
        status: 421, "this is served as http://127.0.0.1:\(self.port)/ or http://localhost:\(self.port)/ alone")
    }
    guard caller.origin == nil || caller.origin == "http://\(host)",
      [nil, "same-origin", "none"].contains(caller.fetchSite)
    else { return .refused(status: 403, "this is not for other pages") }
    guard caller.method == "GET" || caller.method == "HEAD" else {
      return .refused(status: 405, "only GET is served here")
    }
    if caller.path == Self.streamPath {
      guard self.knows(caller.token) else {
        return .refused(status: 401, "the token is missing or wrong: open the URL that metallb dashboard printed")
      }
      return .stream
    }
    guard let asset = Asset(path: caller.path) else { return .refused(status: 404, "there is no such page") }
    return .asset(asset)
  }

  private func isOurs(_ host: String) -> Bool {
    ["127.0.0.1", "localhost", "[::1]"].contains { name in
      host == "\(name):\(self.port)" || (self.port == 80 && host == name)
    }
  }

  /// Compares in a time that does not tell how much of the token was right.
  private func knows(_ token: String?) -> Bool {
    let (given, own) = (Array((token ?? "").utf8), Array(self.token.utf8))
    guard given.count == own.count, !own.isEmpty else { return false }
    return zip(given, own).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
