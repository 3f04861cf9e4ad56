import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// A story of one speaker: lines of events, each followed by the actions that it must cause, as lines that begin with `>`.
///
///     synced                                   every list is there; `synced services` = only this one
///     interfaces eth0,eth1
///     pool NAME RANGE,RANGE [LABEL=VALUE ...]  `no pool NAME` deletes, so for all objects
///     ad NAME [pools=A,B] [poolsWith=L=V] [on=LABEL=VALUE] [interfaces=A,B] [for=LABEL=VALUE]
///         [prefer=WEIGHT:LABEL=VALUE,WEIGHT:LABEL=VALUE] [policy=P] [hold=TIME]
///     peer NAME ADDRESS [on=LABEL=VALUE] [bfd=PROFILE] [port=N]
///     bgpad NAME [pools=A,B] [on=LABEL=VALUE] [for=LABEL=VALUE] [peers=A,B] [length=N] [pref=N] [communities=A,B]
///           [med=N] [prepend=N] [bandwidth]
///     alias NAME VALUE
///     node NAME [notReady|unreported] [noNetwork] [at=ADDRESS,ADDRESS] [LABEL=VALUE ...]
///     service NS/NAME ADDRESS,ADDRESS|pending|garbage [local] [shared] [class=C] [type=T] [LABEL=VALUE ...]
///     endpoints NS/NAME NODE,NODE|none
///     members NODE,NODE                        with what they tell of interfaces: NODE:INTERFACE+INTERFACE@MAC, digits alone
///     claimed NS/NAME NODE TERM                a status object says so; `no claimed NS/NAME NODE TERM`
///     told NS/NAME NODE TERM                   the node says so itself; with `-` that it does not announce the Service
///     objected NS/NAME NODE                    the node says that this one may not announce it
///     blind                                    the watch of EndpointSlices has broken; `sees` = it is there again
///     kernel ADDRESS,ADDRESS INTERFACE|none    what this node's kernel answers for by itself
///     free ADDRESS                             nobody on the network has it
///     occupied ADDRESS MAC [ADDRESS,ADDRESS]   somebody has it, who is also known by these; `contested` = likewise
///     wait SECONDS                             time passes
///     handing over
///     stopping
///
/// `told` writes the events with what really happened after each; a story that is true is told as it was written.
/// Events on Services (`> event`) and everything else are in the order of the actions.
struct AnnouncementStory {
  /// Three nodes on one network, of which the first is the speaker's. For 192.0.2.8 their order is w2, w1, w3; for 192.0.2.1
  /// it is w3, w1, w2.
  static let threeNodes = """
    pool main 192.0.2.0/24,2001:db8::/120
    node w1 at=198.18.0.11
    node w2 at=198.18.0.12
    node w3 at=198.18.0.13
    interfaces eth0
    """

  private(set) var state: SpeakerState
  private var now = t0

  init(
    node: String = "w1", gossips: Bool = false, families: Set<IPFamily> = [.ipv4], class: String? = nil,
    probes: Bool = false, ignoresExclusion: Bool = false, settleTime: Duration = .zero
  ) {
    self.state = SpeakerState(
      settings: SpeakerState.Settings(
        node: node, loadBalancerClass: `class`, ignoresExclusion: ignoresExclusion,
        failureDetector: gossips ? .gossip : .nodeReadiness,
        families: families, probesAddresses: probes, settleTime: settleTime))
  }

  mutating func told(_ story: String) -> String {
    story.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      .filter { !$0.hasPrefix(">") }
      .flatMap { [$0] + self.happened($0) }
      .joined(separator: "\n")
  }

  /// Expects a story to be true.
  mutating func expect(_ story: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let told = self.told(story)
    #expect(told == story, sourceLocation: sourceLocation)
  }

  /// Plays the events of a story for what comes after it; returns how many verdicts were reached.
  @discardableResult
  mutating func play(_ story: String) -> Int {
    let before = self.state.decisions
    _ = self.told(story)
    return self.state.decisions - before
  }

