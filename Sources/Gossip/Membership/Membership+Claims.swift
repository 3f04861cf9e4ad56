import Primitives

/// What is said of nodes: whether it holds against what is known, and what follows (memberlist v0.5.1, state.go).
extension Membership {
  // MARK: - Alive

  mutating func take(_ claim: Alive, at now: ContinuousClock.Instant) -> [Action] {
    guard let versions = claim.versions, versions.isSound, claim.node.utf8.count <= Member.longestName else {
      return []
    }
    var claim = claim
    if claim.endpoint.port == 0 { claim.endpoint.port = self.own.endpoint.port }
    if claim.node == self.name { return self.takeOwn(claim) }

    guard let known = self.roster[claim.node] else {
      let member = Member(
        name: claim.node, endpoint: claim.endpoint, meta: claim.meta, versions: versions,
        incarnation: claim.incarnation, liveness: .alive, changedAt: now)
      self.roster.insert(member, using: &self.dice)
      self.broadcast(.alive(claim), about: claim.node)
      return [.report(.joined(claim.node))]
    }
    // A node that has left may come back elsewhere; one that has not is another node of the same name.
    let hasMoved = known.endpoint != claim.endpoint
    if hasMoved && known.liveness != .left {
      return [.report(.conflict(claim.node, at: claim.endpoint))]
    }
    guard claim.incarnation > known.incarnation || hasMoved else { return [] }

    self.suspicions[claim.node] = nil
    self.broadcast(.alive(claim), about: claim.node)
    self.roster.update(claim.node) { member in
      member.describe(endpoint: claim.endpoint, meta: claim.meta, versions: versions)
      member.incarnation = claim.incarnation
      if member.liveness != .alive {
        member.liveness = .alive
        member.changedAt = now
      }
    }
    var actions = self.endLoss(of: claim.node, at: now)
    if known.liveness.isGone {
      actions.append(.report(.joined(claim.node)))
    } else if known.liveness == .suspect {
      actions.append(.report(.refuted(claim.node)))
    }
    if !known.liveness.isGone && known.meta != claim.meta { actions.append(.report(.updated(claim.node))) }
    return actions
  }

  /// Somebody says what this node is like: unless it is the truth, it is contradicted.
  private mutating func takeOwn(_ claim: Alive) -> [Action] {
    let own = self.own
    guard self.phase == .running else { return [] }
    guard claim.endpoint == own.endpoint else { return [.report(.conflict(self.name, at: claim.endpoint))] }
    if claim.incarnation < own.incarnation { return [] }
    if claim == own.claim { return [] }
    self.refute(claim.incarnation)
    return []
  }

  /// Claims an incarnation beyond that of an accusation, with all that this node is.
  private mutating func refute(_ incarnation: UInt32) {
    self.roster.update(self.name) { $0.outbid(incarnation) }
    self.awareness.apply(1)
    self.broadcast(.alive(self.own.claim), about: self.name)
  }

  // MARK: - Suspect

  mutating func takeSuspicion(_ claim: Accusation, at now: ContinuousClock.Instant) -> [Action] {
    guard let known = self.roster[claim.node], claim.incarnation >= known.incarnation else { return [] }
    if self.suspicions[claim.node]?.confirm(from: claim.from) == true {
      self.broadcast(.suspect(claim), about: claim.node)
      self.noteSuspicionDeadline(of: claim.node)
      return []
    }
    guard known.liveness == .alive else { return [] }
    if claim.node == self.name {
      guard self.phase == .running else { return [] }
      self.refute(claim.incarnation)
      return [.report(.accused(by: claim.from))]
    }
    self.broadcast(.suspect(claim), about: claim.node)
    self.roster.update(claim.node) { member in
      member.incarnation = claim.incarnation
      member.liveness = .suspect
      member.changedAt = now
    }
    let nodes = self.roster.count
    // Where there are not enough others to confirm it, nothing is waited for.
    let wanted = self.settings.suspicionMultiplier - 2
    let shortest = self.settings.suspicionTimeout(nodes: nodes)
    self.suspicions[claim.node] = Suspicion(
      from: claim.from, confirmationsNeeded: nodes - 2 < wanted ? 0 : wanted, shortest: shortest,
      longest: shortest * self.settings.suspicionMaximumMultiplier, at: now)
    self.noteSuspicionDeadline(of: claim.node)
    return [.report(.suspected(claim.node, by: claim.from))]
  }

