import KubernetesModel
import Primitives

/// All BGPPeers of the cluster with the BFD profiles and passwords that they refer to, resolved into those that are in
/// force and everything that is wrong.
///
/// Each object stands alone: a peer that is not valid, or that refers to something that is not there, keeps its last good
/// form or is left out, and all others apply. Peers of one router, with several AS numbers or router IDs on one node, are
/// all right (Docs/differences.md).
package struct BGPPeerResolution: Sendable, Equatable {
  /// Which references can be looked up; others are taken to be good.
  package enum Reference: Sendable, Hashable, CaseIterable {
    case bfdProfiles
    case secrets
  }

  private let lookedUp: Set<Reference>
  private var objects = ObjectTable<BGPPeerReading>()
  private var profileObjects = ObjectTable<BFDProfileConfiguration>()
  private(set) var secrets: [String: PasswordSecret] = [:]
  private var profiles: [ObjectKey: BFDProfileConfiguration] = [:]
  private var resolved: [ObjectKey: BGPPeerConfiguration] = [:]
  private var unresolved: [ObjectKey: [Problem]] = [:]
  /// The peers in force, by name.
  package private(set) var peers: [String: BGPPeerConfiguration] = [:]

  package init(lookingUp references: Set<Reference> = Set(Reference.allCases)) {
    self.lookedUp = references
  }

  /// The names of all peers that exist as objects, usable or not.
  package func exists(_ name: String) -> Bool { !self.objects.keys(named: name).isEmpty }

  /// A profile in force, by name.
  package func profile(named name: String) -> BFDProfileConfiguration? {
    self.profileObjects.keys(named: name).first.flatMap { self.profiles[$0] }
  }

  // MARK: Changes

  /// Takes a change of a peer into account, and returns the names of the peers that are different now.
  package mutating func apply(_ change: ObjectChange<BGPPeer>) -> Set<String> {
    guard let key = self.objects.apply(change) else { return [] }
    if self.objects[key] == nil {
      self.resolved[key] = nil
      self.unresolved[key] = nil
    }
    return self.resolve(named: key.name)
  }

  /// Takes a change of a profile into account, and returns the names of the peers that are different now.
  package mutating func apply(_ change: ObjectChange<BFDProfile>) -> Set<String> {
    guard let key = self.profileObjects.apply(change) else { return [] }
    switch self.profileObjects[key] {
    case nil: self.profiles[key] = nil
    case let entry?: if let reading = entry.reading { self.profiles[key] = reading }
    }
    return self.resolve { $0.bfdProfile == key.name }
  }

  /// Takes a change of a Secret into account, and returns the names of the peers that are different now.
  package mutating func apply(_ change: ObjectChange<PasswordSecret>) -> Set<String> {
    let name: String
    switch change {
    case .applied(let secret):
      name = secret.key.name
      guard self.secrets.updateValue(secret, forKey: name) != secret else { return [] }
    case .deleted(let key):
      name = key.name
      guard self.secrets.removeValue(forKey: name) != nil else { return [] }
    case .malformed, .synced:
      return []
    }
    return self.resolve { $0.refers(toSecret: name) }
  }

  private mutating func resolve(where refers: (BGPPeerReading) -> Bool) -> Set<String> {
    let names = Set(self.objects.keys.filter { self.objects[$0]?.reading.map(refers) ?? false }.map(\.name))
    return names.reduce(into: []) { $0.formUnion(self.resolve(named: $1)) }
  }

  /// Resolves all objects of a name anew; the oldest is the peer of that name.
  private mutating func resolve(named name: String) -> Set<String> {
    for key in self.objects.keys(named: name) { self.resolve(key) }
    let peer = self.objects.keys(named: name).first.flatMap { self.resolved[$0] }
    guard self.peers[name] != peer else { return [] }
    self.peers[name] = peer
    return [name]
  }

  private mutating func resolve(_ key: ObjectKey) {
    guard let reading = self.objects[key]?.reading else {
      self.unresolved[key] = nil
      return
    }
    var list = ProblemList(BGPPeer.type.kind, key)
    let peer = self.complete(reading, &list)
    if !list.isFatal { self.resolved[key] = peer }
    self.unresolved[key] = list.problems.isEmpty ? nil : list.problems
  }

  // MARK: References

  private func complete(_ reading: BGPPeerReading, _ list: inout ProblemList) -> BGPPeerConfiguration {
    var peer = reading.configuration
    if let name = reading.bfdProfile, self.lookedUp.contains(.bfdProfiles) {
      peer.bfd = self.profile(named: name)
      if peer.bfd == nil {
        list.report(
          "spec.bfdProfile", "peer \(peer.name) referencing non existing bfd profile \(name)",
          remedy: "Create the BFDProfile, or correct its name here.", severity: .unresolved)
      }
    }
    if self.lookedUp.contains(.secrets) {
      if let name = reading.passwordSecret { peer.authentication = self.authentication(of: peer, secret: name, &list) }
      if let keys = self.authenticationKeys(reading.authenticationKeys, of: peer, &list) {
        peer.authentication = .keys(keys)
      }
    }
    return peer
  }

  // MARK: Problems

  /// Everything that is wrong with peers and profiles; `nodes` are the labels of all nodes, if they are known.
  package func problems(nodes: [[String: String]]? = nil) -> [Problem] {
    let peers = self.objects.keys.flatMap { key in
      (self.objects[key]?.problems ?? []) + (self.unresolved[key] ?? []) + self.duplicates(of: key)
    }
    return (peers + self.profileProblems + self.rivals(nodes: nodes)).sorted(by: Problem.precedes)
  }

  private func duplicates(of key: ObjectKey) -> [Problem] {
    guard !self.objects.hasName(key) else { return [] }
    return [
      Problem(
        kind: BGPPeer.type.kind, key: key, field: "metadata.name", message: "peer \(key.name) already exists",
        remedy: "Give one of the two another name.")
    ]
  }

  private var profileProblems: [Problem] {
    let keys = self.profileObjects.keys.sorted { ($0.name, $0.namespace) < ($1.name, $1.namespace) }
    return keys.enumerated().flatMap { index, key in
      var problems = self.profileObjects[key]?.problems ?? []
      for position in problems.indices {
        problems[position].message = "parsing bfd profile #\(index + 1): \(problems[position].message)"
      }
      if !self.profileObjects.hasName(key) {
        problems.append(
          Problem(
            kind: BFDProfile.type.kind, key: key, field: "metadata.name",
            message: "found duplicate bfd profile name \(key.name)", remedy: "Give one of the two another name."))
      }
      return problems
    }
  }

  /// Peers that are two sessions of one node with one router, of which routers as a rule take one.
  private func rivals(nodes: [[String: String]]?) -> [Problem] {
    struct Place: Hashable {
      let endpoint: BGPPeerConfiguration.Endpoint
      let port: UInt16
      let source: IPAddress?
      let vrf: String?
    }
    let groups = Dictionary(grouping: self.peers.values) { peer in
      Place(endpoint: peer.endpoint, port: peer.port, source: peer.sourceAddress, vrf: peer.vrf)
    }
    return groups.values.flatMap { group -> [Problem] in
      guard group.count > 1 else { return [] }
      let ordered = group.sorted { self.objects.isOlder($0.key, $1.key) }
      return ordered.enumerated().compactMap { index, peer in
        let older = ordered[..<index].first { NodeOverlap.exists($0.nodeSelectors, peer.nodeSelectors, nodes: nodes) }
        return older.map { older in
          Problem(
            kind: BGPPeer.type.kind, key: peer.key, field: "spec.peerAddress",
            message: "peer \(peer.name) is a second session with the router of peer \(older.name) from the same nodes",
            remedy: "Remove one of the two, or give them node selectors that exclude each other.", severity: .warning)
        }
      }
    }
  }
}
