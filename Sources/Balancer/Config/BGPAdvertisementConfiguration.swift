import KubernetesModel
import Primitives

/// A BGPAdvertisement as the rest of the product sees it: validated, with its communities looked up.
package struct BGPAdvertisementConfiguration: AdvertisementConfiguration {
  package var key: ObjectKey
  package var pools: Set<String>
  package var poolSelectors: [LabelSelector]
  package var nodeSelectors: [LabelSelector]
  package var serviceSelectors: [LabelSelector]
  /// Names of BGPPeers; empty = all.
  package var peers: Set<String>
  /// The length of IPv4 prefixes, 1 to 32.
  package var aggregationLength: Int
  /// The length of IPv6 prefixes, 0 to 128.
  package var aggregationLengthV6: Int
  /// 0 = not set.
  package var localPreference: UInt32
  package var communities: Set<Community>
  package var largeCommunities: Set<LargeCommunity>
  /// How many more copies of our AS number lead the path, 0 to 10.
  package var asPathPrepend: Int
  package var med: UInt32?
  /// Whether routes carry the number of endpoints on the node as a bandwidth.
  package var linkBandwidth: Bool

  package init(
    key: ObjectKey, pools: Set<String> = [], poolSelectors: [LabelSelector] = [], nodeSelectors: [LabelSelector] = [],
    serviceSelectors: [LabelSelector] = [], peers: Set<String> = [], aggregationLength: Int = 32,
    aggregationLengthV6: Int = 128, localPreference: UInt32 = 0, communities: Set<Community> = [],
    largeCommunities: Set<LargeCommunity> = [], asPathPrepend: Int = 0, med: UInt32? = nil, linkBandwidth: Bool = false
  ) {
    self.key = key
    self.pools = pools
    self.poolSelectors = poolSelectors
    self.nodeSelectors = nodeSelectors
    self.serviceSelectors = serviceSelectors
    self.peers = peers
    self.aggregationLength = aggregationLength
    self.aggregationLengthV6 = aggregationLengthV6
    self.localPreference = localPreference
    self.communities = communities
    self.largeCommunities = largeCommunities
    self.asPathPrepend = asPathPrepend
    self.med = med
    self.linkBandwidth = linkBandwidth
  }

  package func selects(peer name: String) -> Bool { self.peers.isEmpty || self.peers.contains(name) }

  /// The prefix under which an address is announced.
  package func prefix(of address: IPAddress) -> IPPrefix? {
    IPPrefix(address, length: address.family == .ipv4 ? self.aggregationLength : self.aggregationLengthV6)
  }
}
