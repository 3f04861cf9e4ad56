/// What is wrong, told to the other speaker before the connection ends (RFC 4271 section 4.5): the error that everything in
/// this module throws, because on the wire every error is one of these.
///
///     code 1 | subcode 1 | data
package struct Notification: Error, Sendable, Hashable {
  package let code: UInt8
  package let subcode: UInt8
  package let data: [UInt8]

  package init(code: UInt8, subcode: UInt8 = 0, data: [UInt8] = []) {
    self.code = code
    self.subcode = subcode
    self.data = data
  }

  enum Code {
    static let messageHeader: UInt8 = 1
    static let open: UInt8 = 2
    static let update: UInt8 = 3
    static let holdTimerExpired: UInt8 = 4
    static let finiteStateMachine: UInt8 = 5
    static let cease: UInt8 = 6
    static let routeRefresh: UInt8 = 7
    static let sendHoldTimerExpired: UInt8 = 8
  }

  /// RFC 4271 section 6.1.
  package enum MessageHeaderError: UInt8, Sendable {
    case connectionNotSynchronized = 1
    case badMessageLength = 2
    case badMessageType = 3
  }

  /// RFC 4271 section 6.2, RFC 5492 section 5.
  package enum OpenError: UInt8, Sendable {
    case unspecific = 0
    case unsupportedVersionNumber = 1
    case badPeerAS = 2
    case badBGPIdentifier = 3
    case unsupportedOptionalParameter = 4
    case unacceptableHoldTime = 6
    case unsupportedCapability = 7
    case roleMismatch = 11
  }

  /// RFC 4271 section 6.3; only what still ends a session after RFC 7606 is sent.
  package enum UpdateError: UInt8, Sendable {
    case malformedAttributeList = 1
    case unrecognizedWellKnownAttribute = 2
    case missingWellKnownAttribute = 3
    case attributeFlags = 4
    case attributeLength = 5
    case invalidOrigin = 6
    case invalidNextHop = 8
    case optionalAttribute = 9
    case invalidNetworkField = 10
    case malformedASPath = 11
  }

  /// In which state a message came that does not belong there (RFC 6608).
  package enum StateError: UInt8, Sendable {
    case inOpenSent = 1
    case inOpenConfirm = 2
    case inEstablished = 3
  }

  /// RFC 4486, RFC 8538, RFC 9384.
  package enum CeaseReason: UInt8, Sendable {
    case maximumPrefixes = 1
    case administrativeShutdown = 2
    case peerDeconfigured = 3
    case administrativeReset = 4
    case connectionRejected = 5
    case otherConfigurationChange = 6
    case connectionCollision = 7
    case outOfResources = 8
    case hardReset = 9
    case bfdDown = 10
  }

  /// RFC 7313 section 5.
  package enum RouteRefreshError: UInt8, Sendable {
    case invalidMessageLength = 1
  }

  package static func messageHeader(_ error: MessageHeaderError, data: [UInt8] = []) -> Notification {
    Notification(code: Code.messageHeader, subcode: error.rawValue, data: data)
  }

  package static func badMessageLength(_ length: UInt16) -> Notification {
    var data: [UInt8] = []
    data.append(bigEndian: length)
    return .messageHeader(.badMessageLength, data: data)
  }

  package static func open(_ error: OpenError, data: [UInt8] = []) -> Notification {
    Notification(code: Code.open, subcode: error.rawValue, data: data)
  }

  package static func update(_ error: UpdateError, data: [UInt8] = []) -> Notification {
    Notification(code: Code.update, subcode: error.rawValue, data: data)
  }

  package static let holdTimerExpired = Notification(code: Code.holdTimerExpired)
  package static let sendHoldTimerExpired = Notification(code: Code.sendHoldTimerExpired)

  /// A message of a type that does not belong in a state.
  static func unexpected(_ message: Message, _ error: StateError) -> Notification {
    Notification(code: Code.finiteStateMachine, subcode: error.rawValue, data: [message.type])
  }

  package static func cease(_ reason: CeaseReason, data: [UInt8] = []) -> Notification {
    Notification(code: Code.cease, subcode: reason.rawValue, data: data)
  }

  package static func routeRefresh(_ error: RouteRefreshError, data: [UInt8]) -> Notification {
    Notification(code: Code.routeRefresh, subcode: error.rawValue, data: data)
  }

  /// A shutdown or reset with a sentence for the other operator: at most 255 octets of UTF-8, cut at a character (RFC 9003).
  package static func cease(_ reason: CeaseReason, saying text: String) -> Notification {
    var octets: [UInt8] = []
    for character in text {
      guard octets.count + character.utf8.count <= 255 else { break }
      octets += character.utf8
    }
    return .cease(reason, data: octets.isEmpty ? [] : [UInt8(octets.count)] + octets)
  }

  /// The same, but so that routes are dropped although graceful restart covers notifications (RFC 8538 section 3.1).
  package var asHardReset: Notification {
    guard !self.isHardReset else { return self }
    return .cease(.hardReset, data: [self.code, self.subcode] + self.data)
  }

  package var isHardReset: Bool {
    self.code == Code.cease && self.subcode == CeaseReason.hardReset.rawValue
  }

  var body: [UInt8] { [self.code, self.subcode] + self.data }
}
