/// A message of BGP-4 (RFC 4271 section 4, RFC 2918).
package enum Message: Sendable, Hashable {
  case open(OpenMessage)
  case update(UpdateMessage)
  case notification(Notification)
  case keepalive
  case routeRefresh(RouteRefresh)

  /// What two speakers agreed on that changes how their messages read.
  package struct Format: Sendable, Hashable {
    /// The width of AS numbers in UPDATE messages.
    package var asnWidth: ASPath.Width
    /// Whether UPDATE, NOTIFICATION and ROUTE-REFRESH may be longer than 4096 octets.
    package var allowsExtendedMessages: Bool

    package init(asnWidth: ASPath.Width, allowsExtendedMessages: Bool) {
      self.asnWidth = asnWidth
      self.allowsExtendedMessages = allowsExtendedMessages
    }

    /// Before anything was agreed on.
    package static let initial = Format(asnWidth: .two, allowsExtendedMessages: false)

    /// The longest message to send.
    var limit: Int { self.allowsExtendedMessages ? Frame.extendedLimit : Frame.standardLimit }
  }
}

enum MessageType {
  static let open: UInt8 = 1
  static let update: UInt8 = 2
  static let notification: UInt8 = 3
  static let keepalive: UInt8 = 4
  static let routeRefresh: UInt8 = 5
}

extension Message {
  /// Understands a frame; nil when it is to be ignored. Throws the NOTIFICATION that answers an error.
  package init?(decoding frame: Frame, _ format: Format) throws(Notification) {
    try Self.checkLength(of: frame, format)
    switch frame.type {
    case MessageType.open:
      self = .open(try OpenMessage(decoding: frame.body))
    case MessageType.update:
      self = .update(try UpdateMessage(decoding: frame.body, asnWidth: format.asnWidth))
    case MessageType.notification:
      self = .notification(Notification(code: frame.body[0], subcode: frame.body[1], data: Array(frame.body[2...])))
    case MessageType.keepalive:
      self = .keepalive
    case MessageType.routeRefresh:
      guard let refresh = try RouteRefresh(decoding: frame.body) else { return nil }
      self = .routeRefresh(refresh)
    default:
      throw .messageHeader(.badMessageType, data: [frame.type])
    }
  }

  /// RFC 4271 section 6.1, RFC 8654 section 4: OPEN and KEEPALIVE never get longer.
  private static func checkLength(of frame: Frame, _ format: Format) throws(Notification) {
    let allowed: ClosedRange<Int> =
      switch frame.type {
      case MessageType.open: 29...Frame.standardLimit
      case MessageType.update: 23...format.limit
      case MessageType.notification: 21...format.limit
      case MessageType.keepalive: 19...19
      default: 19...format.limit
      }
    guard allowed.contains(frame.length) else {
      throw .badMessageLength(UInt16(truncatingIfNeeded: frame.length))
    }
  }

  package var frame: Frame {
    switch self {
    case .open(let open): Frame(type: MessageType.open, body: open.body)
    case .update(let update): Frame(type: MessageType.update, body: update.body)
    case .notification(let notification): Frame(type: MessageType.notification, body: notification.body)
    case .keepalive: Frame(type: MessageType.keepalive, body: [])
    case .routeRefresh(let refresh): Frame(type: MessageType.routeRefresh, body: refresh.body)
    }
  }

  /// The message as it goes over the wire.
  package var bytes: [UInt8] { self.frame.bytes }

  /// The number of the message's type.
  var type: UInt8 {
    switch self {
    case .open: MessageType.open
    case .update: MessageType.update
    case .notification: MessageType.notification
    case .keepalive: MessageType.keepalive
    case .routeRefresh: MessageType.routeRefresh
    }
  }
}
