import KubernetesModel
import Primitives

/// The way of decisions to the API server.
extension ControllerState {
  /// Asks for a write of a Service if its status does not say what it should; takes the wish back if it does.
  mutating func requestWrite(of key: ObjectKey) {
    guard let view = self.entries[key]?.view else { return }
    guard self.write(of: key) != nil else { return self.writes.withdraw(key) }
    guard self.writes.request(key) else { return }
    for annotation in view.deprecatedAnnotations {
      self.tell(
        view, .warning, Note.deprecatedAnnotation, "Service uses deprecated annotation \(annotation)", again: true)
    }
  }

  /// Lets the writes whose turn has come go out.
  mutating func flush(at now: ContinuousClock.Instant) {
    self.writes.wake(at: now)
    while let key = self.writes.next() {
      guard let write = self.write(of: key) else { continue }
      self.writes.started(write, of: key)
      self.actions.append(.writeService(write))
    }
    for pool in self.allocator.takeTouched() {
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
    }
    if self.write(of: key) == nil {
      self.writes.withdraw(key)
      self.dropIfIrrelevant(key)
    } else {
      self.writes.request(key)
    }
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
    case .failed:
      self.poolWrites.pause(key, endsWithNews: false, at: now)
    }
    if self.poolWrite(of: key) != nil {
      self.poolWrites.request(key, after: self.settings.poolStatusDelay, at: now)
    }
  }

  /// The write that is still needed for a Service, made from what is known now; nil = none.
  private func write(of key: ObjectKey) -> ServiceWrite? {
    guard let entry = self.entries[key] else { return nil }
    switch entry.standing.target {
    case .asItIs:
      return nil
    case .nothing:
      return entry.view.bearsAddresses ? entry.view.write(of: nil) : nil
    case .allocation:
      guard let allocation = self.allocator.allocation(of: key), !entry.view.shows(allocation) else { return nil }
      return entry.view.write(of: allocation)
    }
  }

  /// The write that is still needed for the status of a pool in force; nil = none.
  private func poolWrite(of key: ObjectKey) -> PoolStatusWrite? {
    guard var object = self.configuration.object(of: key), self.configuration.pools[key.name]?.key == key,
      let counters = self.allocator.counters(of: key.name)
    else { return nil }
    let status = IPAddressPool.Status(
      assignedIPv4: counters.ipv4.assigned, assignedIPv6: counters.ipv6.assigned,
      availableIPv4: counters.ipv4.available, availableIPv6: counters.ipv6.available)
    guard object.status != status else { return nil }
    object.status = status
    return PoolStatusWrite(object: object)
  }
}
