import KubernetesModel
import Primitives

/// A BGPPeer as far as it can be read on its own: what it refers to by name is still to be looked up.
struct BGPPeerReading: Sendable, Hashable {
  /// Without the BFD profile, and without a password or keys that stand in Secrets.
  var configuration: BGPPeerConfiguration
  var bfdProfile: String?
  /// The name of the Secret that holds the password.
  var passwordSecret: String?
  var authenticationKeys: [AuthenticationKeyReading] = []

  /// Whether something is to be looked up in a Secret.
  func refers(toSecret name: String) -> Bool {
    self.passwordSecret == name || self.authenticationKeys.contains { $0.secret == name }
  }
}

extension BGPPeerReading: ObjectReading {
  /// Reads one object on its own: the peer, or all that is wrong with it (contract section 6).
  static func read(_ object: BGPPeer) -> (reading: Self?, problems: [Problem]) {
    var parser = BGPPeerParser(object)
    let reading = parser.parse()
    return (parser.list.isFatal ? nil : reading, parser.list.problems)
  }
}

/// The reading of one BGPPeer.
private struct BGPPeerParser {
  let key: ObjectKey
  let spec: BGPPeer.Spec
  var list: ProblemList

  init(_ object: BGPPeer) {
    self.key = object.key
    self.spec = object.spec ?? BGPPeer.Spec()
    self.list = ProblemList(BGPPeer.type.kind, object.key, prefix: "parsing peer \(object.key.name) ")
  }

  mutating func parse() -> BGPPeerReading? {
    let myASN = self.myASN()
    let remote = self.remote()
    let endpoint = self.endpoint()
    let configuration = BGPPeerConfiguration(
      key: self.key, myASN: myASN ?? .trans, remote: remote ?? .external,
      localASN: self.asn(self.spec.localASN, "localASN", "invalid local ASN to show"),
      endpoint: endpoint ?? .interface(""), port: self.port(), sourceAddress: self.sourceAddress(endpoint),
      timers: self.timers(), connectTime: self.connectTime(), routerID: self.routerID(),
      nodeSelectors: self.nodeSelectors(), authentication: self.authentication(),
      gracefulRestart: self.spec.enableGracefulRestart ?? false, ebgpMultiHop: self.spec.ebgpMultiHop ?? false,
      vrf: self.spec.vrf.nonEmpty, dualStack: self.spec.dualStackAddressFamily ?? false,
      isPassive: self.spec.passiveMode ?? false, ttlSecurityHops: self.ttlSecurityHops())
    let keys = AuthenticationKeyReading.read(self.spec, &self.list)
    self.checkMultiHop()
    if self.spec.disableMP == true {
      self.list.warn(
        "spec.disableMP", "disable mp is deprecated and has no effect since it's the default behavior now",
        remedy: "Remove the field.")
    }
    guard myASN != nil, remote != nil, endpoint != nil else { return nil }
    return BGPPeerReading(
      configuration: configuration, bfdProfile: self.spec.bfdProfile.nonEmpty,
      passwordSecret: self.spec.passwordSecret?.name.nonEmpty, authenticationKeys: keys)
  }

  // MARK: AS numbers

  private mutating func asn(_ number: Int64?, _ field: String, _ what: String) -> ASN? {
    guard let number, number != 0 else { return nil }
    guard let asn = UInt32(exactly: number) else {
      self.list.report("spec.\(field)", "\(what) \(number)", remedy: "Write a number from 1 to 4294967295.")
      return nil
    }
    return ASN(asn)
  }

  private mutating func myASN() -> ASN? {
    if (self.spec.myASN ?? 0) == 0 {
      self.list.report("spec.myASN", "missing local ASN", remedy: "Write the AS number of the cluster.")
    }
    return self.asn(self.spec.myASN, "myASN", "invalid local ASN")
  }

  private mutating func remote() -> BGPPeerConfiguration.RemoteASN? {
    let asn = self.asn(self.spec.peerASN, "peerASN", "invalid peer ASN")
    let hasASN = (self.spec.peerASN ?? 0) != 0
    guard let dynamic = self.spec.dynamicASN.nonEmpty else {
      if !hasASN {
        self.list.report(
          "spec.peerASN", "missing peer ASN and dynamicASN",
          remedy: "Write the AS number of the router, or set dynamicASN to internal or external.")
      }
      return asn.map { .asn($0) }
    }
    if hasASN {
      self.list.report("spec.dynamicASN", "both peer ASN and dynamicASN specified", remedy: "Remove one of the two.")
    }
    switch dynamic {
    case "internal": return .internal
    case "external": return .external
    default:
      self.list.report("spec.dynamicASN", "invalid dynamicASN \(dynamic)", remedy: "Write internal or external.")
      return nil
    }
  }