  private mutating func noteSuspicionDeadline(of node: String) {
    guard let deadline = self.suspicions[node]?.deadline else { return }
    self.suspicionsAt = min(self.suspicionsAt ?? deadline, deadline)
  }

  mutating func expireSuspicions(at now: ContinuousClock.Instant) -> [Action] {
    guard let suspicionsAt, suspicionsAt <= now else { return [] }
    let expired = self.suspicions.filter { $0.value.deadline <= now }.keys.sorted()
    var actions: [Action] = []
    for node in expired {
      guard let incarnation = self.roster[node]?.incarnation else { continue }
      actions += self.takeDeath(Accusation(incarnation: incarnation, node: node, from: self.name), at: now)
    }
    self.suspicionsAt = self.suspicions.values.map(\.deadline).min()
    return actions
  }

  // MARK: - Dead

  mutating func takeDeath(_ claim: Accusation, at now: ContinuousClock.Instant) -> [Action] {
    guard let known = self.roster[claim.node], claim.incarnation >= known.incarnation else { return [] }
    self.suspicions[claim.node] = nil
    guard !known.liveness.isGone else { return [] }
    if claim.node == self.name {
      guard self.phase == .running else { return [] }
      self.refute(claim.incarnation)
      return [.report(.accused(by: claim.from))]
    }
    self.broadcast(.dead(claim), about: claim.node)
    let liveness: Liveness = claim.node == claim.from ? .left : .dead
    self.roster.update(claim.node) { member in
      member.incarnation = claim.incarnation
      member.liveness = liveness
      member.changedAt = now
    }
    self.mutes.remove(claim.node)
    self.lookForMissing(at: now)
    return [.report(liveness == .left ? .left(claim.node) : .failed(claim.node))]
  }

  // MARK: - Everything at once

  /// Takes what another node knows of all. What it holds for dead is suspected only, so that the dead can object.
  mutating func merge(_ states: [NodeState], at now: ContinuousClock.Instant) -> [Action] {
    if let problem = self.incompatibility(with: states) { return [.report(.incompatible(problem))] }
    var actions: [Action] = []
    for state in states {
      switch state.liveness {
      case .alive:
        actions += self.take(
          Alive(
            incarnation: state.incarnation, node: state.node, endpoint: state.endpoint, meta: state.meta,
            versions: state.versions),
          at: now)
      case .left:
        actions += self.takeDeath(
          Accusation(incarnation: state.incarnation, node: state.node, from: state.node), at: now)
      case .dead, .suspect:
        actions += self.takeSuspicion(
          Accusation(incarnation: state.incarnation, node: state.node, from: self.name), at: now)
      }
    }
    return actions
  }

  /// Takes for granted that these are there, without a word to anybody: a group that has been together for long.
  package mutating func assume(_ members: [Member]) {
    self.roster.reserve(members.count)
    for member in members where member.name != self.name { self.roster.insert(member, using: &self.dice) }
    self.broadcasts.removeAll()
  }

  /// Why the protocols of two groups do not go together: each node must speak what all that live understand.
  private func incompatibility(with states: [NodeState]) -> String? {
    let remote = states.map { (name: $0.node, isAlive: $0.liveness == .alive, versions: $0.versions) }
    let local = self.roster.members.map {
      (name: $0.name, isAlive: $0.liveness == .alive, versions: Optional($0.versions))
    }
    let living = (remote + local).filter(\.isAlive).compactMap(\.versions)
    let protocols = (low: living.map(\.minimum).max() ?? 0, high: living.map(\.maximum).min() ?? .max)
    let applications = (
      low: living.map(\.applicationMinimum).max() ?? 0, high: living.map(\.applicationMaximum).min() ?? .max
    )
    for node in remote + local {
      let (current, application) = (node.versions?.current ?? 0, node.versions?.applicationCurrent ?? 0)
      if current < protocols.low || current > protocols.high {
        return
          "Node '\(node.name)' protocol version (\(current)) is incompatible: [\(protocols.low), \(protocols.high)]"
      }
      if application < applications.low || application > applications.high {
        return "Node '\(node.name)' delegate protocol version (\(application)) is incompatible: "
          + "[\(applications.low), \(applications.high)]"
      }
    }
    return nil
  }
}
