import Balancer
import KubernetesClient
import KubernetesModel
import Logging
import Reporting
import Runner

/// Performs what `ControllerState` asks for: starts the writes, hands on the Events, logs what an operator cares about.
struct ControllerHands: Sendable {
  let client: KubernetesClient
  let reporter: Reporter
  let tasks: ChildTasks
  let inbox: Inbox<ControllerState.Event>
  let leadership: Leadership
  let tally: UpdateTally
  let logger: Logger

  func perform(_ action: ControllerState.Action) {
    switch action {
    case .writeService(let write):
      self.start {
        let outcome = await self.leadership.whileActing { await self.write(write) } ?? Self.notLeading
        if outcome == .conflicted { await self.refresh(write.key) }
        return .written(write.key, outcome)
      }
    case .writePoolStatus(let write):
      self.start {
        .poolStatusWritten(write.key, await self.leadership.whileActing { await self.write(write) } ?? Self.notLeading)
      }
    case .emit(let note):
      if self.leadership.mayAct() { self.reporter.tell(note) }
    case .report(let problems):
      self.reporter.tell(problems)
    }
  }

  private static let notLeading = WriteOutcome.failed(reason: "this controller leads no more")

  private func start(_ work: @escaping @Sendable () async -> ControllerState.Event) {
    let isStarted = self.tasks.start {
      let outcome = await work()
      await self.inbox.send(outcome)
    }
    if !isStarted { self.logger.critical("too many writes are waiting; this one is lost") }
  }

  private func write(_ write: ServiceWrite) async -> WriteOutcome {
    let addresses = (write.object.status?.loadBalancer?.ingress ?? []).compactMap(\.ip)
    var object = write.object
    // The server ignores the spec of a status write, but looks at its type to fill in `ipMode`, without which it refuses
    // an address.
    if object.spec == nil { object.spec = ServiceSpec(type: "LoadBalancer") }
    let outcome = await self.outcome { [object] () async throws(APIError) in
      try await self.client.replace(object, subresource: "status")
    }
    switch outcome {
    case .succeeded:
      self.logger.info(
        addresses.isEmpty ? "removed the addresses of a service" : "wrote the addresses of a service",
        metadata: ["service": "\(write.key)", "ips": .string(addresses.joined(separator: ","))])
    case .failed(let reason):
      self.tally.countFailedWrite()
      self.logger.error(
        "cannot write the status of a service; trying again",
        metadata: ["service": "\(write.key)", "reason": .string(reason)])
    case .unanswered(let reason):
      self.tally.countFailedWrite()
      // API servers end connections as they like, with many writes on each.
      self.logger.warning(
        "no answer to the write of the status of a service; trying again",
        metadata: ["service": "\(write.key)", "reason": .string(reason)])
    case .conflicted, .notFound:
      self.logger.debug(
        "a service changed while its status was written",
        metadata: [
          "service": "\(write.key)", "version": .string(write.object.metadata.resourceVersion ?? ""),
        ])
    }
    return outcome
  }

  /// Fetches the newest form of a Service that somebody else has changed.
  ///
  /// The watch brings it too, but a watch that has fallen silent would leave every further write to lose as well.
  private func refresh(_ key: ObjectKey) async {
    guard let service = try? await self.client.get(Service.self, key) else { return }
    await self.inbox.send(.refreshed(ServiceView(service)))
  }

  private func write(_ write: PoolStatusWrite) async -> WriteOutcome {
    let outcome = await self.outcome { () async throws(APIError) in
      try await self.client.replace(write.object, subresource: "status")
    }
    switch outcome {
    case .succeeded, .conflicted, .notFound: break
    case .failed(let reason), .unanswered(let reason):
      self.logger.warning(
        "cannot write the status of a pool; trying again",
        metadata: ["pool": "\(write.key)", "reason": .string(reason)])
    }
    return outcome
  }

  private func outcome<R: KubernetesResource>(
    of write: () async throws(APIError) -> R
  ) async -> WriteOutcome {
    do throws(APIError) {
      return .succeeded(resourceVersion: try await write().metadata.resourceVersion)
    } catch {
      if error.isConflict { return .conflicted }
      if error.isNotFound { return .notFound }
      return error.isOutage ? .unanswered(reason: error.description) : .failed(reason: error.description)
    }
  }
}
