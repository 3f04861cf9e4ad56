/// Which pools are announced to BGP peers, and how (contract section 3.3).
package struct BGPAdvertisement: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "metallb.io", version: "v1beta1", plural: "bgpadvertisements", kind: "BGPAdvertisement")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }

  package struct Spec: Codable, Sendable, Hashable {
    /// Absent = 32.
    package var aggregationLength: Int64?
    /// Absent = 128.
    package var aggregationLengthV6: Int64?
    /// Absent or 0 = not set.
    package var localPref: Int64?
    /// `64512:1`, `large:64512:1:2`, or the name of an alias.
    package var communities: [String]?
    /// Empty together with empty selectors = every pool.
    package var ipAddressPools: [String]?
    package var ipAddressPoolSelectors: [LabelSelector]?
    /// Empty = all nodes.
    package var nodeSelectors: [LabelSelector]?
    /// Names of BGPPeers; empty = all.
    package var peers: [String]?
    /// Empty = all Services.
    package var serviceSelectors: [LabelSelector]?
    /// How often our AS number is put in front of the path once more; absent = not at all.
    package var asPathPrepend: Int64?
    /// The MULTI_EXIT_DISC of the routes; absent = none.
    package var med: Int64?
    /// Whether routes carry the number of endpoints on the node as a bandwidth, for unequal-cost multipath.
    package var linkBandwidth: Bool?

    package init(
      aggregationLength: Int64? = nil, aggregationLengthV6: Int64? = nil, localPref: Int64? = nil,
      communities: [String]? = nil, ipAddressPools: [String]? = nil, ipAddressPoolSelectors: [LabelSelector]? = nil,
      nodeSelectors: [LabelSelector]? = nil, peers: [String]? = nil, serviceSelectors: [LabelSelector]? = nil,
      asPathPrepend: Int64? = nil, med: Int64? = nil, linkBandwidth: Bool? = nil
    ) {
      self.aggregationLength = aggregationLength
      self.aggregationLengthV6 = aggregationLengthV6
      self.localPref = localPref
      self.communities = communities
      self.ipAddressPools = ipAddressPools
      self.ipAddressPoolSelectors = ipAddressPoolSelectors
      self.nodeSelectors = nodeSelectors
      self.peers = peers
      self.serviceSelectors = serviceSelectors
      self.asPathPrepend = asPathPrepend
      self.med = med
      self.linkBandwidth = linkBandwidth
    }
  }
}
