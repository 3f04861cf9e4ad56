/// A BFD Control packet (RFC 5880 section 4.1): what one end says about itself, many times a second.
///
///     version 3 bits | diagnostic 5 | state 2 | P | F | C | A | D | M | detect multiplier 8 | length 8 |
///     my discriminator 32 | your discriminator 32 |
///     desired min TX 32 | required min RX 32 | required min echo RX 32        (microseconds)
///
/// Authentication (A) is refused, as MetalLB offers no way to configure it, and so is Multipoint (M). Both are discarded as
/// RFC 5880 section 6.8.6 demands of a system that uses neither.
package struct ControlPacket: Sendable, Hashable {
  package var diagnostic: Diagnostic
  package var state: SessionState
  /// P: the sender asks for a confirmation of its parameters.
  package var isPoll: Bool
  /// F: the sender confirms what it was asked for.
  package var isFinal: Bool
  /// C: the sender's BFD goes on when its control plane restarts.
  package var isControlPlaneIndependent: Bool
  /// D: the sender wants no periodic packets while both ends are up.
  package var wantsDemand: Bool
  /// Never zero.
  package var detectMultiplier: UInt8
  package var mine: Discriminator
  /// What the receiver calls itself, as far as the sender knows.
  package var yours: Discriminator?
  package var desiredMinTransmit: Duration
  /// Zero = the sender wants no periodic packets at all.
  package var requiredMinReceive: Duration
  /// Zero = the sender does not loop Echo packets back.
  package var requiredMinEchoReceive: Duration

  package init(
    diagnostic: Diagnostic = .none, state: SessionState, isPoll: Bool = false, isFinal: Bool = false,
    isControlPlaneIndependent: Bool = false, wantsDemand: Bool = false, detectMultiplier: UInt8 = 3,
    mine: Discriminator, yours: Discriminator?, desiredMinTransmit: Duration, requiredMinReceive: Duration,
    requiredMinEchoReceive: Duration = .zero
  ) {
    self.diagnostic = diagnostic
    self.state = state
    self.isPoll = isPoll
    self.isFinal = isFinal
    self.isControlPlaneIndependent = isControlPlaneIndependent
    self.wantsDemand = wantsDemand
    self.detectMultiplier = detectMultiplier
    self.mine = mine
    self.yours = yours
    self.desiredMinTransmit = desiredMinTransmit
    self.requiredMinReceive = requiredMinReceive
    self.requiredMinEchoReceive = requiredMinEchoReceive
  }

  /// Why bytes are discarded (RFC 5880 section 6.8.6).
  package enum Malformed: Error, Sendable, Hashable, CustomStringConvertible {
    case truncated(length: Int)
    case foreignVersion(UInt8)
    case badLength(field: UInt8, received: Int)
    case zeroDetectMultiplier
    case multipoint
    case authenticated
    case zeroDiscriminator
    /// A session that says it is up, or about to be, must know whom it talks to.
    case addressedToNobody(SessionState)

    package var description: String {
      switch self {
      case .truncated(let length): "\(length) bytes are no BFD Control packet: it has \(ControlPacket.length) at least"
      case .foreignVersion(let version): "BFD version \(version) is not 1"
      case .badLength(let field, let received): "the length field says \(field) in a packet of \(received) bytes"
      case .zeroDetectMultiplier: "the detect multiplier is zero"
      case .multipoint: "the Multipoint bit is set, which is reserved"
      case .authenticated: "the packet is authenticated, but no authentication is configured here"
      case .zeroDiscriminator: "the sender's discriminator is zero"
      case .addressedToNobody(let state): "the sender's state is \(state), but it does not know our discriminator"
      }
    }
  }

  /// The length of a packet without authentication section.
  package static let length = 24
}
