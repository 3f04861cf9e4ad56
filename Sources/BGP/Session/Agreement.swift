import Primitives

/// What two OPEN messages come to: everything that holds for a session (RFC 4271 section 4.2, RFC 5492).
package struct Agreement: Sendable, Hashable {
  package let peerASN: ASN
  package let peerIdentifier: IPv4Address
  package let kind: ExportPolicy.Kind
  /// Nil = neither side need ever speak.
  package let holdTime: Duration?
  package let keepaliveInterval: Duration?
  package let families: Set<IPFamily>
  package let format: Message.Format
  /// Whether IPv4 routes may have IPv6 next hops (RFC 8950).
  package let usesExtendedNextHop: Bool
  package let hasEnhancedRefresh: Bool
  /// What the peer says of its restarts.
  package let gracefulRestart: GracefulRestart?
  /// Whether both keep routes over a NOTIFICATION that is no hard reset (RFC 8538).
  package let coversNotifications: Bool

  /// Why there can be no session.
  package struct Refusal: Error, Sendable, Hashable {
    package let notification: Notification
    /// In our words, as the peer's number may not fit the data.
    package let reason: String
  }

  init(_ settings: PeerSettings, own: OpenMessage, peer: OpenMessage) throws(Refusal) {
    self.peerASN = peer.asn
    self.peerIdentifier = peer.identifier
    self.kind = peer.asn == settings.localASN ? .internal : .external
    try Self.checkASN(of: peer, settings)
    guard peer.identifier.bits != 0, self.kind == .external || peer.identifier != own.identifier else {
      throw Refusal(
        notification: .open(.badBGPIdentifier),
        reason: "the peer's BGP identifier is \(peer.identifier), as ours or zero")
    }
    guard HoldTime(seconds: peer.holdSeconds) != nil else {
      throw Refusal(
        notification: .open(.unacceptableHoldTime), reason: "the peer wants a hold time of \(peer.holdSeconds) s")
    }
    let holdSeconds = min(own.holdSeconds, peer.holdSeconds)
    let holdTime = holdSeconds == 0 ? nil : Duration.seconds(holdSeconds)
    self.holdTime = holdTime
    self.keepaliveInterval = holdTime.map { min(settings.keepaliveInterval ?? $0 / 3, $0 / 3) }

    self.families = Self.families(of: own).intersection(Self.families(of: peer))
    guard !self.families.isEmpty else {
      let wanted = own.capabilities.filter { if case .multiprotocol = $0 { true } else { false } }
      throw Refusal(
        notification: .open(.unsupportedCapability, data: wanted.flatMap(\.bytes)),
        reason:
          "the peer exchanges none of \(Self.families(of: own).sorted().map(\.description).joined(separator: ", "))")
    }
    func both(_ capability: Capability) -> Bool {
      own.capabilities.contains(capability) && peer.capabilities.contains(capability)
    }
    func hasFourOctets(_ open: OpenMessage) -> Bool {
      open.capabilities.contains { if case .fourOctetASN = $0 { true } else { false } }
    }
    self.format = Message.Format(
      asnWidth: hasFourOctets(own) && hasFourOctets(peer) ? .four : .two,
      allowsExtendedMessages: both(.extendedMessage))
    self.usesExtendedNextHop = Self.extendsNextHops(own) && Self.extendsNextHops(peer)
    self.hasEnhancedRefresh = both(.enhancedRouteRefresh)
    self.gracefulRestart = Self.gracefulRestart(peer)
    self.coversNotifications =
      Self.gracefulRestart(own)?.coversNotifications == true && self.gracefulRestart?.coversNotifications == true
  }

  private static func checkASN(of peer: OpenMessage, _ settings: PeerSettings) throws(Refusal) {
    let wanted: String
    switch settings.remoteASN {
    case .exactly(let asn) where asn == peer.asn: return
    case .internal where peer.asn == settings.localASN: return
    case .external where peer.asn != settings.localASN && peer.asn.number != 0: return
    case .exactly(let asn): wanted = "\(asn)"
    case .internal: wanted = "\(settings.localASN)"
    case .external: wanted = "any but \(settings.localASN)"
    }
    var data: [UInt8] = []
    data.append(bigEndian: peer.shortASN)
    // Upstream's sentence (contract section 13.4).
    throw Refusal(
      notification: .open(.badPeerAS, data: data), reason: "unexpected peer ASN \(peer.asn), want \(wanted)")
  }

  /// A speaker that names no family exchanges IPv4 routes (RFC 4760 section 8).
  private static func families(of open: OpenMessage) -> Set<IPFamily> {
    let named = open.capabilities.compactMap { capability -> AddressFamily? in
      if case .multiprotocol(let family) = capability { family } else { nil }
    }
    return named.isEmpty ? [.ipv4] : Set(named.compactMap(\.unicast))
  }

  private static func extendsNextHops(_ open: OpenMessage) -> Bool {
    open.capabilities.contains { capability in
      guard case .extendedNextHop(let entries) = capability else { return false }
      return entries.contains(Capability.ExtendedNextHop(.ipv4Unicast, nextHop: .ipv6))
    }
  }

  /// Of several the last one counts (RFC 4724 section 3).
  private static func gracefulRestart(_ open: OpenMessage) -> GracefulRestart? {
    for case .gracefulRestart(let restart) in open.capabilities.reversed() { return restart }
    return nil
  }
}

extension OpenMessage {
  /// The OPEN of ours on a connection.
  package init(_ settings: PeerSettings, _ endpoint: ConnectionEndpoint, isRestarting: Bool, offersCapabilities: Bool) {
    self.init(
      shortASN: settings.localASN.twoOctetField, holdSeconds: settings.holdTime.seconds,
      identifier: settings.routerID ?? endpoint.routerID, capabilities: [])
    guard offersCapabilities else { return }
    let families = settings.families.sorted().map(AddressFamily.init)
    self.capabilities = families.map(Capability.multiprotocol) + [.routeRefresh]
    if endpoint.local.family == .ipv6, settings.families.contains(.ipv4) {
      self.capabilities.append(.extendedNextHop([Capability.ExtendedNextHop(.ipv4Unicast, nextHop: .ipv6)]))
    }
    self.capabilities.append(.extendedMessage)
    if let restartTime = settings.restartTime {
      self.capabilities.append(
        .gracefulRestart(
          GracefulRestart(
            isRestarting: isRestarting, coversNotifications: true,
            restartSeconds: UInt16(clamping: restartTime.components.seconds),
            // kube-proxy forwards whether this process runs or not.
            families: families.map { GracefulRestart.Family($0, hasPreservedForwarding: true) })))
    }
    self.capabilities += [.fourOctetASN(settings.localASN), .enhancedRouteRefresh]
  }
}
