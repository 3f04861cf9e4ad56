import KubernetesModel
import Primitives

/// The way of decisions to the API server.
extension ControllerState {
  /// What is to be done about the status of a Service.
  private enum NextWrite {
    case none
    /// An address that it was given is still in the status of a Service that has to leave it.
    case blocked
    case write(ServiceWrite)
  }

  /// Asks for a write of a Service if its status does not say what it should; takes the wish back if it does.
  mutating func requestWrite(of key: ObjectKey) {
    guard self.schedule(key), let view = self.entries[key]?.view else { return }
    for annotation in view.deprecatedAnnotations {
      self.tell(
        view, .warning, Note.deprecatedAnnotation, "Service uses deprecated annotation \(annotation)", again: true)
    }
  }

  /// Notes which addresses the status of a Service shows, or will if the write that is under way succeeds. Those that
  /// were given to others in the meantime, and that it no longer shows, may now appear there: so no two statuses ever
  /// show an address that is not shared.
  mutating func updateShown(of key: ObjectKey) {
    let before = self.entries[key]?.shown ?? []
    let written = self.writes.underWay(key)?.object.status?.loadBalancer?.ingress ?? []
    let now = Set(
      (self.entries[key]?.view.shownAddresses ?? []) + written.compactMap { $0.ip.flatMap { IPAddress($0) } })
    guard before != now else { return }
    self.entries[key]?.shown = now
    for address in now.subtracting(before) { self.shown[address, default: []].insert(key) }
    self.withdrawShown(before.subtracting(now), of: key)
  }

  mutating func withdrawShown(_ addresses: Set<IPAddress>, of key: ObjectKey) {
    for address in addresses.sorted() {
      self.shown[address]?.remove(key)
      if self.shown[address]?.isEmpty == true { self.shown[address] = nil }
      for user in self.allocator.users(of: address) where self.entries[user]?.isBlocked == true { self.schedule(user) }
    }
  }

  /// Whether what is decided on a Service is not in its status yet, so that the status says nothing about it.
  func isUnsettled(_ key: ObjectKey) -> Bool {
    self.writes.isPending(key) || self.entries[key]?.isBlocked == true
  }

  /// Queues a write if one is needed and possible; true if none was to come before.
  @discardableResult
  private mutating func schedule(_ key: ObjectKey) -> Bool {
    let next = self.write(of: key)
    if case .blocked = next { self.entries[key]?.isBlocked = true } else { self.entries[key]?.isBlocked = false }
    guard case .write = next else {
      self.writes.withdraw(key)
      return false
    }
    return self.writes.request(key)
  }

  /// Lets the writes whose turn has come go out.
  mutating func flush(at now: ContinuousClock.Instant) {
    self.writes.wake(at: now)
    while let key = self.writes.next() {
      guard case .write(let write) = self.write(of: key) else {
        self.schedule(key)
        continue
      }
      self.writes.started(write, of: key)
      self.updateShown(of: key)
      self.actions.append(.writeService(write))
    }
    for pool in self.allocator.takeTouched().sorted() {
      guard let key = self.configuration.pools[pool]?.key, self.poolWrite(of: key) != nil else { continue }
      self.poolWrites.request(key, after: self.settings.poolStatusDelay, at: now)
    }
    self.poolWrites.wake(at: now)
    while let key = self.poolWrites.next() {
      guard let write = self.poolWrite(of: key) else { continue }
      self.poolWrites.started(write, of: key)
      self.actions.append(.writePoolStatus(write))
    }
  }

  /// Takes the end of a write of a Service into account. What was given stays given whatever became of the write.
  mutating func take(_ outcome: WriteOutcome, of key: ObjectKey, at now: ContinuousClock.Instant) {
    guard let write = self.writes.ended(key), let view = self.entries[key]?.view else { return }
    let (before, base) = (write.object.metadata, view.metadata)
    let isOutdated = before.uid != base.uid || before.resourceVersion != base.resourceVersion
    switch outcome {
    case .succeeded(let resourceVersion):
      self.writes.succeeded(key)
      if !isOutdated { self.entries[key]?.view.apply(write, resourceVersion: resourceVersion) }
    case .conflicted, .notFound:
      if !isOutdated { self.writes.pause(key, endsWithNews: true, at: now) }
    case .failed:
      self.writes.pause(key, endsWithNews: false, at: now)
    case .unanswered:
      self.writes.pause(key, endsWithNews: false, isOutage: true, at: now)
    }
    self.updateShown(of: key)
    self.schedule(key)
    self.dropIfIrrelevant(key)
  }

  mutating func take(_ outcome: WriteOutcome, ofPool key: ObjectKey, at now: ContinuousClock.Instant) {
    guard let write = self.poolWrites.ended(key), let object = self.configuration.object(of: key) else { return }
    let isOutdated = write.object.metadata.resourceVersion != object.metadata.resourceVersion
    switch outcome {
    case .succeeded(let resourceVersion):
      self.poolWrites.succeeded(key)
      self.configuration.written(write.object, resourceVersion: resourceVersion)
    case .conflicted, .notFound:
      if !isOutdated { self.poolWrites.pause(key, endsWithNews: true, at: now) }
    case .failed, .unanswered:
      self.poolWrites.pause(key, endsWithNews: false, at: now)
    }
    if self.poolWrite(of: key) != nil {
      self.poolWrites.request(key, after: self.settings.poolStatusDelay, at: now)
    }
  }

  /// The write that is still needed for a Service, made from what is known now.
  ///
  /// One that waits for an address to leave another status first clears its own if that shows what it must leave itself:
  /// two that change places cannot wait for each other.
  private func write(of key: ObjectKey) -> NextWrite {
    guard let entry = self.entries[key] else { return .none }
    switch entry.standing.target {
    case .asItIs:
      return .none
    case .nothing:
      return entry.view.bearsAddresses ? .write(entry.view.write(of: nil)) : .none
    case .allocation:
      guard let allocation = self.allocator.allocation(of: key), !entry.view.shows(allocation) else { return .none }
      let isFree = allocation.addresses.allSatisfy { address in
        self.shown[address]?.contains { $0 != key && self.mustLeave(address, $0) } != true
      }
      if isFree { return .write(entry.view.write(of: allocation)) }
      let isLeaving = !entry.view.shownAddresses.allSatisfy(allocation.addresses.contains)
      return isLeaving ? .write(entry.view.write(of: nil)) : .blocked
    }
  }

  /// Whether a Service whose status shows an address, or may soon, is to show it no longer.
  private func mustLeave(_ address: IPAddress, _ key: ObjectKey) -> Bool {
    switch self.entries[key]?.standing.target {
    case nil: false
    case .asItIs: self.writes.underWay(key) != nil
    case .nothing: true
    case .allocation: self.allocator.allocation(of: key)?.addresses.contains(address) != true
    }
  }

  /// The write that is still needed for the status of a pool in force; nil = none. A pool that the API server does not
  /// have, as it stands in the old ConfigMap, has no status.
  private func poolWrite(of key: ObjectKey) -> PoolStatusWrite? {
    guard var object = self.configuration.object(of: key), object.metadata.uid != nil,
      self.configuration.pools[key.name]?.key == key, let counters = self.allocator.counters(of: key.name)
    else { return nil }
    let status = IPAddressPool.Status(
      assignedIPv4: counters.ipv4.assigned, assignedIPv6: counters.ipv6.assigned,
      availableIPv4: counters.ipv4.available, availableIPv6: counters.ipv6.available)
    guard object.status != status else { return nil }
    object.status = status
    return PoolStatusWrite(object: object)
  }
}
