/// What a speaker tells of its announcements on the local network, and of the nodes whose end it waits for.
package struct Layer2Status: Codable, Sendable, Hashable {
  /// A Service that this node announces.
  package struct Announcement: Codable, Sendable, Hashable {
    /// `namespace/name`.
    package var service: String
    package var addresses: [String]
    /// Nil = all that fit.
    package var interfaces: [String]?
    /// For how long.
    package var seconds: Double
    /// The first nodes in the order of the election, the owner first; nil = they are too many to be worked out for every
    /// Service: ask for one.
    package var candidates: [String]?

    package init(
      service: String, addresses: [String], interfaces: [String]? = nil, seconds: Double, candidates: [String]? = nil
    ) {
      self.service = service
      self.addresses = addresses
      self.interfaces = interfaces
      self.seconds = seconds
      self.candidates = candidates
    }
  }

  /// A Service for which this node comes next, behind its owner.
  package struct Succession: Codable, Sendable, Hashable {
    package var service: String
    package var owner: String

    package init(service: String, owner: String) {
      self.service = service
      self.owner = owner
    }
  }

  /// An address that somebody else on the local network has.
  package struct Occupation: Codable, Sendable, Hashable {
    package var address: String
    /// The hardware address that claims it.
    package var hardware: String
    package var interface: String
    /// What else he is known by.
    package var knownAs: [String]

    package init(address: String, hardware: String, interface: String, knownAs: [String] = []) {
      self.address = address
      self.hardware = hardware
      self.interface = interface
      self.knownAs = knownAs
    }
  }

  /// An address that is left to another speaker, which was heard to announce it.
  package struct Yield: Codable, Sendable, Hashable {
    package var address: String
    package var node: String

    package init(address: String, node: String) {
      self.address = address
      self.node = node
    }
  }

  /// An address of this node that others have claimed.
  package struct Conflict: Codable, Sendable, Hashable {
    package var address: String
    /// How often, since the start.
    package var claims: UInt64

    package init(address: String, claims: UInt64) {
      self.address = address
      self.claims = claims
    }
  }

  /// An owner that this node would replace, as the fast failure detector sees it.
  package struct Watched: Codable, Sendable, Hashable {
    package var node: String
    package var isLost: Bool
    /// How many pings in a row it has not answered.
    package var missedPings: Int
    /// Since its last answer; nil = none yet.
    package var heardSecondsAgo: Double?
    package var roundTripMilliseconds: Double?

    package init(
      node: String, isLost: Bool, missedPings: Int, heardSecondsAgo: Double? = nil, roundTripMilliseconds: Double? = nil
    ) {
      self.node = node
      self.isLost = isLost
      self.missedPings = missedPings
      self.heardSecondsAgo = heardSecondsAgo
      self.roundTripMilliseconds = roundTripMilliseconds
    }
  }

  /// The latest takeover.
  package struct LastTakeover: Codable, Sendable, Hashable {
    /// The nodes that were gone.
    package var from: [String]
    package var services: Int
    package var secondsAgo: Double
    /// From the first sign that was missed to the first frame of this node; nil = the detector did not tell.
    package var durationSeconds: Double?

    package init(from: [String], services: Int, secondsAgo: Double, durationSeconds: Double? = nil) {
      self.from = from
      self.services = services
      self.secondsAgo = secondsAgo
      self.durationSeconds = durationSeconds
    }
  }

  package var announcements: [Announcement] = []
  package var successions: [Succession] = []
  /// Addresses that are being looked for on the network before they are announced.
  package var probing: [String] = []
  package var occupied: [Occupation] = []
  package var yields: [Yield] = []
  package var conflicts: [Conflict] = []
  package var watched: [Watched] = []
  /// Services taken over from nodes that were gone, since the start.
  package var takeovers: UInt64 = 0
  package var lastTakeover: LastTakeover?

  package init() {}
}
