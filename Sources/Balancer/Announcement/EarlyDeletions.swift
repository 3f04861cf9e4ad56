import KubernetesModel

/// The deletions that a watch has told of while answers to writes were still to come.
///
/// The two ways from an API server do not wait for each other: a watch can tell that an object is gone before the answer is
/// there that tells how it was made. Whoever files that answer last has the object for ever, though nobody else has. So each
/// deletion of an object whose answer came late is filed once more, after the answer.
package struct EarlyDeletions: Sendable {
  private var writes = 0
  private var deleted: Set<ObjectKey> = []

  package init() {}

  /// A write is about to go out.
  package mutating func writeBegins() {
    self.writes += 1
  }

  /// To be noted before it is filed.
  package mutating func note(_ key: ObjectKey) {
    if self.writes > 0 { self.deleted.insert(key) }
  }

  /// The answer to a write has been filed; true if the object that it brought is to be filed as deleted once more.
  package mutating func isDeleted(afterAnswerWith key: ObjectKey?) -> Bool {
    let isDeleted = key.map(self.deleted.contains) ?? false
    self.writes -= 1
    if self.writes == 0 { self.deleted = [] }
    return isDeleted
  }
}
