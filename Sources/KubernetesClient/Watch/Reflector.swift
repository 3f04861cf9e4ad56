import KubernetesModel
import Primitives

/// What to ask the API server next, and what its answers mean: the decisions of following one kind of object.
///
///     ┌──────▶ listing ──last page──▶ watching ──410 Gone──▶ (listing)
///     │  pages ↺   │                    │   ▲
///     │            │ failed             │   │ the version is still good
///     │            ▼                    ▼   │
///     │          pause, again     probing ──┘   after a silence, and when a watch was not to be had: is the server's version
///     └─────────────────────────────────┘       still ahead of ours? if not, it was restored from a backup; read everything
///                                               anew, since versions soon pass the one that was reached, and a watch from
///                                               there would never tell what happened in between
///
/// It remembers the version of each object, so that a second list yields only what changed and what is gone, and so that
/// nothing is told twice. A stream that breaks is taken up where it broke. What keeps failing is tried less and less often;
/// a version that the server refuses three times running is given up for a new list; one that is refused to us is not, or a
/// server that starts, and knows no roles yet, would have to list everything for everybody. Where the versions have gone back, what
/// is remembered of objects says nothing any more: a number may stand for something else now.
struct Reflector<R: KubernetesResource>: Sendable {
  /// The next request, and how long to wait before it.
  struct Plan: Equatable {
    enum Request: Equatable {
      case list(continuing: String?)
      case watch(from: String)
      /// A list of one object, for its version alone.
      case probe
    }
    var request: Request
    var pause: Duration
  }

  /// What came of a request; a watch yields any number of events before it ends.
  enum Answer {
    case page(ObjectList<R>)
    case event(WatchEvent<R>)
    /// A line of the stream that is not a watch event.
    case garbage(String)
    /// The stream ended as it should.
    case ended(after: Duration)
    /// The stream said nothing for longer than bookmarks are apart.
    case silent
    case failed(APIError)
  }

  private struct Known: Equatable {
    /// Empty for an object that could not be read: it is told again whenever it is seen.
    var version: String
    /// Tells an object from a later one of the same name.
    var uid: Int
  }

  private struct Pass {
    var seen: Set<ObjectKey> = []
    var version = ""
    var token: String?
    /// Errors of the server at the next page, in a row.
    var errors = 0

    /// What to do after the next page could not be had. One at which the server fails again and again may be of a future
    /// that an etcd put back to an earlier state does not have.
    func resumed(after error: APIError) -> Pass {
      var pass = self
      if error.code == 500 { pass.errors += 1 }
      return error.spoilsPages || pass.errors >= Reflector.refusalLimit ? Pass() : pass
    }
  }

  private enum State {
    case listing(Pass)
    case watching(from: String)
    case probing(from: String)
  }

  private var state = State.listing(Pass())
  private var known: [ObjectKey: Known] = [:]
  private var hasSynced = false
  private var pause = Duration.zero
  private var listBackoff: Backoff
  private var watchBackoff: Backoff
  /// Refusals of the current version in a row.
  private var refusals = 0
  /// Whether the stream has said anything since the last list.
  private var hasProgressed = false
  /// The newest version that the server has named.
  private var reached = ""
  private var hasRewound = false

  private static var refusalLimit: Int { 3 }
  /// The same where it is us that are refused: half a minute. Without the permission to watch, lists have to do.
  private static var rejectionLimit: Int { 8 }

  init(seed: UInt64) {
    self.listBackoff = Backoff(seed: seed)
    self.watchBackoff = Backoff(seed: seed &+ 1)
  }

  var plan: Plan {
    switch self.state {
    case .listing(let pass): Plan(request: .list(continuing: pass.token), pause: self.pause)
    case .watching(let version): Plan(request: .watch(from: version), pause: self.pause)
    case .probing: Plan(request: .probe, pause: self.pause)
    }
  }

  /// How many objects there are, as far as has been told.
  var count: Int { self.known.count }

  mutating func handle(_ answer: Answer) -> [ObjectChange<R>] {
    switch (self.state, answer) {
    case (.listing(let pass), .page(let page)):
      return self.take(page, into: pass)
    case (.listing(let pass), .failed(let error)):
      self.state = .listing(pass.resumed(after: error))
      self.pause = self.wait(error, backoff: &self.listBackoff)
      return []
    case (.watching(let version), .event(let event)):
      return self.take(event, at: version)
    case (.watching(let version), .garbage):
      self.refuse(version, waiting: nil)
      return []
    case (.watching(let version), .ended(let duration)):
      if duration >= .seconds(1) { self.progress() }
      self.resume(from: version)
      return []
    case (.watching(let version), .silent):
      self.state = .probing(from: version)
      self.pause = .zero
      return []
    case (.watching(let version), .failed(let error)):
      self.watchFailed(error, at: version)
      return []
    case (.probing(let version), .page(let page)):
      self.listBackoff.reset()
      let current = page.metadata.resourceVersion ?? ""
      if ResourceVersion.isEarlier(current, than: version) {
        self.reach(current)
        self.listAnew(pause: .zero)
      } else {
        self.state = .watching(from: version)
        self.pause = .zero
      }
      return []
    case (.probing, .failed(let error)):
      self.pause = self.wait(error, backoff: &self.listBackoff)
      return []
    case (.listing, _), (.watching, .page), (.probing, _):
      // An answer to a question that was not asked.
      return []
    }
  }

  /// Whether the server's versions have gone back since this was last asked. What is told from here on is true though it
  /// may be older than what was told before.
  mutating func takeRewinding() -> Bool {
    defer { self.hasRewound = false }
    return self.hasRewound
  }

