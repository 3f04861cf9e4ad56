import KubernetesModel

/// How an object of some kind is read on its own: into a value, or into all that is wrong with it.
package protocol ObjectReading: Sendable, Hashable {
  associatedtype Object: KubernetesResource
  static func read(_ object: Object) -> (reading: Self?, problems: [Problem])
}

/// The objects of one kind as last seen, each read on its own, found by key and by name.
///
/// Names count, not keys: of two objects of one name in two namespaces the older one has the name.
package struct ObjectTable<Reading: ObjectReading>: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package var age: ObjectAge
    /// Nil if the newest form of the object cannot be used.
    package var reading: Reading?
    package var problems: [Problem]
  }

  private var entries: [ObjectKey: Entry] = [:]
  private var named: [String: [ObjectKey]] = [:]

  package init() {}

  package subscript(key: ObjectKey) -> Entry? { self.entries[key] }

  package var keys: some Collection<ObjectKey> { self.entries.keys }

  /// Takes a change into account, and returns the object that it is of; nil = nothing is different.
  package mutating func apply(_ change: ObjectChange<Reading.Object>) -> ObjectKey? {
    switch change {
    case .applied(let object):
      let key = object.key
      let (reading, problems) = Reading.read(object)
      let entry = Entry(age: ObjectAge(key, object.metadata), reading: reading, problems: problems)
      guard self.entries[key] != entry else { return nil }
      self.put(entry, at: key)
      return key
    case .deleted(let key):
      guard self.entries.removeValue(forKey: key) != nil else { return nil }
      self.named[key.name]?.removeAll { $0 == key }
      if self.named[key.name]?.isEmpty == true { self.named[key.name] = nil }
      return key
    case .malformed(let key, let reason):
      let age = self.entries[key]?.age ?? ObjectAge(key, nil)
      self.put(Entry(age: age, reading: nil, problems: [.malformed(Reading.Object.type.kind, key, reason)]), at: key)
      return key
    case .synced:
      return nil
    }
  }

  private mutating func put(_ entry: Entry, at key: ObjectKey) {
    var keys = self.named[key.name] ?? []
    if self.entries.updateValue(entry, forKey: key) == nil { keys.append(key) }
    if keys.count > 1 { keys.sort(by: self.isOlder) }
    self.named[key.name] = keys
  }

  package func isOlder(_ left: ObjectKey, _ right: ObjectKey) -> Bool {
    guard let mine = self.entries[left]?.age, let other = self.entries[right]?.age else { return left < right }
    return mine < other
  }

  /// All objects of a name, the one that has it first.
  package func keys(named name: String) -> [ObjectKey] { self.named[name] ?? [] }

  /// Whether an object has its name, and no older one has.
  package func hasName(_ key: ObjectKey) -> Bool { self.named[key.name]?.first == key }

  /// All objects, the older first.
  package var byAge: [ObjectKey] { self.entries.keys.sorted(by: self.isOlder) }
}

extension Problem {
  /// The problem of an object that does not have the shape of its kind.
  package static func malformed(_ kind: String, _ key: ObjectKey, _ reason: String) -> Problem {
    Problem(
      kind: kind, key: key, field: "", message: reason,
      remedy: "Correct the object so that it has the shape of its kind.")
  }
}
