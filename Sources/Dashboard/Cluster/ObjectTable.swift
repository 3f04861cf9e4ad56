import HashTreeCollections
import KubernetesModel

/// The objects of one kind, as watches tell of them.
///
/// A watch that is begun anew lists everything again, and cannot tell what has gone in between: what it does not name until
/// it has synced is dropped then, and not before, so that a page never empties while it catches up. A copy costs nothing, and
/// a change of the table after that a few branches of its tree: pages are made of copies.
package struct ObjectTable<Object: KubernetesResource>: Sendable {
  package private(set) var objects: TreeDictionary<ObjectKey, Object> = [:]
  /// Whether everything that there was at the start has been told.
  package private(set) var hasSynced = false
  private var unconfirmed: Set<ObjectKey> = []

  package init() {}

  package mutating func apply(_ change: ObjectChange<Object>) {
    switch change {
    case .applied(let object):
      self.objects[object.key] = object
      self.unconfirmed.remove(object.key)
    case .deleted(let key):
      self.objects[key] = nil
      self.unconfirmed.remove(key)
    case .malformed(let key, _):
      // The form that could be read stays.
      self.unconfirmed.remove(key)
    case .synced:
      for key in self.unconfirmed { self.objects[key] = nil }
      self.unconfirmed = []
      self.hasSynced = true
    }
  }

  /// A watch begins anew: whatever it does not name is gone.
  package mutating func beginAnew() {
    self.unconfirmed = Set(self.objects.keys)
  }

  /// Keeps no more than `limit` objects, those that come first in this order.
  package mutating func trim(to limit: Int, by areInOrder: (Object, Object) -> Bool) {
    // A margin, so that not every object that comes costs a sort.
    guard self.objects.count > limit + limit / 4 else { return }
    for object in self.objects.values.sorted(by: areInOrder).dropFirst(limit) {
      self.objects[object.key] = nil
      self.unconfirmed.remove(object.key)
    }
  }
}
