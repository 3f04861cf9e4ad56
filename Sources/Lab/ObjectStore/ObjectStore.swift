import KubernetesModel

/// The collection that objects of one kind are kept in, whichever version they are read and written in.
package struct ResourceCollection: Sendable, Hashable, Comparable {
  package var group: String
  package var plural: String

  package init(group: String, plural: String) {
    self.group = group
    self.plural = plural
  }

  package static func < (left: ResourceCollection, right: ResourceCollection) -> Bool {
    (left.group, left.plural) < (right.group, right.plural)
  }
}

extension ResourceType {
  package var collection: ResourceCollection { ResourceCollection(group: self.group, plural: self.plural) }
}

/// All objects of a cluster with one counter of revisions, and a bounded history of changes for watches and for pages of a
/// list that go on where another left off.
///
/// An ordinary value: it knows nothing of kinds, users or time. The revision of a write is the object's
/// `metadata.resourceVersion`. A deleted object's last form carries the revision of its deletion.
package struct ObjectStore: Sendable {
  /// One write, as a watch tells it.
  package struct Change: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
      case added = "ADDED"
      case modified = "MODIFIED"
      case deleted = "DELETED"
    }

    package var kind: Kind
    package var revision: UInt64
    package var collection: ResourceCollection
    package var key: ObjectKey
    /// The object after the write; for a deletion, its last form.
    package var object: JSONValue
    /// The object before the write.
    package var previous: JSONValue?
  }

  package enum Failure: Error, Sendable, Hashable {
    case notFound
    case alreadyExists
    /// The object has changed since the revision that the writer names.
    case conflict(current: UInt64)
    /// The history no longer reaches back to that revision.
    case expired(oldest: UInt64)
  }

  /// Some of a collection's objects, in the order of their keys.
  package struct Page: Sendable, Hashable {
    package var items: [JSONValue]
    package var revision: UInt64
    /// The last key of this page when more follow.
    package var next: ObjectKey?
    package var remaining: Int
  }

  fileprivate struct Shelf {
    var objects: [ObjectKey: JSONValue] = [:]
    var keys: [ObjectKey] = []
    var history: [Change] = []
    /// Index of the first change in `history` that still counts; those before are dropped now and then.
    var first = 0
    var compacted: UInt64 = 0
  }

  private let historyLimit: Int
  package private(set) var revision: UInt64
  private var shelves: [ResourceCollection: Shelf] = [:]
  private var dependents: [String: Set<Dependent>] = [:]

  /// An object by place.
  package struct Dependent: Sendable, Hashable, Comparable {
    package var collection: ResourceCollection
    package var key: ObjectKey

    package init(collection: ResourceCollection, key: ObjectKey) {
      self.collection = collection
      self.key = key
    }

    package static func < (left: Dependent, right: Dependent) -> Bool {
      (left.collection, left.key) < (right.collection, right.key)
    }
  }

  package init(historyLimit: Int = 4096, revision: UInt64 = 0) {
    self.historyLimit = max(1, historyLimit)
    self.revision = revision
  }

  package var collections: [ResourceCollection] { self.shelves.keys.sorted() }

  package func object(_ key: ObjectKey, in collection: ResourceCollection) -> JSONValue? {
    self.shelves[collection]?.objects[key]
  }

  package func count(in collection: ResourceCollection) -> Int {
    self.shelves[collection]?.keys.count ?? 0
  }

  // MARK: Writing

  /// Adds an object and gives it its revision.
  package mutating func insert(_ object: JSONValue, _ key: ObjectKey, in collection: ResourceCollection)
    throws(Failure) -> Change
  {
    guard self.object(key, in: collection) == nil else { throw .alreadyExists }
    let change = self.stamped(.added, object, key, collection, previous: nil)
    var shelf = self.shelves[collection] ?? Shelf()
    self.shelves[collection] = nil
    shelf.objects[key] = change.object
    shelf.keys.insert(key, at: shelf.keys.partition(after: key))
    self.shelves[collection] = shelf
    self.record(change)
    return change
  }

  /// Replaces an object; with `expecting`, only the one of that revision.
  package mutating func replace(
    _ object: JSONValue, _ key: ObjectKey, in collection: ResourceCollection, expecting: UInt64? = nil
  ) throws(Failure) -> Change {
    guard let previous = self.object(key, in: collection) else { throw .notFound }
    let current = previous.revision
    if let expecting, expecting != current { throw .conflict(current: current) }
    let change = self.stamped(.modified, object, key, collection, previous: previous)
    self.shelves[collection]?.objects[key] = change.object
    self.record(change)
    return change
  }

  /// Removes an object; `lastForm` is what watches are told, the stored object if nil.
  package mutating func remove(_ key: ObjectKey, in collection: ResourceCollection, lastForm: JSONValue? = nil)
    throws(Failure) -> Change
  {
    guard let previous = self.object(key, in: collection) else { throw .notFound }
    let change = self.stamped(.deleted, lastForm ?? previous, key, collection, previous: previous)
    self.shelves[collection]?.objects[key] = nil
    if let shelf = self.shelves[collection], let index = shelf.keys.index(of: key) {
      self.shelves[collection]?.keys.remove(at: index)
    }
    self.record(change)
    return change
  }

  private mutating func stamped(
    _ kind: Change.Kind, _ object: JSONValue, _ key: ObjectKey, _ collection: ResourceCollection, previous: JSONValue?
  ) -> Change {
    self.revision += 1
    var object = object
    object.setMetadata("resourceVersion", .string(String(self.revision)))
    return Change(
      kind: kind, revision: self.revision, collection: collection, key: key, object: object, previous: previous)
  }

  private mutating func record(_ change: Change) {
    let place = Dependent(collection: change.collection, key: change.key)
    for owner in change.previous?.ownerUIDs ?? [] {
      self.dependents[owner]?.remove(place)
      if self.dependents[owner]?.isEmpty == true { self.dependents[owner] = nil }
    }
    if change.kind != .deleted {
      for owner in change.object.ownerUIDs { self.dependents[owner, default: []].insert(place) }
    }
    self.shelves[change.collection]?.append(change, limit: self.historyLimit)
  }

  // MARK: Reading

  /// The objects that name this uid among their owners.
  package func dependents(of uid: String) -> [Dependent] {
    (self.dependents[uid] ?? []).sorted()
  }

  /// A page of a collection: of one namespace or of all, after a key, as it was at a revision.
  package func page(
    of collection: ResourceCollection, namespace: String? = nil, after: ObjectKey? = nil, limit: Int? = nil,
    at revision: UInt64? = nil, where matches: (JSONValue) -> Bool = { _ in true }
  ) throws(Failure) -> Page {
    var shelf = self.shelves[collection] ?? Shelf()
    if let revision, revision < self.revision { try shelf.rewind(to: revision) }
    var page = Page(items: [], revision: revision ?? self.revision, next: nil, remaining: 0)
    var index = after.map { shelf.keys.partition(after: $0) } ?? 0
    if let namespace, after == nil { index = shelf.keys.partition(after: ObjectKey(namespace: namespace, name: "")) }
    var last: ObjectKey?
    while index < shelf.keys.count {
      let key = shelf.keys[index]
      if let namespace, key.namespace != namespace { break }
      index += 1
      guard let object = shelf.objects[key], matches(object) else { continue }
      if let limit, page.items.count == limit {
        page.next = last
        page.remaining += 1
        continue
      }
      page.items.append(object)
      last = key
    }
    return page
  }

  /// The changes of a collection after a revision, oldest first.
  package func changes(in collection: ResourceCollection, after revision: UInt64) throws(Failure) -> ArraySlice<Change>
  {
    guard let shelf = self.shelves[collection] else { return [] }
    guard revision >= shelf.compacted else { throw .expired(oldest: shelf.compacted) }
    return shelf.history[shelf.indexOfChange(after: revision)...]
  }

  /// Forgets the history, as compaction does in the long run: whoever wants to go on from before must list anew.
  package mutating func compact() {
    for collection in self.shelves.keys {
      self.shelves[collection]?.history = []
      self.shelves[collection]?.first = 0
      self.shelves[collection]?.compacted = self.revision
    }
  }
}

