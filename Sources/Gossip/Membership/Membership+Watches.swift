import Primitives

/// The fast detector, an addition of ours that speaks memberlist's own language: pings and indirect pings.
///
/// The node that would take over an address watches its owner. Half of the pings unanswered, it asks others too, with
/// every further ping; none of them having heard it by the end, the node is lost: no longer a candidate here, and suspect
/// to the group, which finds out in its own time whether it is dead. Before that, a single ack ends it all, even one
/// through another node; after that, the node has to contradict, with which it tells whether it is ready to own anything:
/// it may have started anew. A node that hears nobody at all does not conclude anything, except in a group of two, where it
/// pings over a stream as well: a firewall may let nothing but those pass. On a network that loses much, more pings must
/// stay unanswered (``Watch/isSilent(after:)``).
///
/// Only nodes that say they can be watched are: upstream's see nothing of this.
extension Membership {
  mutating func watch(_ names: Set<String>, at now: ContinuousClock.Instant) {
    guard self.phase == .running else { return }
    for name in Set(self.watches.keys).subtracting(names) {
      if self.watches[name]?.isLost == true { self.watches[name]?.isWanted = false } else { self.endWatch(name) }
    }
    for name in names.sorted() where name != self.name {
      self.watches[name]?.isWanted = true
      guard self.watches[name] == nil else { continue }
      // Nodes that began at once do not ping at once.
      let offset = self.dice.shortened(self.watchSettings.interval, by: 1)
      self.watches[name] = Watch(pingAt: now + offset)
    }
  }

  private mutating func endWatch(_ name: String) {
    for sequence in self.watches.removeValue(forKey: name)?.sequences ?? [] { self.watchPings[sequence] = nil }
  }

  mutating func advanceWatches(to now: ContinuousClock.Instant) -> [Action] {
    let due = self.watches.filter { $0.value.pingAt <= now }.keys.sorted()
    var actions: [Action] = []
    for name in due { actions += self.advanceWatch(name, to: now) }
    return actions
  }

  private mutating func advanceWatch(_ name: String, to now: ContinuousClock.Instant) -> [Action] {
    guard var watch = self.watches[name] else { return [] }
    // From now, not from the last ping: after a pause of this process the answers have to come first.
    watch.pingAt = now + self.watchSettings.interval
    guard let target = self.roster[name], !target.liveness.isGone, target.isWatchable else {
      // Whoever is gone may come back; there is nothing to watch until then.
      self.endWatch(name)
      if watch.isWanted { self.watches[name] = Watch(pingAt: watch.pingAt) }
      return []
    }
    var actions: [Action] = []
    watch.weigh()
    let (half, isSilent) = (
      (self.watchSettings.multiplier + 1) / 2, watch.isSilent(after: self.watchSettings.multiplier)
    )
    let helpers = watch.missed >= half ? self.helpers(for: name) : []
    if !watch.isLost, isSilent, watch.hasWitness || helpers.isEmpty {
      watch.isLost = true
      actions.append(.report(.lost(name)))
      actions += self.takeSuspicion(
        Accusation(incarnation: target.incarnation, node: name, from: self.name), at: now)
    }
    let sequence = self.number(for: &watch, .watched(name))
    if watch.isLost, self.roster[name]?.liveness == .suspect {
      // What it is accused of comes first, so that the answer can hold the contradiction.
      let accusation = Accusation(incarnation: target.incarnation, node: name, from: self.name)
      let packet = Packet(
        [.suspect(accusation), self.ping(target, sequence)], isChecksummed: target.versions.knowsChecksums)
      actions.append(.send(packet, to: target.endpoint))
    } else {
      actions.append(self.send(self.ping(target, sequence), to: target.endpoint, of: name))
    }
    if !watch.isLost {
      if helpers.isEmpty, watch.missed == half { actions += self.pingOnStream(target) }
      for helper in helpers {
        actions.append(self.indirectPing(target, sequence, through: helper))
        let witness = self.number(for: &watch, .witness(for: name))
        actions.append(self.send(self.ping(helper, witness), to: helper.endpoint, of: helper.name))
      }
    }
    watch.pinged(sequence, asking: watch.isLost ? 0 : helpers.count, at: now)
    self.watches[name] = watch
    return actions
  }

  /// Pings a watched node over a stream; an answer that comes after the node has been lost changes nothing.
  private mutating func pingOnStream(_ target: Member) -> [Action] {
    guard self.settings.usesStreamPings, target.versions.knowsStreamPings else { return [] }
    let (exchange, sequence) = (self.nextExchange(), self.nextSequence())
    self.exchanges[exchange] = .watch(target.name, sequence)
    let ping = Ping(sequence: sequence, node: target.name, source: self.source)
    return [.exchange(exchange, .ping(ping), with: target.endpoint, within: self.watchSettings.detectionTime)]
  }

  /// A new number for a ping; the oldest ones are forgotten, and acks to them with them.
  private mutating func number(for watch: inout Watch, _ ping: WatchPing) -> UInt32 {
    let sequence = self.nextSequence()
    watch.sequences.append(sequence)
    self.watchPings[sequence] = ping
    let limit = self.watchSettings.multiplier * (2 + self.settings.indirectChecks)
    while watch.sequences.count > limit { self.watchPings[watch.sequences.removeFirst()] = nil }
    return sequence
  }

  mutating func takeWatchAck(_ sequence: UInt32, at now: ContinuousClock.Instant) -> [Action] {
    switch self.watchPings[sequence] {
    case nil: return []
    case .witness(let name):
      self.watches[name]?.witnessed()
      return []
    case .watched(let name):
      self.watches[name]?.answered(sequence, at: now)
      return self.roster[name]?.liveness == .alive ? self.endLoss(of: name, at: now) : []
    }
  }

  /// A node that was lost lives, as it says itself: it counts again.
  mutating func endLoss(of name: String, at now: ContinuousClock.Instant) -> [Action] {
    guard let watch = self.watches[name], watch.isLost else { return [] }
    self.watches[name]?.isLost = false
    self.watches[name]?.forgive()
    if !watch.isWanted { self.endWatch(name) }
    return [.report(.recovered(name))]
  }
}