  private mutating func happened(_ line: String) -> [String] {
    self.actions(of: line).map { "> " + Self.text(of: $0) }
  }

  /// What one line of events causes.
  mutating func actions(of line: String) -> [SpeakerState.Action] {
    let words = line.split(separator: " ").map(String.init)
    guard let verb = words.first, verb != "#" else { return [] }
    if verb == "wait" { return self.wait(.seconds(words.last.flatMap { Int($0) } ?? 0)) }
    return Self.events(verb, Array(words.dropFirst())).flatMap { event in
      self.state.handle(event, at: self.now)
    }
  }

  /// Lets time pass, with a tick whenever the state asks for one.
  private mutating func wait(_ time: Duration) -> [SpeakerState.Action] {
    let end = self.now + time
    var actions: [SpeakerState.Action] = []
    while let deadline = self.state.nextDeadline, deadline <= end {
      self.now = max(self.now, deadline)
      actions += self.state.handle(.tick, at: self.now)
    }
    self.now = end
    return actions + self.state.handle(.tick, at: end)
  }

  // MARK: Events

  private static func events(_ verb: String, _ words: [String]) -> [SpeakerState.Event] {
    let first = words.first ?? ""
    let rest = Array(words.dropFirst())
    switch verb {
    case "synced": return Self.synced(first.isEmpty ? nil : first)
    case "interfaces": return [.interfaces([.ipv4: Set(Self.list(first)), .ipv6: Set(Self.list(first))])]
    case "pool": return [.pools(.applied(Self.pool(first, rest)))]
    case "ad": return [.l2Advertisements(.applied(Self.advertisement(first, rest)))]
    case "peer": return [.bgpPeers(.applied(Self.peer(first, rest)))]
    case "bgpad": return [.bgpAdvertisements(.applied(Self.bgpAdvertisement(first, rest)))]
    case "alias": return [.communities(.applied(communityObject([first: rest.first ?? ""], named: first)))]
    case "node": return [.nodes(.applied(Self.node(first, rest)))]
    case "service": return [.services(.applied(Self.service(first, rest)))]
    case "endpoints": return [.endpoints(.applied(Self.endpoints(first, rest)))]
    case "members": return [.members(Self.members(Self.list(first)))]
    case "claimed": return [.ownership(.applied(Self.claim(words)))]
    case "told":
      let stance = words[2] == "-" ? OwnershipNotice.Stance.leaves : .announces(term: Int(words[2]) ?? 0)
      return [.told(OwnershipNotice(node: words[1], stances: [Self.key(first): stance]))]
    case "objected": return [.objected(ObjectionNotice(node: rest.first ?? "", services: [Self.key(first)]))]
    case "blind": return [.following(.endpoints, false)]
    case "sees": return [.following(.endpoints, true)]
    case "kernel":
      let addresses = Self.list(first).compactMap { IPAddress($0) }
      return [.kernelAddresses(Dictionary(uniqueKeysWithValues: addresses.map { ($0, rest.first ?? "") }))]
    case "free": return IPAddress(first).map { [.addressFree($0)] } ?? []
    case "occupied": return IPAddress(first).map { [.addressOccupied($0, by: Self.holder(rest))] } ?? []
    case "contested": return IPAddress(first).map { [.addressContested($0, by: Self.holder(rest))] } ?? []
    case "handing": return [.handingOver]
    case "stopping": return [.stopping]
    case "no" where first == "claimed": return [.ownership(.deleted(Self.claim(rest).key))]
    case "no": return Self.deletion(first, rest.first ?? "")
    default: return []
    }
  }

  private static func claim(_ words: [String]) -> OwnershipClaim {
    OwnershipClaim(
      key: ObjectKey(namespace: "metallb-system", name: words.joined(separator: "-")), service: Self.key(words[0]),
      node: words[1], term: Int(words[2]) ?? 0)
  }

