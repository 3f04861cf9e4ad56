import Balancer
import Synchronization

/// What is wrong with the configuration, kept by where it was found, so that one verdict covers all of it.
package final class ProblemBoard: Sendable {
  /// Where problems are found.
  package enum Source: Sendable, Hashable {
    /// In the objects.
    case objects
    /// In the ConfigMap that stands in for objects.
    case configMap
  }

  private let problems = Mutex<[Source: [Problem]]>([:])

  package init() {}

  /// Notes what is wrong with one source now; returns everything that is wrong, nil as long as the objects have not been
  /// judged.
  func note(_ found: [Problem], in source: Source) -> [Problem]? {
    self.problems.withLock { problems in
      problems[source] = found
      guard let objects = problems[.objects] else { return nil }
      return objects + (problems[.configMap] ?? [])
    }
  }
}
