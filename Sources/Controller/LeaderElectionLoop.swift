import Balancer
import KubernetesClient
import KubernetesModel
import Logging
import Runner

/// Takes part in the election of the controller that acts: reads and writes the Lease as `LeaderElection` says.
///
///     Lease ◀── read, write ── ChildTasks ◀── RunLoop(LeaderElection) ──▶ Leadership (asked before each write)
///                                                     └──▶ changes (elected, deposed) ──▶ the controller's loop
struct LeaderElectionLoop: Sendable {
  /// Its name in MetalLB's namespace.
  static let leaseName = "metallb-controller"

  enum Change: Sendable {
    /// Elected; `byLease` is false where leases are not permitted, and there is one controller.
    case elected(byLease: Bool)
    case deposed
  }

  let client: KubernetesClient
  let namespace: String
  let settings: LeaderElection.Settings
  let logger: Logger
  let leadership = Leadership()
  /// Told to whoever acts.
  let changes = Inbox<Change>(capacity: 64)
  private let inbox = Inbox<LeaderElection.Event>(capacity: 64)
  private let tasks = ChildTasks(limit: 2, capacity: 16)

  init(client: KubernetesClient, namespace: String, settings: LeaderElection.Settings, logger: Logger) {
    self.client = client
    self.namespace = namespace
    self.settings = settings
    self.logger = logger
  }

  /// Runs until `stop()` has released the lease, or the task is cancelled.
  func run() async {
    _ = self.inbox.trySend(.tick)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.tasks.run() }
      await RunLoop(inbox: self.inbox).run(LeaderElection(settings: self.settings)) { actions, _ in
        for action in actions { self.perform(action) }
      }
      group.cancelAll()
    }
    self.leadership.stepDown()
  }

  /// Gives the lease up: this process has ended its work.
  func stop() {
    self.leadership.stepDown()
    _ = self.inbox.trySend(.stop)
  }

  private func perform(_ action: LeaderElection.Action) {
    switch action {
    case .read: self.start { .answered(await self.read()) }
    case .write(let claim): self.start { .answered(await self.write(claim)) }
    case .lookForHolder(let holder):
      self.start { .holderLookedFor(holder, isGone: await self.isGone(pod: holder)) }
    case .lead(let end):
      guard self.leadership.lead(until: end) else { return }
      self.logger.info("this controller leads", metadata: ["identity": .string(self.settings.identity)])
      _ = self.changes.trySend(.elected(byLease: end != nil))
    case .stepDown(let reason):
      self.leadership.stepDown()
      self.logger.warning("this controller leads no more", metadata: ["reason": "\(reason)"])
      _ = self.changes.trySend(.deposed)
    case .refused(let reason):
      self.logger.warning(
        "leases are refused; asking again", metadata: ["lease": "\(self.key)", "reason": .string(reason)])
    case .goWithoutLease(let reason):
      self.logger.warning(
        "leases are not permitted: going on as the only controller; more than one replica needs the Role of the manifests",
        metadata: ["lease": "\(self.key)", "reason": .string(reason)])
    case .finish:
      self.inbox.finish()
    }
  }

  private func start(_ work: @escaping @Sendable () async -> LeaderElection.Event) {
    _ = self.tasks.start {
      let event = await work()
      await self.inbox.send(event)
    }
  }

  // MARK: The Lease

  private var key: ObjectKey { ObjectKey(namespace: self.namespace, name: Self.leaseName) }

  private func read() async -> LeaseAnswer {
    await self.ask { try await self.client.get(Lease.self, self.key) }
  }

  private func write(_ claim: LeaseClaim) async -> LeaseAnswer {
    let spec = Lease.Spec(claim, at: Timestamp(microseconds: Time.wallMicroseconds))
    return await self.ask {
      guard let version = claim.replacing else {
        let metadata = ObjectMeta(name: self.key.name, namespace: self.key.namespace, labels: ["app": "metallb"])
        return try await self.client.create(Lease(metadata: metadata, spec: spec))
      }
      // A patch leaves what others wrote; with a version it fails if somebody wrote in between.
      return try await self.client.patch(
        Lease.self, self.key, with: .merge(["metadata": ["resourceVersion": .string(version)], "spec": spec.json]))
    }
  }

  private func ask(_ request: @escaping @Sendable () async throws -> Lease) async -> LeaseAnswer {
    do {
      return .lease(LeaseReading(try await withTimeout(self.settings.renewDeadline, request)))
    } catch let error as APIError {
      if error.isConflict || error.isAlreadyExists { return .conflict }
      if error.isNotFound { return error.status?.details?.name == nil ? .denied(reason: error.description) : .absent }
      if error.isForbidden { return .denied(reason: error.description) }
      return .failed(reason: error.description)
    } catch {
      return .failed(reason: "\(error)")
    }
  }
}

extension LeaderElectionLoop {
  /// Whether there is no such pod, or it has ended.
  private func isGone(pod: String) async -> Bool {
    let key = ObjectKey(namespace: self.namespace, name: pod)
    do {
      let found = try await withTimeout(self.settings.retryPeriod) { try await self.client.get(Pod.self, key) }
      return ["Failed", "Succeeded"].contains(found.status?.phase ?? "")
    } catch let error as APIError {
      return error.isNotFound
    } catch {
      return false
    }
  }
}

extension LeaseReading {
  init(_ lease: Lease) {
    self.init(
      holder: lease.spec?.holderIdentity ?? "", duration: .seconds(max(0, lease.spec?.leaseDurationSeconds ?? 0)),
      transitions: min(max(0, lease.spec?.leaseTransitions ?? 0), Int(Int32.max) - 1),
      version: lease.metadata.resourceVersion ?? "")
  }
}

extension Lease.Spec {
  init(_ claim: LeaseClaim, at now: Timestamp) {
    self.init(
      holderIdentity: claim.holder, leaseDurationSeconds: Int(claim.duration.components.seconds),
      acquireTime: claim.purpose == .acquire ? now.microText : nil, renewTime: now.microText,
      leaseTransitions: claim.transitions)
  }

  /// The fields that are set, for a patch.
  fileprivate var json: JSONValue {
    var json: JSONValue = [:]
    json["holderIdentity"] = self.holderIdentity.map { .string($0) }
    json["leaseDurationSeconds"] = self.leaseDurationSeconds.map { .integer(Int64($0)) }
    json["acquireTime"] = self.acquireTime.map { .string($0) }
    json["renewTime"] = self.renewTime.map { .string($0) }
    json["leaseTransitions"] = self.leaseTransitions.map { .integer(Int64($0)) }
    return json
  }
}
