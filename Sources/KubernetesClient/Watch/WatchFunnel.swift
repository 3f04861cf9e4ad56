import KubernetesModel
import Logging
import Primitives
import Runner

/// Several watchers whose changes go through one machine, in one order, before they go anywhere else.
///
///     Watcher<A> ──┐
///     Watcher<B> ──┼──▶ Inbox ──▶ machine ──actions, one after the other──▶ perform
///     Watcher<C> ──┘
///
/// Unlike what a `RunLoop` performs, an action may wait here: while it does, nothing is read, and so the watchers go at
/// the pace of whoever takes the actions.
package struct WatchFunnel<Machine: StateMachine>: Sendable {
  private let client: KubernetesClient
  private let logger: Logger
  private var followers: [@Sendable (Inbox<Machine.Event>) async -> Void] = []

  package init(_ client: KubernetesClient, logger: Logger) {
    self.client = client
    self.logger = logger
  }

  /// Adds the objects of a kind; `event` says what a change is to the machine.
  package mutating func follow<R: KubernetesResource>(
    _ type: R.Type, namespace: String? = nil, fieldSelector: String? = nil,
    _ event: @escaping @Sendable (ObjectChange<R>) -> Machine.Event
  ) {
    let watcher = Watcher(
      self.client, type, namespace: namespace, fieldSelector: fieldSelector, logger: self.logger)
    self.followers.append { inbox in
      await watcher.run { change in await inbox.send(event(change)) }
    }
  }

  /// Runs until the task is cancelled.
  package func run(_ machine: sending Machine, perform: (Machine.Action) async -> Void) async {
    let inbox = Inbox<Machine.Event>(capacity: 256)
    await withTaskGroup(of: Void.self) { group in
      for follower in self.followers {
        group.addTask { await follower(inbox) }
      }
      await RunLoop<Machine, ContinuousClock>(inbox: inbox).relay(machine, perform: perform)
      group.cancelAll()
    }
  }
}
