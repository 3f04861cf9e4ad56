/// Timers and modes of BFD sessions, for BGPPeers to refer to (contract section 3.5).
package struct BFDProfile: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "metallb.io", version: "v1beta1", plural: "bfdprofiles", kind: "BFDProfile")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }

  /// Intervals are in milliseconds.
  package struct Spec: Codable, Sendable, Hashable {
    package var receiveInterval: Int64?
    package var transmitInterval: Int64?
    package var detectMultiplier: Int64?
    package var echoInterval: Int64?
    package var echoMode: Bool?
    package var passiveMode: Bool?
    package var minimumTtl: Int64?

    package init(
      receiveInterval: Int64? = nil, transmitInterval: Int64? = nil, detectMultiplier: Int64? = nil,
      echoInterval: Int64? = nil, echoMode: Bool? = nil, passiveMode: Bool? = nil, minimumTtl: Int64? = nil
    ) {
      self.receiveInterval = receiveInterval
      self.transmitInterval = transmitInterval
      self.detectMultiplier = detectMultiplier
      self.echoInterval = echoInterval
      self.echoMode = echoMode
      self.passiveMode = passiveMode
      self.minimumTtl = minimumTtl
    }
  }
}