  private static func members(_ words: [String]) -> LiveMembers {
    var live = LiveMembers([])
    for word in words {
      let parts = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      live.names.insert(parts[0])
      guard parts.count == 2 else { continue }
      let told = parts[1].split(separator: "@", omittingEmptySubsequences: false)
      let interfaces = Set(told[0].split(separator: "+").map(String.init))
      let hardware = told.dropFirst().compactMap { UInt64($0, radix: 16).map { MACAddress(bits: $0) } }
      live.facts[parts[0]] = LiveMembers.Facts(
        interfaces: [.ipv4: interfaces, .ipv6: interfaces], hardware: Set(hardware))
    }
    return live
  }

  private static func synced(_ kind: String?) -> [SpeakerState.Event] {
    let all: KeyValuePairs<String, SpeakerState.Event> = [
      "services": .services(.synced), "endpoints": .endpoints(.synced), "nodes": .nodes(.synced),
      "pools": .pools(.synced), "ads": .l2Advertisements(.synced), "peers": .bgpPeers(.synced),
      "bgpads": .bgpAdvertisements(.synced), "aliases": .communities(.synced), "profiles": .bfdProfiles(.synced),
      "secrets": .secrets(.synced), "claims": .ownership(.synced),
    ]
    return all.filter { kind == nil || $0.key == kind }.map(\.value)
  }

  private static func deletion(_ kind: String, _ name: String) -> [SpeakerState.Event] {
    switch kind {
    case "pool": [.pools(.deleted(ObjectKey(namespace: "metallb-system", name: name)))]
    case "ad": [.l2Advertisements(.deleted(ObjectKey(namespace: "metallb-system", name: name)))]
    case "peer": [.bgpPeers(.deleted(ObjectKey(namespace: "metallb-system", name: name)))]
    case "bgpad": [.bgpAdvertisements(.deleted(ObjectKey(namespace: "metallb-system", name: name)))]
    case "alias": [.communities(.deleted(ObjectKey(namespace: "metallb-system", name: name)))]
    case "node": [.nodes(.deleted(ObjectKey(name: name)))]
    case "service": [.services(.deleted(Self.key(name)))]
    case "endpoints": [.endpoints(.deleted(Self.key(name + "-1")))]
    default: []
    }
  }

  static func pool(_ name: String, _ words: [String]) -> IPAddressPool {
    IPAddressPool(
      metadata: ObjectMeta(name: name, namespace: "metallb-system", labels: Self.labels(words.dropFirst())),
      spec: IPAddressPool.Spec(addresses: Self.list(words.first ?? "")))
  }

