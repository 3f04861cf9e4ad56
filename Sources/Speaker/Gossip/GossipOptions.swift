import Primitives

/// How the speakers of a cluster find each other and learn of each other's end (contract section 12).
package struct GossipOptions: Sendable, Hashable {
  package static let standardPort: UInt16 = 7946
  package static let standardSettingsFile = "/etc/metallb/memberlist/config.json"

  /// The address to gossip on, the pod's.
  package var address: IPAddress
  /// 0 = any.
  package var port: UInt16
  /// Selects the speakers' pods.
  package var podLabels: String
  /// The directory with the file `secretkey`; nil = no encryption.
  package var secretDirectory: String?
  /// Whether the pace is that of wide-area networks.
  package var isWide: Bool
  /// The file that replaces the pace, if it exists.
  package var settingsFile: String
  /// How long the owner of an address can be silent before the next one takes over; nil = until the gossip finds out.
  package var detectionTime: Duration?

  package init(
    address: IPAddress, port: UInt16 = Self.standardPort, podLabels: String, secretDirectory: String? = nil,
    isWide: Bool = false, settingsFile: String = Self.standardSettingsFile,
    detectionTime: Duration? = .milliseconds(500)
  ) {
    self.address = address
    self.port = port
    self.podLabels = podLabels
    self.secretDirectory = secretDirectory
    self.isWide = isWide
    self.settingsFile = settingsFile
    self.detectionTime = detectionTime
  }
}