  private mutating func checkMultiHop() {
    guard self.spec.ebgpMultiHop == true else { return }
    let myASN = self.spec.myASN ?? 0
    guard self.spec.dynamicASN == "internal" || myASN != 0 && myASN == self.spec.peerASN else { return }
    self.list.report(
      "spec.ebgpMultiHop", "invalid ebgp-multihop parameter set for an ibgp peer",
      remedy: "Remove ebgpMultiHop: sessions inside an AS may cross routers anyway.")
  }

  /// Both say how far away the router may be; FRR, too, takes one of them only.
  private mutating func ttlSecurityHops() -> UInt8? {
    guard let number = self.spec.ttlSecurityHops, number != 0 else { return nil }
    guard let hops = UInt8(exactly: number), hops < .max else {
      self.list.report(
        "spec.ttlSecurityHops", "invalid number of hops \(number)",
        remedy: "Write a number from 1 to 254; 1 is a router on the node's own network.")
      return nil
    }
    if self.spec.ebgpMultiHop == true {
      self.list.report(
        "spec.ttlSecurityHops", "both ttlSecurityHops and ebgpMultiHop specified",
        remedy: "Remove ebgpMultiHop: ttlSecurityHops says how many hops there may be.")
    }
    return hops
  }

  // MARK: Addresses

  private mutating func endpoint() -> BGPPeerConfiguration.Endpoint? {
    switch (self.spec.peerAddress.nonEmpty, self.spec.interface.nonEmpty) {
    case (nil, nil):
      self.list.report(
        "spec.peerAddress", "peer has no Address or Interface specified",
        remedy: "Write the address of the router, or the interface that it is found on.")
      return nil
    case (.some, .some):
      self.list.report(
        "spec.interface", "peer has both Address and Interface specified", remedy: "Remove one of the two.")
      return nil
    case (nil, let interface?):
      return .interface(interface)
    case (let text?, nil):
      guard let address = IPAddress(text) else {
        self.list.report(
          "spec.peerAddress", "invalid BGPPeer address \(GoText.quoted(text))",
          remedy: "Write a plain address, such as 192.0.2.1 or 2001:db8::1.")
        return nil
      }
      if case .v6(let address) = address, address.isLinkLocal {
        self.list.warn(
          "spec.peerAddress", "the link-local address \(address) does not say on which link the router is",
          remedy: "Remove peerAddress, and write the name of the node's interface to that link in spec.interface.")
      }
      return .address(address)
    }
  }

  private mutating func port() -> UInt16 {
    guard let number = self.spec.peerPort, number != 0 else { return 179 }
    guard let port = UInt16(exactly: number) else {
      self.list.report(
        "spec.peerPort", "invalid port \(number)", remedy: "Write a number from 1 to 65535, or leave it out for 179.")
      return 179
    }
    return port
  }

  private mutating func sourceAddress(_ endpoint: BGPPeerConfiguration.Endpoint?) -> IPAddress? {
    guard let text = self.spec.sourceAddress.nonEmpty else { return nil }
    guard let address = IPAddress(text) else {
      self.list.report(
        "spec.sourceAddress", "invalid source IP \(GoText.quoted(text))",
        remedy: "Write a plain address of the node, or leave it out.")
      return nil
    }
    if case .address(let peer) = endpoint, peer.family != address.family {
      self.list.report(
        "spec.sourceAddress",
        "invalid source IP \(GoText.quoted(text)): it is not of the family of the peer's address",
        remedy: "Write an \(peer.family == .ipv4 ? "IPv4" : "IPv6") address, or leave it out.")
    }
    return address
  }

  private mutating func routerID() -> IPv4Address? {
    guard let text = self.spec.routerID.nonEmpty else { return nil }
    guard case .v4(let id) = IPAddress(text) else {
      self.list.report(
        "spec.routerID", "invalid router ID \(GoText.quoted(text))",
        remedy: "Write it in the form of an IPv4 address, or leave it out.")
      return nil
    }
    return id
  }

  private mutating func nodeSelectors() -> [LabelSelector] {
    let selectors = self.spec.nodeSelectors ?? []
    let name = self.key.name
    self.list.report(
      SelectorCheck.findings(in: selectors, field: "spec.nodeSelectors", name: "nodeSelectors") { error, _ in
        "\(error)\nfailed to convert peer \(name) node selector"
      })
    return selectors
  }

