extension Notification: CustomStringConvertible {
  /// What an operator reads: `Cease: Administrative Shutdown, "maintenance until noon"`.
  package var description: String {
    guard let code = self.codeText else { return "error \(self.code), subcode \(self.subcode)" }
    guard let subcode = self.subcodeText else {
      return self.subcode == 0 ? code : "\(code), subcode \(self.subcode)"
    }
    return "\(code): \(subcode)" + (self.detail.map { ", \($0)" } ?? "")
  }

  private var codeText: String? {
    switch self.code {
    case Code.messageHeader: "Message Header Error"
    case Code.open: "OPEN Message Error"
    case Code.update: "UPDATE Message Error"
    case Code.holdTimerExpired: "Hold Timer Expired"
    case Code.finiteStateMachine: "Finite State Machine Error"
    case Code.cease: "Cease"
    case Code.routeRefresh: "ROUTE-REFRESH Message Error"
    case Code.sendHoldTimerExpired: "Send Hold Timer Expired"
    default: nil
    }
  }

  private var subcodeText: String? {
    switch self.code {
    case Code.messageHeader: MessageHeaderError(rawValue: self.subcode)?.text
    case Code.open: OpenError(rawValue: self.subcode)?.text
    case Code.update: UpdateError(rawValue: self.subcode)?.text
    case Code.finiteStateMachine: StateError(rawValue: self.subcode)?.text
    case Code.cease: CeaseReason(rawValue: self.subcode)?.text
    case Code.routeRefresh: RouteRefreshError(rawValue: self.subcode)?.text
    default: nil
    }
  }

  /// What the data adds, where its form is known.
  private var detail: String? {
    switch (self.code, self.subcode) {
    case (Code.cease, CeaseReason.administrativeShutdown.rawValue),
      (Code.cease, CeaseReason.administrativeReset.rawValue):
      self.shutdownText.map { "\"\($0)\"" }
    case (Code.cease, CeaseReason.hardReset.rawValue) where self.data.count >= 2:
      Notification(code: self.data[0], subcode: self.data[1], data: Array(self.data[2...])).nestedDescription
    case (Code.open, OpenError.badPeerAS.rawValue) where self.data.count == 2:
      "AS \(UInt16(self.data[0]) << 8 | UInt16(self.data[1]))"
    case (Code.messageHeader, MessageHeaderError.badMessageLength.rawValue) where self.data.count == 2:
      "\(UInt16(self.data[0]) << 8 | UInt16(self.data[1]))"
    case (Code.messageHeader, MessageHeaderError.badMessageType.rawValue) where self.data.count == 1,
      (Code.finiteStateMachine, _) where self.data.count == 1:
      "type \(self.data[0])"
    default: nil
    }
  }

  /// A hard reset inside a hard reset is not unpacked: a peer chooses how deep they go.
  private var nestedDescription: String? {
    self.isHardReset ? nil : self.description
  }

  /// The sentence of the other operator (RFC 9003), without characters that would disturb a log; nil if there is none or its
  /// length is not right.
  package var shutdownText: String? {
    guard self.code == Code.cease, let length = self.data.first, length > 0, self.data.count > Int(length) else {
      return nil
    }
    let text = String(decoding: self.data[1...Int(length)], as: UTF8.self)
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.isPrintable ? $0 : "\u{FFFD}" }))
  }
}

extension Unicode.Scalar.Properties {
  fileprivate var isPrintable: Bool {
    switch self.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}

extension Notification.MessageHeaderError {
  fileprivate var text: String {
    switch self {
    case .connectionNotSynchronized: "Connection Not Synchronized"
    case .badMessageLength: "Bad Message Length"
    case .badMessageType: "Bad Message Type"
    }
  }
}

extension Notification.OpenError {
  fileprivate var text: String {
    switch self {
    case .unspecific: "Unspecific"
    case .unsupportedVersionNumber: "Unsupported Version Number"
    case .badPeerAS: "Bad Peer AS"
    case .badBGPIdentifier: "Bad BGP Identifier"
    case .unsupportedOptionalParameter: "Unsupported Optional Parameter"
    case .unacceptableHoldTime: "Unacceptable Hold Time"
    case .unsupportedCapability: "Unsupported Capability"
    case .roleMismatch: "Role Mismatch"
    }
  }
}

extension Notification.UpdateError {
  fileprivate var text: String {
    switch self {
    case .malformedAttributeList: "Malformed Attribute List"
    case .unrecognizedWellKnownAttribute: "Unrecognized Well-known Attribute"
    case .missingWellKnownAttribute: "Missing Well-known Attribute"
    case .attributeFlags: "Attribute Flags Error"
    case .attributeLength: "Attribute Length Error"
    case .invalidOrigin: "Invalid ORIGIN Attribute"
    case .invalidNextHop: "Invalid NEXT_HOP Attribute"
    case .optionalAttribute: "Optional Attribute Error"
    case .invalidNetworkField: "Invalid Network Field"
    case .malformedASPath: "Malformed AS_PATH"
    }
  }
}

extension Notification.StateError {
  fileprivate var text: String {
    switch self {
    case .inOpenSent: "Receive Unexpected Message in OpenSent State"
    case .inOpenConfirm: "Receive Unexpected Message in OpenConfirm State"
    case .inEstablished: "Receive Unexpected Message in Established State"
    }
  }
}

extension Notification.CeaseReason {
  fileprivate var text: String {
    switch self {
    case .maximumPrefixes: "Maximum Number of Prefixes Reached"
    case .administrativeShutdown: "Administrative Shutdown"
    case .peerDeconfigured: "Peer De-configured"
    case .administrativeReset: "Administrative Reset"
    case .connectionRejected: "Connection Rejected"
    case .otherConfigurationChange: "Other Configuration Change"
    case .connectionCollision: "Connection Collision Resolution"
    case .outOfResources: "Out of Resources"
    case .hardReset: "Hard Reset"
    case .bfdDown: "BFD Down"
    }
  }
}

extension Notification.RouteRefreshError {
  fileprivate var text: String {
    switch self {
    case .invalidMessageLength: "Invalid Message Length"
    }
  }
}
