import Balancer
import KubernetesClient
import KubernetesModel
import Logging
import Runner
import Synchronization

/// Keeps the reports of one kind in the cluster, as `NodeReports` says.
///
///     tell, retract, decided ──▶ the latest of each subject ─┐
///     OwnPod ────────────────────────────────────────────────┼──▶ Inbox ──▶ RunLoop ──▶ perform
///                         ┌──▶ observe                       │                            │
///     Watcher<Report> ──▶ ReportSightings ───────────────────┘                            ▼
///                         └◀── .answered ─────────────────────────── API server ◀────── write
///
/// What is to be told is noted without waiting, the latest of each subject, so that ten thousand Services that change at
/// once need no queue.
package final class NodeReporter<Report: NodeReport>: Sendable {
  private typealias Reports = NodeReports<Report>

  private struct Wish {
    var content: Report.Content
    var term: Int?
  }

  /// What the run loop has yet to be told.
  private struct News {
    /// Nil = retracted.
    var wishes: [ObjectKey: Wish?] = [:]
    var isDecided = false
    /// The failure that was logged last: there are many objects and one reason.
    var failure: String?
  }

  private let client: KubernetesClient
  private let node: String
  private let namespace: String
  private let pod: OwnPod
  private let logger: Logger
  private let observe: @Sendable (ObjectChange<Report>) async -> Void
  private let news = Mutex(News())
  private let arrivals = Inbox<Void>(capacity: 1)
  private let inbox = Inbox<NodeReports<Report>.Event>(capacity: 1024)
  private let sightings = Inbox<ReportSightings<Report>.Event>(capacity: 1024)
  private let tasks = ChildTasks(limit: 8, capacity: 64)

  /// `observe` gets everything that is seen of the reports, of all nodes where a subject has one report in the cluster.
  package init(
    _ client: KubernetesClient, node: String, namespace: String, pod: OwnPod, logger: Logger,
    observe: @escaping @Sendable (ObjectChange<Report>) async -> Void = { _ in }
  ) {
    self.client = client
    self.node = node
    self.namespace = namespace
    self.pod = pod
    self.logger = logger
    self.observe = observe
  }

  /// This is how a subject stands now; with a term, it is claimed.
  package func tell(_ content: Report.Content, of subject: ObjectKey, term: Int? = nil) {
    self.note { $0.wishes[subject] = .some(Wish(content: content, term: term)) }
  }

  /// There is nothing to tell of it any more.
  package func retract(_ subject: ObjectKey) {
    self.note { $0.wishes[subject] = .some(nil) }
  }

  /// What was told is complete from now on; saying it again is nothing.
  package func decided() {
    let isNews = self.news.withLock { news in
      defer { news.isDecided = true }
      return !news.isDecided
    }
    if isNews { _ = self.arrivals.trySend(()) }
  }

  private func note(_ change: (inout News) -> Void) {
    self.news.withLock { change(&$0) }
    _ = self.arrivals.trySend(())
  }

  /// Keeps the reports until the task is cancelled. They stay, and go with the pod or by the next owner.
  package func run() async {
    if Report.isOptional { await self.waitForKind() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.tasks.run() }
      // Without its owner a report would outlive the pod.
      let owner = await self.pod.reference()
      group.addTask { await self.forward() }
      group.addTask {
        let watcher = Watcher(
          self.client, Report.self, namespace: self.namespace, labelSelector: Report.selector(of: self.node),
          logger: self.logger)
        await watcher.run {
          await self.sightings.send(.watched($0))
        } listed: {
          await self.sightings.send(.listed(version: $0))
        }
      }
      group.addTask {
        await RunLoop<ReportSightings<Report>, ContinuousClock>(inbox: self.sightings).relay(ReportSightings()) {
          await self.file($0)
        }
      }
      var dice = SystemRandomNumberGenerator()
      let machine = Reports(
        Reports.Settings(node: self.node, namespace: self.namespace, owner: owner), seed: dice.next())
      await RunLoop<Reports, ContinuousClock>(inbox: self.inbox).run(machine) { actions, _ in
        for case .write(let write, let subject) in actions { self.start(write, of: subject) }
      }
      group.cancelAll()
    }
  }

  /// Looks once a minute whether the cluster has the kind and lets us use it; that it does not is said once.
  private func waitForKind() async {
    var hasComplained = false
    while !Task.isCancelled {
      do throws(APIError) {
        let _: ObjectList<Report> = try await self.client.page(in: ListScope(namespace: self.namespace), limit: 1)
        return
      } catch {
        guard error.isNotFound || error.isForbidden else {
          // No answer yet.
          try? await ContinuousClock().sleep(for: Self.retryInterval)
          continue
        }
        if !hasComplained {
          self.logger.info(
            "status objects of a kind are not written, as the cluster does not have it or does not let us",
            metadata: ["kind": .string(Report.type.kind), "reason": .string(error.description)])
        }
        hasComplained = true
        try? await ContinuousClock().sleep(for: Self.lookInterval)
      }
    }
  }

  private static var lookInterval: Duration { .seconds(60) }
  private static var retryInterval: Duration { .seconds(5) }

  private func forward() async {
    var hasTold = false
    while !Task.isCancelled {
      let (wishes, isDecided) = self.news.withLock { news in
        defer { news.wishes = [:] }
        return (news.wishes, news.isDecided)
      }
      for (subject, wish) in wishes {
        await self.inbox.send(wish.map { .wanted(subject, $0.content, term: $0.term) } ?? .unwanted(subject))
      }
      if isDecided, !hasTold {
        hasTold = true
        await self.inbox.send(.decided)
      }
      _ = await self.arrivals.next(before: nil, on: ContinuousClock())
    }
  }

  private func file(_ news: NodeReports<Report>.Event) async {
    if case .observed(let change) = news { await self.observe(change) }
    // The watch may be late, or broken.
    if case .written(_, .succeeded(let report?)) = news { await self.observe(.applied(report)) }
    await self.inbox.send(news)
  }

  private func start(_ write: NodeReports<Report>.Write, of subject: ObjectKey) {
    let isStarted = self.tasks.start {
      await self.sightings.send(.writeBegan)
      let outcome = await self.perform(write, of: subject)
      await self.sightings.send(.answered(write, of: subject, outcome))
    }
    if !isStarted { _ = self.inbox.trySend(.written(subject, .failed)) }
  }

  private func perform(
    _ write: NodeReports<Report>.Write, of subject: ObjectKey
  ) async -> NodeReports<Report>.Outcome {
    do throws(APIError) {
      let result: Report?
      switch write {
      case .create(let report): result = try await self.client.create(report)
      case .writeStatus(let report): result = try await self.client.replace(report, subresource: "status")
      case .delete(let key, let uid):
        try await self.client.delete(Report.type, key, uid: uid)
        result = nil
      }
      self.news.withLock { $0.failure = nil }
      return .succeeded(result)
    } catch {
      if case .create = write {} else if error.isNotFound || error.isConflict { return .overtaken }
      self.complain(of: error.description, subject)
      return .failed
    }
  }

  private func complain(of reason: String, _ subject: ObjectKey) {
    let isNews = self.news.withLock { news in
      defer { news.failure = reason }
      return news.failure != reason
    }
    guard isNews else { return }
    self.logger.warning(
      "cannot write a status object; trying again",
      metadata: ["kind": .string(Report.type.kind), "subject": "\(subject)", "reason": .string(reason)])
  }
}
