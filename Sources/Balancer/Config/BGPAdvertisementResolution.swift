import KubernetesModel
import Primitives

/// All BGPAdvertisements of the cluster with the community aliases that they use, resolved into those that are in force
/// and everything that is wrong.
///
/// Each object stands alone: one that is not valid, or that uses an alias that is not there, keeps its last good form or
/// is left out. Routes are never announced without a community that was asked for.
package struct BGPAdvertisementResolution: Sendable, Equatable {
  /// What was in force for an object, and what is now.
  package struct Change: Sendable, Equatable {
    package var before: BGPAdvertisementConfiguration?
    package var after: BGPAdvertisementConfiguration?
  }

  private let looksUpAliases: Bool
  private var objects = ObjectTable<BGPAdvertisementReading>()
  private var inForce = AdvertisementIndex<BGPAdvertisementConfiguration>()
  private var directory = CommunityDirectory()
  private var unresolved: [ObjectKey: [Problem]] = [:]

  /// Where aliases cannot be looked up, whatever may be one is taken to be good.
  package init(lookingUpAliases: Bool = true) {
    self.looksUpAliases = lookingUpAliases
  }

  // MARK: Changes

  package mutating func apply(_ change: ObjectChange<BGPAdvertisement>) -> [Change] {
    guard let key = self.objects.apply(change) else { return [] }
    return self.resolve(key).map { [$0] } ?? []
  }

  package mutating func apply(_ change: ObjectChange<CommunityAliases>) -> [Change] {
    guard self.directory.apply(change) else { return [] }
    return self.objects.keys.sorted().compactMap { key in
      guard self.objects[key]?.reading?.communities.isEmpty == false else { return nil }
      return self.resolve(key)
    }
  }

  private mutating func resolve(_ key: ObjectKey) -> Change? {
    let before = self.inForce[key]
    var after = self.objects[key] == nil ? nil : before
    self.unresolved[key] = nil
    if let reading = self.objects[key]?.reading {
      var list = ProblemList(BGPAdvertisement.type.kind, key)
      let configuration = self.complete(reading, &list)
      if !list.isFatal { after = configuration }
      if !list.problems.isEmpty { self.unresolved[key] = list.problems }
    }
    guard before != after else { return nil }
    self.inForce.put(after, at: key)
    return Change(before: before, after: after)
  }

  private func complete(
    _ reading: BGPAdvertisementReading, _ list: inout ProblemList
  ) -> BGPAdvertisementConfiguration {
    var configuration = reading.configuration
    for (index, text) in reading.communities.enumerated() {
      do throws(CommunityValue.Failure) {
        switch try self.directory.value(of: text) {
        case .standard(let community): configuration.communities.insert(community)
        case .large(let community): configuration.largeCommunities.insert(community)
        }
      } catch {
        let mayBeAlias = !text.contains(":")
        if mayBeAlias, !self.looksUpAliases { continue }
        list.report(
          "spec.communities[\(index)]", "\(error)\ninvalid community \(GoText.quoted(text)) in BGP advertisement",
          remedy: mayBeAlias
            ? "Define the alias in a Community object, or correct its name here."
            : "Write a community such as 64512:100 or large:64512:1:2, or the name of an alias.",
          severity: mayBeAlias ? .unresolved : .invalid)
      }
    }
    return configuration
  }

  // MARK: What is in force

  package subscript(key: ObjectKey) -> BGPAdvertisementConfiguration? { self.inForce[key] }

  /// Whether no advertisement is in force at all.
  package var isEmpty: Bool { self.inForce.values.isEmpty }

  /// Those that are meant for a pool, in the order of their names, whether they fit it or not.
  package func advertisements(forPool name: String, labels: [String: String]) -> [BGPAdvertisementConfiguration] {
    self.inForce.advertisements(forPool: name, labels: labels)
  }

  /// Those in force for a pool, in the order of their names, and what keeps others that are meant for it from being.
  ///
  /// `nodes` are the labels of the nodes that count, if they are known: of the advertisements that have none of them in
  /// common each may say what it likes.
  package func advertisements(
    for pool: PoolConfiguration, nodes: [[String: String]]?
  ) -> (fitting: [BGPAdvertisementConfiguration], problems: [Problem]) {
    let candidates = self.advertisements(forPool: pool.name, labels: pool.labels)
      .sorted { self.objects.isOlder($0.key, $1.key) }
    var fitting: [BGPAdvertisementConfiguration] = []
    var problems: [Problem] = []
    for candidate in candidates {
      let found =
        AdvertisementFit.lengthProblems(of: candidate, for: pool)
        + AdvertisementFit.preferenceProblems(of: candidate, among: fitting, for: pool, nodes: nodes)
      if found.isEmpty { fitting.append(candidate) }
      problems += found
    }
    return (fitting.sorted { $0.key < $1.key }, problems)
  }

  // MARK: Problems

  /// Everything that is wrong with advertisements and aliases by themselves. `pools` and `peers` tell which exist, usable
  /// or not; nil = not known.
  package func problems(pools: ((String) -> Bool)?, peers: ((String) -> Bool)?) -> [Problem] {
    let kind = BGPAdvertisement.type.kind
    var problems = self.objects.keys.flatMap { key in
      (self.objects[key]?.problems ?? []) + (self.unresolved[key] ?? [])
    }
    if let pools { problems += self.inForce.missingPoolProblems(kind: kind, among: pools) }
    if let peers {
      problems += self.inForce.values.flatMap { advertisement in
        advertisement.peers.filter { !peers($0) }.map { name in
          Problem(
            kind: kind, key: advertisement.key, field: "spec.peers",
            message: "\(kind) \(GoText.quoted(advertisement.key.name)) refers to peer \(GoText.quoted(name)), "
              + "which does not exist",
            remedy: "Create the BGPPeer, or correct its name here.", severity: .warning)
        }
      }
    }
    return (problems + self.directory.problems).sorted(by: Problem.precedes)
  }

  /// What is to be said of a pool with IPv6 addresses and the BFD echo function, which is for IPv4 sessions
  /// (contract section 6): it is left out where it cannot be, and nothing else is.
  package func echoProblems(
    for pool: PoolConfiguration, fitting: [BGPAdvertisementConfiguration], peers: [String: BGPPeerConfiguration]
  ) -> [Problem] {
    guard pool.blocks.contains(where: { $0.family == .ipv6 }) else { return [] }
    let echoing = peers.values.filter { $0.bfd?.echoMode == true }.sorted { $0.key < $1.key }
    guard !echoing.isEmpty else { return [] }
    return fitting.flatMap { advertisement in
      echoing.filter { advertisement.selects(peer: $0.name) }.map { peer in
        Problem(
          kind: BGPAdvertisement.type.kind, key: advertisement.key, field: "spec.peers",
          message: "pool \(pool.name) has bgpadvertisement \(advertisement.key.name) which references peer "
            + "\(peer.name) which has bfd echo enabled, which is not possible",
          remedy: "Turn echoMode off in the profile: IPv6 sessions go without it.", severity: .warning)
      }
    }
  }
}
