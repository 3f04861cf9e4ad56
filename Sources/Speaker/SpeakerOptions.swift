import Serving

/// What the speaker's flags and environment say, once they are understood (contract section 2.2).
package struct SpeakerOptions: Sendable, Hashable {
  /// Where pools and advertisements are configured.
  package var namespace: String
  /// The ConfigMap there that stands in for objects; nil = none.
  package var legacyConfigMap: String?
  /// The name of the Node that this process runs on.
  package var node: String
  /// The own pod, which owns what goes with it; nil = not known.
  package var podName: String?
  package var loadBalancerClass: String?
  /// Whether nodes that are labelled so as to take no load-balancer traffic announce all the same.
  package var ignoresExclusion: Bool
  /// Where health and metrics are served.
  package var servers: ProcessServers.Settings
  /// The file that names the interfaces on which nothing is announced; it need not exist.
  package var exclusionFile: String
  /// Between the gratuitous bursts of a settled announcement; nil = none, as with upstream.
  package var refreshInterval: Duration?

  /// Whether an address that nobody has announced yet is looked for on the network first.
  package var probesAddresses: Bool
  /// Whether network devices pass on all frames, for those that lose questions otherwise.
  package var isPromiscuous: Bool
  /// For how long a node with new endpoints leaves Services whose traffic stays local to others.
  package var settleTime: Duration
  /// Where routers may connect to; nil = nowhere, only the speaker connects.
  package var bgpListenPort: UInt16?
  /// How speakers learn of each other's end; nil = by the readiness of the Nodes.
  package var gossip: GossipOptions?

  package static let standardExclusionFile = "/etc/metallb/excludel2.yaml"

  package init(
    namespace: String, legacyConfigMap: String? = nil, node: String, podName: String? = nil,
    loadBalancerClass: String? = nil,
    ignoresExclusion: Bool = false,
    servers: ProcessServers.Settings, exclusionFile: String = Self.standardExclusionFile,
    refreshInterval: Duration? = .seconds(60), probesAddresses: Bool = true, isPromiscuous: Bool = false,
    settleTime: Duration = .seconds(2), bgpListenPort: UInt16? = nil,
    gossip: GossipOptions? = nil
  ) {
    self.namespace = namespace
    self.legacyConfigMap = legacyConfigMap
    self.node = node
    self.podName = podName
    self.loadBalancerClass = loadBalancerClass
    self.ignoresExclusion = ignoresExclusion
    self.servers = servers
    self.exclusionFile = exclusionFile
    self.refreshInterval = refreshInterval
    self.probesAddresses = probesAddresses
    self.isPromiscuous = isPromiscuous
    self.settleTime = settleTime
    self.bgpListenPort = bgpListenPort
    self.gossip = gossip
  }
}