extension ObjectStore.Shelf {
  mutating func append(_ change: ObjectStore.Change, limit: Int) {
    self.history.append(change)
    while self.history.count - self.first > limit {
      self.compacted = self.history[self.first].revision
      self.first += 1
    }
    if self.first >= limit {
      self.history.removeFirst(self.first)
      self.first = 0
    }
  }

  func indexOfChange(after revision: UInt64) -> Int {
    var low = self.first
    var high = self.history.count
    while low < high {
      let middle = (low + high) / 2
      if self.history[middle].revision <= revision { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Undoes the changes after a revision.
  mutating func rewind(to revision: UInt64) throws(ObjectStore.Failure) {
    guard revision >= self.compacted else { throw .expired(oldest: self.compacted) }
    for change in self.history[self.indexOfChange(after: revision)...].reversed() {
      self.objects[change.key] = change.previous
      switch change.kind {
      case .added: if let index = self.keys.index(of: change.key) { self.keys.remove(at: index) }
      case .deleted: self.keys.insert(change.key, at: self.keys.partition(after: change.key))
      case .modified: break
      }
    }
  }
}

extension [ObjectKey] {
  /// The index of the first key past this one, in a sorted array.
  fileprivate func partition(after key: ObjectKey) -> Int {
    var low = 0
    var high = self.count
    while low < high {
      let middle = (low + high) / 2
      if self[middle] <= key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  fileprivate func index(of key: ObjectKey) -> Int? {
    let index = self.partition(after: key) - 1
    return index >= 0 && self[index] == key ? index : nil
  }
}
