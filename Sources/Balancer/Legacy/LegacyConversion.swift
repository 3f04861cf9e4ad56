import KubernetesModel

/// The objects that stand for an old ConfigMap, in the order and with the names of upstream's `configmaptocrs` (contract
/// section 17).
package struct LegacyConversion: Sendable, Equatable {
  /// What becomes of names that no object may bear.
  package enum Naming: Sendable, Hashable {
    /// They are changed, as objects that are to be created need.
    case fitting
    /// They stay, so that the annotations of Services that name pools keep their meaning.
    case asWritten
  }

  package var peers: [BGPPeer] = []
  package var pools: [IPAddressPool] = []
  package var bgpAdvertisements: [BGPAdvertisement] = []
  package var l2Advertisements: [L2Advertisement] = []
  package var profiles: [BFDProfile] = []
  package var communities: [CommunityAliases] = []
  /// Everything that is wrong with the text, or worth knowing of the conversion.
  package private(set) var findings: [LegacyFinding]

  private let namespace: String

  /// Nothing at all.
  package init() {
    self.namespace = ""
    self.findings = []
  }

  package init(_ document: LegacyDocument, namespace: String, naming: Naming) {
    self.namespace = namespace
    self.findings = document.findings
    for (index, peer) in document.peers.enumerated() { self.add(peer, index, naming) }
    for (index, pool) in document.pools.enumerated() { self.add(pool, index, naming) }
    for (index, profile) in document.profiles.enumerated() { self.add(profile, index, naming) }
    if !document.communities.isEmpty {
      let aliases = document.communities.sorted { $0.key < $1.key }
        .map { CommunityAliases.Alias(name: $0.key, value: $0.value) }
      self.communities = [
        CommunityAliases(metadata: self.metadata("communities"), spec: .init(communities: aliases))
      ]
    }
  }

  private func metadata(_ name: String) -> ObjectMeta { ObjectMeta(name: name, namespace: self.namespace) }

  private mutating func add(_ peer: LegacyDocument.Peer, _ index: Int, _ naming: Naming) {
    let place = "peers[\(index)]"
    let profile = peer.bfdProfile.flatMap { name in
      name.isEmpty ? nil : self.name(name, kind: "BFDProfile", at: "\(place).bfd-profile", naming)
    }
    let holdTime = self.time(peer.holdTime, at: "\(place).hold-time", LegacyTimes.holdTime)
    let keepaliveTime = self.time(peer.keepaliveTime, at: "\(place).keepalive-time", LegacyTimes.keepaliveTime)
    self.peers.append(
      BGPPeer(
        metadata: self.metadata("peer\(index + 1)"),
        spec: BGPPeer.Spec(
          myASN: peer.myASN, peerASN: peer.peerASN.unlessZero, peerAddress: peer.peerAddress.unlessEmpty,
          sourceAddress: peer.sourceAddress?.unlessEmpty, peerPort: peer.peerPort?.unlessZero, holdTime: holdTime,
          keepaliveTime: keepaliveTime, routerID: peer.routerID?.unlessEmpty,
          nodeSelectors: peer.nodeSelectors.isEmpty ? nil : peer.nodeSelectors, password: peer.password?.unlessEmpty,
          bfdProfile: profile, ebgpMultiHop: peer.ebgpMultiHop ? true : nil)))
  }

  private mutating func add(_ pool: LegacyDocument.Pool, _ index: Int, _ naming: Naming) {
    let name = self.name(pool.name, kind: "IpAddressPool", at: "address-pools[\(index)].name", naming)
    self.pools.append(
      IPAddressPool(
        metadata: self.metadata(name),
        spec: IPAddressPool.Spec(
          addresses: pool.addresses, autoAssign: pool.autoAssign, avoidBuggyIPs: pool.avoidBuggyIPs ? true : nil)))
    var advertisements = pool.bgpAdvertisements.map { advertisement in
      BGPAdvertisement.Spec(
        aggregationLength: advertisement.aggregationLength, aggregationLengthV6: advertisement.aggregationLengthV6,
        localPref: advertisement.localPref.unlessZero,
        communities: advertisement.communities.isEmpty ? nil : advertisement.communities, ipAddressPools: [name])
    }
    if advertisements.isEmpty, pool.protocol == "bgp" {
      advertisements = [BGPAdvertisement.Spec(ipAddressPools: [name])]
    }
    for spec in advertisements {
      let number = self.bgpAdvertisements.count + 1
      self.bgpAdvertisements.append(
        BGPAdvertisement(metadata: self.metadata("bgpadvertisement\(number)"), spec: spec))
    }
    if pool.protocol == "layer2" {
      let number = self.l2Advertisements.count + 1
      self.l2Advertisements.append(
        L2Advertisement(metadata: self.metadata("l2advertisement\(number)"), spec: .init(ipAddressPools: [name])))
    }
  }

  private mutating func add(_ profile: LegacyDocument.Profile, _ index: Int, _ naming: Naming) {
    let name = self.name(profile.name, kind: "BFDProfile", at: "bfd-profiles[\(index)].name", naming)
    self.profiles.append(BFDProfile(metadata: self.metadata(name), spec: profile.spec))
  }

  private mutating func name(_ name: String, kind: String, at place: String, _ naming: Naming) -> String {
    guard naming == .fitting else { return name }
    do throws(LegacyName.Failure) {
      let fitting = try LegacyName.fitting(name, kind: kind)
      if fitting != name {
        self.findings.append(
          LegacyFinding(
            field: place, message: "Changing \(kind) name from: \(name) to: \(fitting)",
            remedy: kind == "BFDProfile"
              ? "Nothing needs to be done." : "Change the annotations of Services that ask for the pool as well.",
            isWarning: true))
      }
      return fitting
    } catch {
      self.findings.append(
        LegacyFinding(field: place, message: error.description, remedy: "Give it a name with letters."))
      return name
    }
  }

  private mutating func time(
    _ text: String, at place: String, _ read: (String) throws(LegacyTimes.Failure) -> String?
  ) -> String? {
    do throws(LegacyTimes.Failure) {
      return try read(text)
    } catch {
      self.findings.append(
        LegacyFinding(field: place, message: error.description, remedy: "Write a duration such as 90s."))
      return nil
    }
  }
}

extension Int64 {
  fileprivate var unlessZero: Int64? { self == 0 ? nil : self }
}

extension String {
  fileprivate var unlessEmpty: String? { self.isEmpty ? nil : self }
}
