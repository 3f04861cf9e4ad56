import FoundationEssentials
import Glibc
import KubernetesModel
import Logging
import Primitives

/// Runs one pod on one node from its start to its end.
///
///     prepare network ─▶ containers run, each in its own task ─▶ deleted: SIGTERM, grace, SIGKILL ─▶ object removed
///                          │      ▲
///                          └ ends ┘ restarted after a pause
///
/// A worker whose task is cancelled (the node lost its power, the lab ends) kills its processes and tells nobody.
actor PodWorker {
  private let context: NodeContext
  private let sandbox: PodSandbox
  private var pod: LabObject
  private var reports: [String: ContainerReport] = [:]
  private var processes: [String: ContainerProcess] = [:]
  private var isStopping = false
  private var openContainers = 0
  private let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation

  init(pod: LabObject, sandbox: PodSandbox, context: NodeContext) {
    self.pod = pod
    self.sandbox = sandbox
    self.context = context
    (self.wakes, self.wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    for container in pod.spec["containers"]?.array ?? [] {
      let name = container["name"]?.string ?? ""
      let previous = pod.status["containerStatuses"]?.array?.first { $0["name"]?.string == name }
      // A container that ran before this agent did lost its process with the node: this is a restart.
      let runs = previous?["containerID"]?.string == nil ? 0 : Int(previous?["restartCount"]?.integer ?? 0) + 1
      self.reports[name] = ContainerReport(
        name: name, image: container["image"]?.string ?? "",
        state: .waiting(reason: "ContainerCreating", message: ""), restarts: runs, isReady: false, id: "")
    }
  }

  /// The pod's object has changed.
  func update(_ pod: LabObject) {
    self.pod = pod
    self.wake.yield()
  }

  /// The pod's object is gone: nobody waits for a graceful end.
  func forget() {
    self.isStopping = true
    self.killAll(SIGKILL)
    self.wake.yield()
  }

  func run() async {
    do {
      try await self.sandbox.build()
    } catch {
      self.context.logger.error(
        "the pod has no network", metadata: ["pod": "\(self.pod.key)", "reason": "\(error)"])
    }
    let containers = self.pod.spec["containers"]?.array ?? []
    self.openContainers = containers.count
    self.wake.yield()
    await withDiscardingTaskGroup { group in
      for container in containers { group.addTask { await self.run(container) } }
      group.addTask { await self.refreshVolumes() }
      for await _ in self.wakes {
        if self.pod.isDeleting, !self.isStopping { self.stop(in: &group) }
        if self.isStopping, self.openContainers == 0 { break }
        await self.publish()
      }
      group.cancelAll()
      self.killAll(SIGKILL)
    }
    await self.sandbox.remove()
    guard !Task.isCancelled else { return }
    await self.context.link.connected()
    if self.pod.isDeleting { await self.context.objects.remove(LabKind.pods, self.pod) }
    await BlockingFiles.remove(self.directory)
    await BlockingFiles.remove(self.logDirectory)
  }

  private var directory: String { "\(self.context.podsDirectory)/\(self.pod.uid)" }
  private var logDirectory: String {
    self.context.logs.podDirectory(namespace: self.pod.namespace, pod: self.pod.name, uid: self.pod.uid)
  }

  private func stop(in group: inout DiscardingTaskGroup) {
    self.isStopping = true
    let grace =
      self.pod.json[path: "metadata", "deletionGracePeriodSeconds"]?.integer
      ?? self.pod.spec["terminationGracePeriodSeconds"]?.integer ?? 30
    self.killAll(grace == 0 ? SIGKILL : SIGTERM)
    group.addTask {
      try? await Task.sleep(for: .seconds(grace))
      await self.killAll(SIGKILL)
    }
  }

  private func killAll(_ signal: Int32) {
    for process in self.processes.values { process.send(signal) }
  }

  // MARK: One container

  private func run(_ container: JSONValue) async {
    let name = container["name"]?.string ?? ""
    let policy = self.pod.spec["restartPolicy"]?.string ?? "Always"
    var backoff = RestartBackoff()
    while !self.isStopping, !Task.isCancelled {
      let started = ContinuousClock.now
      guard let status = await self.runOnce(container, name: name) else {
        try? await Task.sleep(for: .seconds(1))
        continue
      }
      if policy == "Never" || (policy == "OnFailure" && status == .exited(0)) { break }
      let pause = backoff.pause(afterRunOf: ContinuousClock.now - started)
      if self.isStopping || Task.isCancelled { break }
      self.reports[name]?.restarts += 1
      if pause > .zero {
        self.reports[name]?.state = .waiting(
          reason: "CrashLoopBackOff", message: "back-off \(pause) restarting failed container=\(name)")
        self.wake.yield()
        await self.pauseUnlessStopping(pause)
      }
    }
    self.openContainers -= 1
    self.wake.yield()
  }

  private func pauseUnlessStopping(_ pause: Duration) async {
    let end = ContinuousClock.now + pause
    while ContinuousClock.now < end, !self.isStopping, !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(100))
    }
  }

  /// Starts the container and waits for its end; nil when it could not be started.
  private func runOnce(_ container: JSONValue, name: String) async -> ChildProcess.Status? {
    let process: ContainerProcess
    let started = WallClock.now
    do {
      process = try await self.start(container, name: name)
    } catch {
      let isMissing = error is ContainerPlanner.Missing
      self.reports[name]?.state = .waiting(
        reason: isMissing ? "CreateContainerConfigError" : "RunContainerError", message: "\(error)")
      self.wake.yield()
      return nil
    }
    self.processes[name] = process
    // The deletion may have come while the process was being started.
    if self.isStopping { process.send(SIGTERM) }
    let id = "lab://\(self.pod.uid)-\(name)-\(process.pid)"
    self.reports[name]?.id = id
    self.reports[name]?.state = .running(since: started)
    let readiness = Probe(container["readinessProbe"], container: container, podAddress: "\(self.sandbox.address)")
    let liveness = Probe(container["livenessProbe"], container: container, podAddress: "\(self.sandbox.address)")
    self.reports[name]?.isReady = readiness == nil
    self.wake.yield()
    let status = await withTaskGroup(of: ChildProcess.Status?.self) { group in
      group.addTask { await process.ended() }
      if let readiness {
        group.addTask {
          await self.ask(readiness, startsPassing: false) { await self.setReady($0, name: name) }
          return nil
        }
      }
      if let liveness {
        group.addTask {
          await self.ask(liveness, startsPassing: true) { isAlive in
            if !isAlive { await self.end(process) }
          }
          return nil
        }
      }
      var ending: ChildProcess.Status?
      for await result in group where result != nil {
        ending = result
        break
      }
      group.cancelAll()
      return ending
    }
    self.processes[name] = nil
    let termination = ContainerReport.Termination(
      status: status ?? .signalled(SIGKILL), started: started, finished: WallClock.now, id: id)
    self.reports[name]?.isReady = false
    self.reports[name]?.last = termination
    self.reports[name]?.state = .terminated(termination)
    self.wake.yield()
    return status ?? .signalled(SIGKILL)
  }

  private func setReady(_ isReady: Bool, name: String) {
    self.reports[name]?.isReady = isReady
    self.wake.yield()
  }

  private func end(_ process: ContainerProcess) async {
    process.send(SIGTERM)
    try? await Task.sleep(for: .seconds(2))
    process.send(SIGKILL)
  }

  private func ask(
    _ probe: Probe, startsPassing: Bool, _ changed: @Sendable (Bool) async -> Void
  ) async {
    var verdict = ProbeVerdict(
      startsPassing: startsPassing, successThreshold: probe.successThreshold, failureThreshold: probe.failureThreshold)
    try? await Task.sleep(for: probe.initialDelay)
    while !Task.isCancelled {
      if verdict.take(await probe.passes(in: self.context.host.namespacePath)) { await changed(verdict.isPassing) }
      // Until it is first ready, a container is asked more often than its period says: nobody likes to wait.
      let eager = !verdict.isPassing && !startsPassing
      try? await Task.sleep(for: eager ? min(probe.period, .milliseconds(200)) : probe.period)
    }
  }

  private func start(_ container: JSONValue, name: String) async throws -> ContainerProcess {
    let planner = await self.planner()
    try await self.writeVolumes(planner)
    let spec = try planner.spec(for: container)
    let path = "\(self.directory)/\(name).json"
    try await BlockingFiles.write(Array(JSONEncoder().encode(spec)), to: path)
    try await BlockingFiles.makeDirectory(self.logDirectory)
    let log = self.context.logs.file(
      namespace: self.pod.namespace, pod: self.pod.name, uid: self.pod.uid, container: name,
      run: self.reports[name]?.restarts ?? 0)
    return try ContainerProcess(
      program: self.context.binary, arguments: [self.context.binary, "lab-container", path],
      environment: spec.environment, log: log)
  }

  // MARK: Volumes

  private func planner() async -> ContainerPlanner {
    let configMaps = await self.context.objects.list(LabKind.configMaps, namespace: self.pod.namespace)
    let secrets = await self.context.objects.list(LabKind.secrets, namespace: self.pod.namespace)
    let place = PodPlace(
      pod: self.pod, nodeName: self.context.host.name, nodeAddress: "\(self.context.host.address)",
      podAddresses: self.sandbox.addresses, networkNamespace: self.sandbox.namespacePath, directory: self.directory)
    return ContainerPlanner(
      place: place, binary: self.context.binary, apiServer: AddressPlan.controlPlane,
      apiServerPort: AddressPlan.controlPlanePort,
      configMaps: Dictionary(configMaps.map { ($0.name, $0) }) { first, _ in first },
      secrets: Dictionary(secrets.map { ($0.name, $0) }) { first, _ in first },
      inherited: NodeContext.inheritedEnvironment, images: self.context.images)
  }

  private func writeVolumes(_ planner: ContainerPlanner) async throws {
    let token = await self.context.tokens(self.pod.namespace, planner.place.serviceAccount)
    let base = "\(self.directory)/volumes"
    let access = "\(base)/\(VolumeContent.serviceAccountVolume)"
    try await BlockingFiles.makeDirectory(access)
    try await BlockingFiles.write(Array(token.utf8), to: "\(access)/token")
    try await BlockingFiles.write(Array(self.context.authority.utf8), to: "\(access)/ca.crt")
    try await BlockingFiles.write(Array(self.pod.namespace.utf8), to: "\(access)/namespace")
    for volume in self.pod.spec["volumes"]?.array ?? [] {
      guard let name = volume["name"]?.string else { continue }
      try await BlockingFiles.makeDirectory("\(base)/\(name)")
      let files = try VolumeContent.files(
        of: volume, planner: planner, token: token, authority: self.context.authority)
      guard let files else { continue }
      try await BlockingFiles.replaceContent(of: "\(base)/\(name)", with: files)
    }
  }

  /// Running containers see changes of their ConfigMaps and Secrets after a while.
  private func refreshVolumes() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(2))
      guard !Task.isCancelled, !self.processes.isEmpty else { continue }
      await self.context.link.connected()
      try? await self.writeVolumes(await self.planner())
    }
  }

  // MARK: Status

  private func publish() async {
    let order = (self.pod.spec["containers"]?.array ?? []).compactMap { $0["name"]?.string }
    let containers = order.compactMap { self.reports[$0] }
    let podAddresses = self.sandbox.addresses
    let nodeAddresses = ["\(self.context.host.address)", "\(self.context.host.address6)"]
    await self.context.link.connected()
    guard !Task.isCancelled else { return }
    let outcome = await self.context.objects.updateStatus(LabKind.pods, self.pod.key, uid: self.pod.uid) { pod in
      PodStatus.make(
        of: pod, podAddresses: podAddresses, nodeAddresses: nodeAddresses, containers: containers, at: WallClock.now)
    }
    switch outcome {
    case .done: break
    case .notFound: self.forget()
    case .conflict: self.wake.yield()
    case .refused(let reason):
      self.context.logger.warning(
        "the pod's status was refused", metadata: ["pod": "\(self.pod.key)", "reason": "\(reason)"])
    }
  }
}

extension ContainerProcess {
  /// How it ended; when the task is cancelled first, it is killed.
  func ended() async -> ChildProcess.Status? {
    await withTaskCancellationHandler {
      for await status in self.ending { return status }
      return nil
    } onCancel: {
      self.send(SIGKILL)
    }
  }
}