  // MARK: - Lists

  private mutating func take(_ page: ObjectList<R>, into pass: Pass) -> [ObjectChange<R>] {
    self.listBackoff.reset()
    self.pause = .zero
    var pass = pass
    if pass.version.isEmpty {
      pass.version = page.metadata.resourceVersion ?? ""
      self.reach(pass.version)
    }
    var changes: [ObjectChange<R>] = []
    changes.reserveCapacity(page.items.count)
    for item in page.items {
      switch item {
      case .object(let object):
        pass.seen.insert(object.key)
        changes += self.upsert(object)
      case .malformed(let key, let reason):
        pass.seen.insert(key)
        changes += self.keepMalformed(key, version: "", reason: reason)
      }
    }
    if let token = page.metadata.continue, !token.isEmpty {
      pass.token = token
      pass.errors = 0
      self.state = .listing(pass)
      return changes
    }
    for key in self.known.keys.filter({ !pass.seen.contains($0) }).sorted() {
      self.known[key] = nil
      changes.append(.deleted(key))
    }
    if !self.hasSynced {
      self.hasSynced = true
      changes.append(.synced)
    }
    self.state = .watching(from: pass.version)
    self.hasProgressed = false
    self.refusals = 0
    return changes
  }

  /// Notes the version of a list, which is never older than what was told before, unless the server was put back to an
  /// earlier state. Then every object is told again.
  private mutating func reach(_ version: String) {
    if ResourceVersion.isEarlier(version, than: self.reached) { self.forgetVersions() }
    self.reached = version
  }

  /// Somebody else has noticed that the server was put back to an earlier state: everything is read anew.
  mutating func rewind() {
    self.forgetVersions()
    self.reached = ""
    self.listAnew(pause: .zero)
  }

  private mutating func forgetVersions() {
    self.hasRewound = true
    for key in self.known.keys { self.known[key]?.version = "" }
  }

  private mutating func listAnew(pause: Duration) {
    self.state = .listing(Pass())
    self.pause = pause
  }

  // MARK: - Watches

  private mutating func take(_ event: WatchEvent<R>, at version: String) -> [ObjectChange<R>] {
    switch event {
    case .upserted(let object):
      self.advance(to: object.metadata.resourceVersion ?? version)
      return self.upsert(object)
    case .deleted(let key, let newer):
      self.advance(to: newer.isEmpty ? version : newer)
      return self.known.removeValue(forKey: key) == nil ? [] : [.deleted(key)]
    case .malformed(let key, let newer, let reason):
      self.advance(to: newer.isEmpty ? version : newer)
      return self.keepMalformed(key, version: newer, reason: reason)
    case .bookmark(let newer):
      // A bookmark may be older than what has been said already.
      self.advance(to: newer.isEmpty || ResourceVersion.isEarlier(newer, than: version) ? version : newer)
      return []
    case .failed(let status):
      self.watchFailed(.refused(APIError.Refusal(code: status.code ?? 500, status: status)), at: version)
      return []
    }
  }

  private mutating func advance(to version: String) {
    self.state = .watching(from: version)
    self.reached = version
    self.progress()
  }

  private mutating func progress() {
    self.hasProgressed = true
    self.refusals = 0
    self.watchBackoff.reset()
    self.pause = .zero
  }

  private mutating func resume(from version: String) {
    self.state = .watching(from: version)
    // The server ends watches as it likes; one that ends at once, saying nothing, must not make a busy loop.
    self.pause = self.hasProgressed && self.refusals == 0 ? .zero : self.watchBackoff.next()
    self.hasProgressed = false
  }

  private mutating func watchFailed(_ error: APIError, at version: String) {
    if error.isGone {
      // At once, unless the version of the list that was just read is gone already.
      self.listAnew(pause: self.hasProgressed ? .zero : self.watchBackoff.next())
    } else if case .refused = error, !error.isTransient || error.code == 500 {
      self.refuse(version, waiting: error)
    } else {
      // Most streams that break are cut on the way; if their server is gone, the next watch fails, too.
      if case .interrupted = error {
        self.state = .watching(from: version)
      } else {
        self.state = .probing(from: version)
      }
      self.pause = self.wait(error, backoff: &self.watchBackoff)
    }
  }

  private mutating func refuse(_ version: String, waiting error: APIError?) {
    self.refusals += 1
    let pause = error.map { self.wait($0, backoff: &self.watchBackoff) } ?? self.watchBackoff.next()
    if self.refusals >= (error?.isRejection == true ? Self.rejectionLimit : Self.refusalLimit) {
      self.refusals = 0
      self.listAnew(pause: pause)
    } else {
      self.state = .probing(from: version)
      self.pause = pause
    }
  }

  private func wait(_ error: APIError, backoff: inout Backoff) -> Duration {
    max(backoff.next(), error.retryAfter ?? .zero)
  }

  // MARK: - Objects

  private mutating func upsert(_ object: R) -> [ObjectChange<R>] {
    let key = object.key
    let version = object.metadata.resourceVersion ?? ""
    let uid = object.metadata.uid?.hashValue ?? 0
    let before = self.known.updateValue(Known(version: version, uid: uid), forKey: key)
    guard let before else { return [.applied(object)] }
    if before.uid != uid && before.uid != 0 { return [.deleted(key), .applied(object)] }
    return before.version == version && !version.isEmpty ? [] : [.applied(object)]
  }

  private mutating func keepMalformed(_ key: ObjectKey, version: String, reason: String) -> [ObjectChange<R>] {
    self.known[key] = Known(version: "", uid: self.known[key]?.uid ?? 0)
    return [.malformed(key, reason: reason)]
  }
}
