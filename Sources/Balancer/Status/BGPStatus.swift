/// What a speaker tells of its routers, and of what it announces to them.
package struct BGPStatus: Codable, Sendable, Hashable {
  /// A Service that this node announces to routers.
  package struct Announcement: Codable, Sendable, Hashable {
    /// `namespace/name`.
    package var service: String
    package var addresses: [String]
    /// Names of BGPPeers.
    package var peers: [String]
    /// For how long.
    package var seconds: Double

    package init(service: String, addresses: [String], peers: [String], seconds: Double) {
      self.service = service
      self.addresses = addresses
      self.peers = peers
      self.seconds = seconds
    }
  }

  /// One router, and the session with it.
  package struct Peer: Codable, Sendable, Hashable {
    /// The name of the BGPPeer.
    package var name: String
    /// `192.0.2.1:179`, or the interface that the router is to be found on.
    package var address: String
    package var vrf: String?
    package var localASN: String
    /// The number, or `internal` or `external` where any such will do.
    package var peerASN: String
    /// In the words of RFC 4271: `Idle`, `Connect`, `Active`, `OpenSent`, `OpenConfirm`, `Established`.
    package var state: String
    /// Since the session came up, or went down; nil = there was none yet.
    package var seconds: Double?
    /// Why there is no session.
    package var reason: String?
    package var nextAttemptInSeconds: Double?
    package var agreement: Agreement?
    package var prefixes: Prefixes
    package var messages: Messages
    /// How often an established session has ended.
    package var flaps: UInt64
    package var lastError: Failure?
    package var bfd: BFDSession?
  }

  /// What both sides agreed on for the session.
  package struct Agreement: Codable, Sendable, Hashable {
    package var peerASN: String
    package var routerID: String
    /// Nil = neither side need ever speak.
    package var holdSeconds: Double?
    package var keepaliveSeconds: Double?
    package var families: [String]
    /// Whether the router keeps our routes while the speaker restarts.
    package var hasGracefulRestart: Bool

    package init(
      peerASN: String, routerID: String, holdSeconds: Double?, keepaliveSeconds: Double?, families: [String],
      hasGracefulRestart: Bool
    ) {
      self.peerASN = peerASN
      self.routerID = routerID
      self.holdSeconds = holdSeconds
      self.keepaliveSeconds = keepaliveSeconds
      self.families = families
      self.hasGracefulRestart = hasGracefulRestart
    }
  }

  /// How many prefixes the router should have, and how many it has been sent. Its own are not kept.
  package struct Prefixes: Codable, Sendable, Hashable {
    package var desired: Int
    package var sent: Int

    package init(desired: Int, sent: Int) {
      self.desired = desired
      self.sent = sent
    }
  }

  package struct Messages: Codable, Sendable, Hashable {
    package var sent: UInt64
    package var received: UInt64
    package var updatesSent: UInt64
    package var updatesReceived: UInt64

    package init(sent: UInt64, received: UInt64, updatesSent: UInt64, updatesReceived: UInt64) {
      self.sent = sent
      self.received = received
      self.updatesSent = updatesSent
      self.updatesReceived = updatesReceived
    }
  }

  /// How a session, or the attempt to have one, ended last.
  package struct Failure: Codable, Sendable, Hashable {
    package var text: String
    /// Who ended it: `router`, `speaker`, or `network` where nobody said a word.
    package var side: String
    package var secondsAgo: Double?

    package init(text: String, side: String, secondsAgo: Double?) {
      self.text = text
      self.side = side
      self.secondsAgo = secondsAgo
    }
  }

  /// The BFD session with the router.
  package struct BFDSession: Codable, Sendable, Hashable {
    /// `adminDown`, `down`, `init` or `up`.
    package var state: String
    /// Since it came up.
    package var seconds: Double?
    package var transmitMilliseconds: Double?
    package var detectionMilliseconds: Double?
    package var isEchoing: Bool
    /// How often it went down.
    package var failures: UInt64
    package var diagnostic: String?

    package init(
      state: String, seconds: Double? = nil, transmitMilliseconds: Double? = nil, detectionMilliseconds: Double? = nil,
      isEchoing: Bool = false, failures: UInt64 = 0, diagnostic: String? = nil
    ) {
      self.state = state
      self.seconds = seconds
      self.transmitMilliseconds = transmitMilliseconds
      self.detectionMilliseconds = detectionMilliseconds
      self.isEchoing = isEchoing
      self.failures = failures
      self.diagnostic = diagnostic
    }
  }

  package var announcements: [Announcement]
  package var peers: [Peer]

  package init(announcements: [Announcement] = [], peers: [Peer] = []) {
    self.announcements = announcements
    self.peers = peers
  }
}

extension BGPStatus.Peer {
  package var isEstablished: Bool { self.state == "Established" }

  package init(
    name: String, address: String, vrf: String? = nil, localASN: String, peerASN: String, state: String,
    prefixes: BGPStatus.Prefixes = .init(desired: 0, sent: 0),
    messages: BGPStatus.Messages = .init(sent: 0, received: 0, updatesSent: 0, updatesReceived: 0), flaps: UInt64 = 0
  ) {
    self.name = name
    self.address = address
    self.vrf = vrf
    self.localASN = localASN
    self.peerASN = peerASN
    self.state = state
    self.prefixes = prefixes
    self.messages = messages
    self.flaps = flaps
  }
}
