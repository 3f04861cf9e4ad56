import Balancer
import KubernetesClient
import KubernetesModel
import Logging
import Runner
import Synchronization

/// Keeps the reports of one kind in the cluster, as `AnnouncementReports` says.
///
///     announced, withdrawn, decided ──▶ the latest of each Service ─┐
///     Watcher<Report> ──────────────────────────────────────────────┼──▶ Inbox ──▶ RunLoop ──▶ perform
///     OwnPod ───────────────────────────────────────────────────────┘      ▲                    └─ write ──▶ API server
///                                                                          └───── .written ────────────────┘
///
/// What is announced is noted without waiting, the latest of each Service, so that ten thousand Services that change at
/// once need no queue.
package final class AnnouncementReporter<Report: AnnouncementReport>: Sendable {
  private typealias Reports = AnnouncementReports<Report>

  /// What the run loop has yet to be told.
  private struct News {
    /// Nil = withdrawn.
    var contents: [ObjectKey: Report.Content?] = [:]
    var isDecided = false
    /// The failure that was logged last: there are many Services and one reason.
    var failure: String?
  }

  private let client: KubernetesClient
  private let node: String
  private let namespace: String
  private let pod: OwnPod
  private let observe: @Sendable (ObjectChange<Report>) async -> Void
  private let logger: Logger
  private let news = Mutex(News())
  private let arrivals = Inbox<Void>(capacity: 1)
  private let inbox = Inbox<AnnouncementReports<Report>.Event>(capacity: 1024)
  private let tasks = ChildTasks(limit: 8, capacity: 64)

  /// `observe` gets everything that is seen of the reports of all nodes.
  package init(
    _ client: KubernetesClient, node: String, namespace: String, pod: OwnPod, logger: Logger,
    observe: @escaping @Sendable (ObjectChange<Report>) async -> Void = { _ in }
  ) {
    self.client = client
    self.node = node
    self.namespace = namespace
    self.pod = pod
    self.observe = observe
    self.logger = logger
  }

  package func announced(_ service: ObjectKey, _ content: Report.Content) {
    self.note { $0.contents[service] = .some(content) }
  }

  package func withdrawn(_ service: ObjectKey) {
    self.note { $0.contents[service] = .some(nil) }
  }

  /// What is announced is complete from now on; telling it again is nothing.
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
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.tasks.run() }
      // Without its owner a report would outlive the pod.
      let owner = await self.pod.reference()
      group.addTask { await self.forward() }
      group.addTask {
        let watcher = Watcher(self.client, Report.self, namespace: self.namespace, logger: self.logger)
        await watcher.run { change in
          await self.observe(change)
          await self.inbox.send(.observed(change))
        }
      }
      var dice = SystemRandomNumberGenerator()
      let machine = Reports(
        Reports.Settings(node: self.node, namespace: self.namespace, owner: owner), seed: dice.next())
      await RunLoop<Reports, ContinuousClock>(inbox: self.inbox).run(machine) { actions, _ in
        for case .write(let write, let service) in actions { self.start(write, of: service) }
      }
      group.cancelAll()
    }
  }

  private func forward() async {
    var hasTold = false
    while !Task.isCancelled {
      let (contents, isDecided) = self.news.withLock { news in
        defer { news.contents = [:] }
        return (news.contents, news.isDecided)
      }
      for (service, content) in contents {
        await self.inbox.send(content.map { .announced(service, $0) } ?? .withdrawn(service))
      }
      if isDecided, !hasTold {
        hasTold = true
        await self.inbox.send(.decided)
      }
      _ = await self.arrivals.next(before: nil, on: ContinuousClock())
    }
  }

  private func start(_ write: AnnouncementReports<Report>.Write, of service: ObjectKey) {
    let isStarted = self.tasks.start {
      let outcome = await self.perform(write, of: service)
      await self.inbox.send(.written(service, outcome))
    }
    if !isStarted { _ = self.inbox.trySend(.written(service, .failed)) }
  }

  private func perform(
    _ write: AnnouncementReports<Report>.Write, of service: ObjectKey
  ) async -> AnnouncementReports<Report>.Outcome {
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
      self.complain(of: error.description, service)
      return .failed
    }
  }

  private func complain(of reason: String, _ service: ObjectKey) {
    let isNews = self.news.withLock { news in
      defer { news.failure = reason }
      return news.failure != reason
    }
    guard isNews else { return }
    self.logger.warning(
      "cannot write a status object; trying again",
      metadata: ["kind": .string(Report.type.kind), "service": "\(service)", "reason": .string(reason)])
  }
}
