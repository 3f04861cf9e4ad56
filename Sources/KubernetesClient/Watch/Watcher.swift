import AsyncHTTPClient
import FoundationEssentials
import KubernetesModel
import Logging
import NIOCore
import Primitives
import Runner

/// Follows all objects of one kind, and tells every change in order, for as long as it runs.
///
/// It lists in pages, watches with bookmarks, and takes the watch up where it broke, whatever breaks it; `Reflector`
/// decides, this asks. The receiver's pace is the pace of reading: while `deliver` waits, the stream is not read.
package struct Watcher<R: KubernetesResource>: Sendable {
  private let client: KubernetesClient
  private let scope: ListScope
  private let logger: Logger

  package init(
    _ client: KubernetesClient, _ type: R.Type = R.self, namespace: String? = nil, labelSelector: String? = nil,
    fieldSelector: String? = nil, logger: Logger
  ) {
    self.client = client
    self.scope = ListScope(namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector)
    var logger = logger
    logger[metadataKey: "resource"] = .string(R.type.plural)
    self.logger = logger
  }

  /// Runs until the task is cancelled. `deliver` gets `.synced` once, after everything that existed at the start. `listed`
  /// gets the version of each list, after all that it holds has been delivered; `rewound` is called before that of a list
  /// whose version is earlier than what was told, as the API server was put back to an earlier state. `following` is told
  /// when the objects cannot be followed, and when they can again; what was missed comes after that.
  package func run(
    _ deliver: @Sendable (ObjectChange<R>) async -> Void,
    listed: @Sendable (_ version: String) async -> Void = { _ in },
    rewound: @Sendable () async -> Void = {},
    following: @Sendable (Bool) async -> Void = { _ in }
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.client.transport.listen() }
      await self.follow(deliver, listed, rewound, following)
      group.cancelAll()
    }
  }

  private func follow(
    _ deliver: @Sendable (ObjectChange<R>) async -> Void, _ listed: @Sendable (String) async -> Void,
    _ rewound: @Sendable () async -> Void, _ following: @Sendable (Bool) async -> Void
  ) async {
    var dice = SystemRandomNumberGenerator()
    var reflector = Reflector<R>(seed: dice.next())
    var failures = FailureLog(logger: self.logger)
    var rewindings = self.client.transport.rewindingCount
    while !Task.isCancelled {
      let newest = self.client.transport.rewindingCount
      if newest != rewindings {
        rewindings = newest
        reflector.rewind()
      }
      let plan = reflector.plan
      if plan.pause > .zero { try? await ContinuousClock().sleep(for: plan.pause) }
      if Task.isCancelled { return }
      let answer: Reflector<R>.Answer
      switch plan.request {
      case .list(let token): answer = await self.page(limit: KubernetesClient.pageSize, continuing: token)
      case .probe: answer = await self.page(limit: 1, continuing: nil)
      case .watch(let version):
        let seconds = Int.random(in: 300...600, using: &dice)
        answer = await self.stream(from: version, seconds: seconds, into: &reflector, &failures, deliver, following)
      }
      if let isFollowing = failures.note(answer.failure) { await following(isFollowing) }
      let changes = reflector.handle(answer)
      if reflector.takeRewinding() {
        rewindings = self.client.transport.noteRewinding()
        self.logger.warning("the API server was put back to an earlier state; everything is read anew")
        await rewound()
      }
      for change in changes { await deliver(change) }
      if case .list = plan.request, case .watch(let version) = reflector.plan.request { await listed(version) }
    }
  }

  private func page(limit: Int, continuing token: String?) async -> Reflector<R>.Answer {
    do throws(APIError) {
      return .page(try await self.client.page(in: self.scope, limit: limit, continuing: token))
    } catch {
      return .failed(error)
    }
  }

  /// Reads one watch until it ends, for whatever reason, and returns that.
  private func stream(
    from version: String, seconds: Int, into reflector: inout Reflector<R>, _ failures: inout FailureLog,
    _ deliver: @Sendable (ObjectChange<R>) async -> Void, _ following: @Sendable (Bool) async -> Void
  ) async -> Reflector<R>.Answer {
    let request = APIRequest(
      .get, R.type.path(namespace: self.scope.namespace),
      query: [
        ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version.isEmpty ? nil : version),
        ("timeoutSeconds", String(seconds)), ("labelSelector", self.scope.labelSelector),
        ("fieldSelector", self.scope.fieldSelector),
      ])
    let start = Time.now
    do {
      var lines = LineSplitter()
      let decoder = JSONDecoder()
      let chunks = try await self.client.transport.open(request)
      if let isFollowing = failures.note(nil) { await following(isFollowing) }
      for try await chunk in chunks {
        self.client.transport.heard()
        lines.append(chunk)
        while let line = lines.next() {
          let event: WatchEvent<R>
          do {
            event = try decoder.decode(WatchEvent<R>.self, from: Data(line.readableBytesView))
          } catch {
            return .garbage(DecodingFailure(error).description)
          }
          if case .failed = event { return .event(event) }
          for change in reflector.handle(.event(event)) { await deliver(change) }
        }
        if lines.isOverlong { return .garbage("a line of more than \(LineSplitter.maximumLine) bytes") }
      }
      if !lines.isAtLineEnd { return .failed(.interrupted("the stream ends within an event")) }
      return .ended(after: start.duration(to: Time.now))
    } catch let error as HTTPClientError where error == .readTimeout {
      return .silent
    } catch {
      return .failed(Failures.apiError(error, limit: .nanoseconds(Transport.headLimit.nanoseconds)))
    }
  }
}

extension Reflector.Answer {
  /// What an operator should hear of this answer; an expired version is daily business.
  fileprivate var failure: String? {
    switch self {
    case .page, .ended, .silent: nil
    case .event(.failed(let status)): status.code == 410 ? nil : status.message ?? status.reason ?? "an error event"
    case .event: nil
    case .garbage(let reason): "the watch stream makes no sense: \(reason)"
    case .failed(.cancelled): nil
    case .failed(let error): error.isGone ? nil : error.description
    }
  }
}

/// Says that following a kind of object fails, once per reason, and when it works again.
private struct FailureLog {
  let logger: Logger
  private var reason: String?

  init(logger: Logger) {
    self.logger = logger
  }

  /// Returns whether it works, if that is another matter than before.
  mutating func note(_ failure: String?) -> Bool? {
    guard failure != self.reason else { return nil }
    let isOther = (failure == nil) != (self.reason == nil)
    if let failure {
      self.logger.warning("cannot follow the cluster's objects; retrying", metadata: ["reason": .string(failure)])
    } else {
      self.logger.info("following the cluster's objects again")
    }
    self.reason = failure
    return isOther ? failure == nil : nil
  }
}
