import Synchronization

/// How many requests were sent and how they were answered, for metrics.
///
/// The numbers are few: there are six verbs and some dozen codes.
final class RequestTally: Sendable {
  private let counts = Mutex<[RequestCount.Kind: Int]>([:])

  /// Nil = there was no answer.
  func count(_ method: String, code: Int?) {
    let kind = RequestCount.Kind(method: method, code: code)
    self.counts.withLock { $0[kind, default: 0] += 1 }
  }

  var all: [RequestCount] {
    self.counts.withLock { $0 }.map { RequestCount(kind: $0.key, count: $0.value) }.sorted {
      ($0.kind.method, $0.kind.code ?? 0) < ($1.kind.method, $1.kind.code ?? 0)
    }
  }
}

/// How many requests of one kind were sent since the start.
package struct RequestCount: Sendable, Hashable {
  package struct Kind: Sendable, Hashable {
    package var method: String
    /// Nil = there was no answer.
    package var code: Int?

    package init(method: String, code: Int?) {
      self.method = method
      self.code = code
    }
  }

  package var kind: Kind
  package var count: Int

  package init(kind: Kind, count: Int) {
    self.kind = kind
    self.count = count
  }
}
