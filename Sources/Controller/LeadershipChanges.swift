import Balancer
import KubernetesClient
import KubernetesModel
import Runner

/// Tells the controller's loop that it is elected, after everything that another controller may have written last.
///
/// A watch may lag behind. Addresses that the predecessor gave in its last moment must be known before new ones are given,
/// so all Services are read once more in their newest form: a roll call, beside the watch. Where there are no leases there
/// is no predecessor.
struct LeadershipChanges: Sendable {
  /// So often the server fails at a page before all are read anew.
  private static let errorLimit = 3

  let client: KubernetesClient
  let election: LeaderElectionLoop
  let inbox: Inbox<ControllerState.Event>

  /// Runs until the task is cancelled; `whileLeading` is done as long as this controller leads, and cancelled at its end.
  func run(whileLeading: @escaping @Sendable () async -> Void) async {
    while !Task.isCancelled {
      guard case .elected(let byLease) = await self.next() else { continue }
      if byLease, !(await self.callTheRoll()) {
        await self.inbox.send(.deposed)
        continue
      }
      await self.inbox.send(.elected)
      await withTaskGroup(of: Void.self) { group in
        group.addTask(operation: whileLeading)
        while !Task.isCancelled {
          if case .deposed = await self.next() { break }
        }
        group.cancelAll()
      }
      await self.inbox.send(.deposed)
    }
  }

  private func next() async -> LeaderElectionLoop.Change? {
    await self.election.changes.next(before: nil, on: ContinuousClock())
  }

  /// False = the leadership ended before all was read.
  private func callTheRoll() async -> Bool {
    await self.inbox.send(.rollCallBegan)
    var dice = SystemRandomNumberGenerator()
    var backoff = Backoff(seed: dice.next())
    var token: String?
    var errors = 0
    while self.election.leadership.mayAct(), !Task.isCancelled {
      do throws(APIError) {
        let page = try await self.client.page(Service.self, continuing: token)
        for case .object(let service) in page.items { await self.inbox.send(.rollCalled(ServiceView(service))) }
        errors = 0
        token = page.metadata.continue.flatMap { $0.isEmpty ? nil : $0 }
        if token == nil { return self.election.leadership.mayAct() }
      } catch {
        if error.code == 500 { errors += 1 }
        if error.spoilsPages || errors >= Self.errorLimit { token = nil }
        try? await ContinuousClock().sleep(for: backoff.next())
      }
    }
    return false
  }
}
