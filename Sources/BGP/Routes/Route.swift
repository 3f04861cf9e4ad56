import Primitives

/// What is said of a prefix, before it is known to whom: a session's `ExportPolicy` makes path attributes of it.
package struct Route: Sendable, Hashable {
  /// For peers of our own AS alone; nil = `ExportPolicy.standardLocalPreference`.
  package var localPreference: UInt32?
  package var multiExitDiscriminator: UInt32?
  /// How many times our AS is put in front of the path once more, towards other ASes.
  package var prependCount: Int
  package var communities: [Community]
  package var largeCommunities: [LargeCommunity]
  /// In bytes a second, for peers that weigh equal routes by it.
  package var linkBandwidth: Float?

  package init(
    localPreference: UInt32? = nil, multiExitDiscriminator: UInt32? = nil, prependCount: Int = 0,
    communities: [Community] = [], largeCommunities: [LargeCommunity] = [], linkBandwidth: Float? = nil
  ) {
    self.localPreference = localPreference
    self.multiExitDiscriminator = multiExitDiscriminator
    self.prependCount = prependCount
    self.communities = communities
    self.largeCommunities = largeCommunities
    self.linkBandwidth = linkBandwidth
  }
}