  private static func advertisement(_ name: String, _ words: [String]) -> L2Advertisement {
    var spec = L2Advertisement.Spec()
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      let value = parts.count == 2 ? parts[1] : ""
      switch parts[0] {
      case "pools": spec.ipAddressPools = Self.list(value)
      case "poolsWith": spec.ipAddressPoolSelectors = Self.selectors(value)
      case "on": spec.nodeSelectors = Self.selectors(value)
      case "for": spec.serviceSelectors = Self.selectors(value)
      case "prefer": spec.preferredNodeSelectors = Self.preferences(value)
      case "interfaces": spec.interfaces = Self.list(value)
      case "policy": spec.electionPolicy = value
      case "hold": spec.holdDown = value
      default: break
      }
    }
    return L2Advertisement(metadata: ObjectMeta(name: name, namespace: "metallb-system"), spec: spec)
  }

  private static func holder(_ words: [String]) -> AddressHolder {
    AddressHolder(
      hardware: MACAddress(words.first ?? "") ?? .broadcast, interface: "eth0",
      addresses: Self.list(words.dropFirst().first ?? "").compactMap { IPAddress($0) })
  }

  private static func peer(_ name: String, _ words: [String]) -> BGPPeer {
    peerObject(name) { spec in
      spec.peerAddress = words.first
      for (option, value) in Self.options(words.dropFirst()) {
        switch option {
        case "on": spec.nodeSelectors = Self.selectors(value)
        case "bfd": spec.bfdProfile = value
        case "port": spec.peerPort = Int64(value)
        default: break
        }
      }
    }
  }

  private static func bgpAdvertisement(_ name: String, _ words: [String]) -> BGPAdvertisement {
    bgpAdvertisementObject(name) { spec in
      for (option, value) in Self.options(words) {
        switch option {
        case "pools": spec.ipAddressPools = Self.list(value)
        case "on": spec.nodeSelectors = Self.selectors(value)
        case "for": spec.serviceSelectors = Self.selectors(value)
        case "peers": spec.peers = Self.list(value)
        case "length": spec.aggregationLength = Int64(value)
        case "pref": spec.localPref = Int64(value)
        case "communities": spec.communities = Self.list(value)
        case "med": spec.med = Int64(value)
        case "prepend": spec.asPathPrepend = Int64(value)
        case "bandwidth": spec.linkBandwidth = true
        default: break
        }
      }
    }
  }

  private static func options(_ words: some Sequence<String>) -> [(option: String, value: String)] {
    words.map { word in
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      return (parts[0], parts.count == 2 ? parts[1] : "")
    }
  }

  private static func node(_ name: String, _ words: [String]) -> NodeView {
    let addresses = words.first { $0.hasPrefix("at=") }.map { Self.list(String($0.dropFirst(3))) } ?? []
    return Self.node(name, words.filter { !$0.hasPrefix("at=") }, at: addresses.compactMap { IPAddress($0) })
  }

  private static func node(_ name: String, _ words: [String], at addresses: [IPAddress]) -> NodeView {
    NodeView(
      name: name, labels: Self.labels(words),
      readiness: words.contains("notReady") ? .notReady : words.contains("unreported") ? .unreported : .ready,
      isNetworkUnavailable: words.contains("noNetwork"), addresses: addresses)
  }

  private static func service(_ name: String, _ words: [String]) -> ExposedService {
    let addresses = words.first ?? ""
    let options = words.dropFirst()
    func option(_ name: String) -> String? {
      options.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }
    let ingress: ExposedService.Ingress =
      switch addresses {
      case "pending": .none
      case "garbage": .invalid
      default: .addresses(Self.list(addresses).compactMap { IPAddress($0) })
      }
    return ExposedService(
      key: Self.key(name), uid: "u-\(name)", labels: Self.labels(options),
      isLoadBalancer: option("type") ?? "LoadBalancer" == "LoadBalancer", loadBalancerClass: option("class"),
      ingress: ingress, keepsTrafficLocal: options.contains("local"), mayShareAddress: options.contains("shared"))
  }

  private static func endpoints(_ name: String, _ words: [String]) -> EndpointsView {
    let nodes = (words.first ?? "none") == "none" ? [] : Self.list(words.first ?? "")
    return EndpointsView(
      key: Self.key(name + "-1"), service: Self.key(name), isUsable: !nodes.isEmpty, nodes: nodes.sorted())
  }

  static func key(_ text: String) -> ObjectKey {
    let parts = text.split(separator: "/").map(String.init)
    return ObjectKey(namespace: parts[0], name: parts.count > 1 ? parts[1] : "")
  }

  private static func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

  private static func labels(_ words: some Sequence<String>) -> [String: String] {
    var labels: [String: String] = [:]
    for word in words where !word.hasPrefix("class=") && !word.hasPrefix("type=") {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2 { labels[parts[0]] = parts[1] }
    }
    return labels
  }

  private static func preferences(_ text: String) -> [L2Advertisement.PreferredNodeSelector] {
    Self.list(text).compactMap { part in
      let halves = part.split(separator: ":").map(String.init)
      guard halves.count == 2, let weight = Int64(halves[0]) else { return nil }
      return .init(weight: weight, preference: LabelSelector(matchLabels: Self.labels([halves[1]])))
    }
  }

  private static func selectors(_ text: String) -> [LabelSelector] {
    Self.list(text).map { LabelSelector(matchLabels: Self.labels([$0])) }
  }

  // MARK: Actions

  private static func text(of action: SpeakerState.Action) -> String {
    switch action {
    case .announce(.bgp(let announcement)): Self.text(of: announcement)
    case .configurePeers(let peers):
      "peers " + peers.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.address)" }.joined(separator: " ")
    case .advertise(let changes): Self.text(of: changes)
    case .announce(.layer2(let announcement)):
      "announce \(announcement.service) \(Self.text(announcement.addresses)) on \(Self.text(announcement.interfaces))"
        + (announcement.term.map { ", term \($0)" } ?? "")
    case .withdraw(let service, let addresses, let announcingProtocol, let reason):
      "withdraw \(service) \(Self.text(addresses)) \(announcingProtocol.rawValue) \(reason.rawValue)"
    case .claim(let address, let interfaces): "claim \(address) on \(Self.text(interfaces))"
    case .release(let address): "release \(address)"
    case .probe(let address, let interfaces, let pause):
      "probe \(address) on \(Self.text(interfaces)), again after \(pause / .seconds(1))"
    case .abandonProbe(let address): "abandon \(address)"
    case .defend(let address): "defend \(address)"
    case .bid(let service, let interfaces, let term): "bid for \(service) on \(Self.text(interfaces)), term \(term)"
    case .abandonBid(let service): "abandon the bid for \(service)"
    case .tell(let node, let notice): Self.text(of: notice, to: node)
    case .object(let node, let notice, let again):
      "object to \(node) about \(notice.services.map(\.description).joined(separator: " "))\(again ? " again" : "")"
    case .emit(let note):
      "event \(note.object.namespace ?? "")/\(note.object.name ?? "") \(note.type.rawValue) \(note.reason) \(note.message)"
    case .watch(let owners): "watch \(owners.isEmpty ? "nobody" : owners.sorted().joined(separator: ","))"
    case .report(let problems):
      "problems: "
        + (problems.isEmpty
          ? "none" : problems.map(\.message).joined(separator: "; ").split(separator: "\n").joined(separator: "; "))
    }
  }

  private static func text(of notice: OwnershipNotice, to node: String) -> String {
    let stances = notice.stances.sorted { $0.key < $1.key }.map { key, stance in
      switch stance {
      case .announces(let term): "\(key) \(notice.node) \(term)"
      case .leaves: "\(key) \(notice.node) -"
      }
    }
    return "tell \(node) \(stances.joined(separator: ", "))"
  }

  private static func text(of announcement: BGPAnnouncement) -> String {
    "announce \(announcement.service) \(Self.text(announcement.addresses)) to \(announcement.peers.joined(separator: ","))"
  }

  private static func text(of changes: [RouteChanges]) -> String {
    "advertise "
      + changes.flatMap { change in change.peers.map { ($0, change.routes) } }.sorted { $0.0 < $1.0 }.flatMap {
        peer, routes in
        [peer]
          + routes.sorted { $0.key < $1.key }.map { prefix, route in
            route.map { "+\(prefix)\(Self.text(of: $0))" } ?? "-\(prefix)"
          }
      }.joined(separator: " ")
  }

  private static func text(of route: BGPRoute) -> String {
    let communities = route.communities.map(\.description) + route.largeCommunities.map { "large:\($0)" }
    let attributes = [
      route.localPreference.map { "pref=\($0)" }, communities.isEmpty ? nil : communities.joined(separator: "+"),
      route.asPathPrepend > 0 ? "prepend=\(route.asPathPrepend)" : nil, route.med.map { "med=\($0)" },
      route.linkBandwidth.map { "weight=\($0)" },
    ].compactMap(\.self)
    return attributes.isEmpty ? "" : "(\(attributes.joined(separator: " ")))"
  }

  private static func text(_ addresses: [IPAddress]) -> String {
    addresses.map(\.description).joined(separator: ",")
  }

  private static func text(_ interfaces: InterfaceSelection) -> String {
    switch interfaces {
    case .all: "all"
    case .named(let names): names.sorted().joined(separator: ",")
    }
  }
}
