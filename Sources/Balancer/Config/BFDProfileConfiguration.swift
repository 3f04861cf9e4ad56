import KubernetesModel
import Primitives

/// A BFDProfile as the rest of the product sees it: validated, with the defaults of FRR for what is absent (contract
/// section 3.5).
package struct BFDProfileConfiguration: Sendable, Hashable {
  /// The object that this comes from.
  package var key: ObjectKey
  /// The shortest interval at which we can take packets.
  package var receiveInterval: Duration
  /// The shortest interval at which we like to send.
  package var transmitInterval: Duration
  package var detectMultiplier: UInt8
  package var echoInterval: Duration
  package var echoMode: Bool
  /// Whether the router has to begin.
  package var passiveMode: Bool
  /// What packets of multi-hop sessions must at least arrive with.
  package var minimumTTL: UInt8

  package init(
    key: ObjectKey, receiveInterval: Duration = .milliseconds(300), transmitInterval: Duration = .milliseconds(300),
    detectMultiplier: UInt8 = 3, echoInterval: Duration = .milliseconds(50), echoMode: Bool = false,
    passiveMode: Bool = false, minimumTTL: UInt8 = 254
  ) {
    self.key = key
    self.receiveInterval = receiveInterval
    self.transmitInterval = transmitInterval
    self.detectMultiplier = detectMultiplier
    self.echoInterval = echoInterval
    self.echoMode = echoMode
    self.passiveMode = passiveMode
    self.minimumTTL = minimumTTL
  }

  package var name: String { self.key.name }
}