  // MARK: Times

  /// Reads a time in whole seconds, as the protocol has them; `description` is the words that sentences begin with.
  private mutating func seconds(_ text: String, _ field: String, _ description: String) -> Duration? {
    guard let duration = GoDuration.parse(text) else {
      self.list.report(
        "spec.\(field)",
        "\(description) \(GoText.quoted(text)): time: invalid duration \(GoText.quoted(text))",
        remedy: "Write a time such as 90s or 1m30s.")
      return nil
    }
    return .seconds(duration.components.seconds)
  }

  private mutating func timers() -> BGPPeerConfiguration.Timers? {
    let prefix = "invalid BGPPeer timers: invalid"
    let hold = self.spec.holdTime.nonEmpty.flatMap { self.seconds($0, "holdTime", "\(prefix) hold time") }
    let keepalive = self.spec.keepaliveTime.nonEmpty
      .flatMap { self.seconds($0, "keepaliveTime", "\(prefix) keepaliveTime") }
    guard let holdTime = hold ?? keepalive.map({ $0 * 3 }) else { return nil }
    let holdText = GoText.quoted(GoDuration.text(of: holdTime))
    if holdTime != .zero, holdTime < .seconds(3) {
      self.list.report(
        hold == nil ? "spec.keepaliveTime" : "spec.holdTime",
        "\(prefix) hold time \(holdText): must be 0 or >=3s",
        remedy: "Write at least 3s, or 0s for sessions that never time out.")
    }
    if holdTime > .seconds(65_535) {
      self.list.report(
        hold == nil ? "spec.keepaliveTime" : "spec.holdTime", "\(prefix) hold time \(holdText): must be at most 65535s",
        remedy: "Write at most 65535s, the longest that the protocol has room for.")
    }
    let keepaliveTime = keepalive ?? .seconds(holdTime.components.seconds / 3)
    if keepalive != nil, keepaliveTime > holdTime {
      self.list.report(
        "spec.keepaliveTime",
        "\(prefix) keepaliveTime \(GoText.quoted(GoDuration.text(of: keepaliveTime))), must be lower than holdTime "
          + holdText,
        remedy: "Write a third of the hold time, or leave it out.")
    }
    if let keepalive, keepalive < .zero {
      self.list.report(
        "spec.keepaliveTime",
        "\(prefix) keepaliveTime \(GoText.quoted(GoDuration.text(of: keepaliveTime))): must not be negative",
        remedy: "Write a third of the hold time, or leave it out.")
    }
    return BGPPeerConfiguration.Timers(holdTime: holdTime, keepaliveTime: keepaliveTime)
  }

  /// Old API servers do not evaluate the CRD's rules; so they are checked here, in the CRD's words.
  private mutating func connectTime() -> Duration? {
    guard let text = self.spec.connectTime.nonEmpty else { return nil }
    guard let duration = GoDuration.parse(text) else {
      self.list.report(
        "spec.connectTime",
        "invalid connect time \(GoText.quoted(text)): time: invalid duration \(GoText.quoted(text))",
        remedy: "Write a time such as 30s.")
      return nil
    }
    if !(.seconds(1) ... .seconds(65_535)).contains(duration) {
      self.list.report(
        "spec.connectTime", "connect time should be between 1 seconds to 65535",
        remedy: "Write a time from 1s to 65535s.")
    } else if duration.components.attoseconds != 0 {
      self.list.report(
        "spec.connectTime", "connect time should contain a whole number of seconds", remedy: "Round it to seconds.")
    }
    return duration
  }

  // MARK: Authentication

  private mutating func authentication() -> BGPPeerConfiguration.Authentication {
    guard let text = self.spec.password.nonEmpty else { return .none }
    if self.spec.passwordSecret?.name.nonEmpty != nil {
      self.list.report(
        "spec.passwordSecret",
        "can not have both password and secret ref set in peer config \(GoText.quoted(self.key.namespace))/"
          + GoText.quoted(self.key.name),
        remedy: "Remove one of the two, preferably the password.")
    }
    guard let password = Password(text.utf8) else {
      self.list.report(
        "spec.password", "the password is longer than \(Password.maximumLength) bytes",
        remedy: "Choose a shorter one, here and on the router.")
      return .none
    }
    return .password(password)
  }
}

extension String? {
  /// Nil if the text is empty, as objects do not tell the two apart.
  fileprivate var nonEmpty: String? { self?.isEmpty == false ? self : nil }
}
