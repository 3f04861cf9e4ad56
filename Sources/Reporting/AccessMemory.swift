import Crypto
import Primitives
import Serving

/// What the API server said of the bearers of tokens, kept for a while, and how often it may be asked.
///
/// A yes holds for a minute, as upstream's does; a no is asked again sooner, so that a right that was just given counts soon.
/// Tokens themselves are not kept. Strangers can make the process ask: a budget bounds it.
struct AccessMemory {
  static let grantedLifetime = Duration.seconds(60)
  static let refusedLifetime = Duration.seconds(10)
  private static let capacity = 1024
  private static let questions = (burst: 50, interval: Duration.milliseconds(100))

  /// What was asked: the digest of a token, and a path.
  struct Question: Hashable {
    private let digest: SHA256Digest
    private let path: String

    init(token: String, path: String) {
      self.digest = SHA256.hash(data: Array(token.utf8))
      self.path = path
    }
  }

  private var answers = RecentlyUsed<Question, (access: PageAccess, until: ContinuousClock.Instant)>(
    capacity: Self.capacity)
  private var budget: TokenBucket

  init(at now: ContinuousClock.Instant) {
    self.budget = TokenBucket(burst: Self.questions.burst, interval: Self.questions.interval, at: now)
  }

  /// The answer that still holds.
  func answer(to question: Question, at now: ContinuousClock.Instant) -> PageAccess? {
    guard let known = self.answers[question], now < known.until else { return nil }
    return known.access
  }

  /// Whether the API server may be asked once more.
  mutating func mayAsk(at now: ContinuousClock.Instant) -> Bool { self.budget.take(at: now) }

  /// Keeps an answer; one that decided nothing is forgotten at once.
  mutating func keep(_ access: PageAccess, to question: Question, at now: ContinuousClock.Instant) {
    switch access {
    case .granted: self.answers[question] = (access, now + Self.grantedLifetime)
    case .unauthenticated, .forbidden: self.answers[question] = (access, now + Self.refusedLifetime)
    case .undecided: break
    }
  }
}
