import KubernetesModel
import Primitives

/// One kind of configuration object: those of the API server or, as long as it has none, those of the old ConfigMap.
///
/// Users turn the ConfigMap into objects while Services are in use, and `kubectl apply` creates one object after the
/// other. So the first object does not end the ConfigMap at once: what that says stays in force beside the objects until
/// none has come for a while, and what has the same name passes over without a gap.
struct LegacySource<Object: KubernetesResource & Hashable>: Sendable, Equatable {
  /// The objects that the API server has, those that cannot be read included.
  private var keys: Set<ObjectKey> = []
  private var isListed = false
  /// What the ConfigMap says.
  private var legacy: [Object] = []
  /// Whether it is known what the ConfigMap says, or that there is none.
  private var isLegacyKnown: Bool
  /// What was passed on of that and is in force.
  private var shown: [ObjectKey: Object] = [:]
  private var hasSaidSynced = false
  /// When what is shown ends, as there are objects now.
  private(set) var handoverAt: ContinuousClock.Instant?

  init(awaitsConfigMap: Bool) {
    self.isLegacyKnown = !awaitsConfigMap
  }

  /// Whether the list of objects has come to its end.
  var hasList: Bool { self.isListed }

  /// Whether the ConfigMap says something that does not count.
  var isSuperseded: Bool { !self.legacy.isEmpty && !self.keys.isEmpty }

  /// Takes a change on the API server; returns the changes to pass on instead.
  mutating func take(
    _ change: ObjectChange<Object>, handover: Duration, at now: ContinuousClock.Instant
  ) -> [ObjectChange<Object>] {
    switch change {
    case .applied(let object):
      self.arrived(object.key, handover: handover, at: now)
      return [change] + self.settle(at: now)
    case .malformed(let key, _):
      self.arrived(key, handover: handover, at: now)
      return [change] + self.settle(at: now)
    case .deleted(let key):
      self.keys.remove(key)
      let changes = self.settle(at: now)
      // What the ConfigMap says of the same name is in force again already.
      return self.shown[key] == nil ? changes + [change] : changes
    case .synced:
      self.isListed = true
      return self.settle(at: now)
    }
  }

  /// Takes over what the ConfigMap says now.
  mutating func offer(_ objects: [Object], at now: ContinuousClock.Instant) -> [ObjectChange<Object>] {
    self.legacy = objects
    return self.settle(at: now)
  }

  /// From now on it is known whether there is a ConfigMap.
  mutating func legacyIsKnown(at now: ContinuousClock.Instant) -> [ObjectChange<Object>] {
    self.isLegacyKnown = true
    return self.settle(at: now)
  }

  /// Ends what is shown if its time has come.
  mutating func settle(at now: ContinuousClock.Instant) -> [ObjectChange<Object>] {
    guard self.isListed, self.isLegacyKnown else { return [] }
    if self.keys.isEmpty { self.handoverAt = nil }
    let isHandingOver = self.handoverAt.map { now < $0 } ?? false
    if !isHandingOver { self.handoverAt = nil }
    let wanted = self.legacy.filter { object in
      self.keys.isEmpty || isHandingOver && self.shown[object.key] != nil
    }
    var changes: [ObjectChange<Object>] = []
    for object in wanted where self.shown[object.key] != object {
      self.shown[object.key] = object
      changes.append(.applied(object))
    }
    let kept = Set(wanted.map(\.key))
    for key in self.shown.keys.filter({ !kept.contains($0) }).sorted() {
      self.shown[key] = nil
      changes.append(.deleted(key))
    }
    if !self.hasSaidSynced {
      self.hasSaidSynced = true
      changes.append(.synced)
    }
    return changes
  }

  private mutating func arrived(_ key: ObjectKey, handover: Duration, at now: ContinuousClock.Instant) {
    self.shown[key] = nil
    if self.keys.insert(key).inserted, !self.shown.isEmpty { self.handoverAt = now + handover }
  }
}
