import KubernetesModel
import Primitives

/// The controller's own decisions on a cluster, without the cluster: `ControllerState` is given everything that there is,
/// every write that it asks for succeeds at once, and time passes as it likes.
///
/// What `metallb explain` and `metallb plan` say is what this comes to, so it cannot differ from what the controller does.
package struct Rehearsal: Sendable {
  private(set) var state: ControllerState
  private var now: ContinuousClock.Instant
  private var pending: [ControllerState.Event] = []
  /// Every Event that the controller would have written on objects so far, in order.
  package private(set) var notes: [EventNote] = []

  /// `start` is any instant.
  package init(
    of services: some Sequence<ServiceView>, namespaces: some Sequence<Namespace>,
    configuration: ConfigurationObjects, settings: ControllerState.Settings, at start: ContinuousClock.Instant
  ) {
    self.state = ControllerState(settings: settings)
    self.now = start
    self.pending = namespaces.map { .namespaces(.applied($0)) } + [.namespaces(.synced)]
    self.pending += (configuration.pools ?? []).map { .pools(.applied($0)) } + [.pools(.synced)]
    self.pending +=
      (configuration.l2Advertisements ?? []).map { .l2Advertisements(.applied($0)) } + [.l2Advertisements(.synced)]
    self.pending +=
      (configuration.bgpAdvertisements ?? []).map { .bgpAdvertisements(.applied($0)) } + [.bgpAdvertisements(.synced)]
    self.pending += services.map { .services(.applied($0)) } + [.services(.synced)]
    self.settle()
  }

  /// Lets pools change, one after the other, as `kubectl` would have them do.
  package mutating func change(_ changes: [ObjectChange<IPAddressPool>]) {
    self.pending += changes.map { .pools($0) }
    self.settle()
  }

  /// What a Service has when all is said and done.
  package func allocation(of service: ObjectKey) -> Allocation? { self.state.allocator.allocation(of: service) }

  /// The pool that a Service has its addresses from.
  package func pool(of service: ObjectKey) -> PoolConfiguration? {
    self.allocation(of: service).flatMap { self.state.configuration.pools[$0.pool] }
  }

  package func standing(of service: ObjectKey) -> Standing? { self.state.standing(of: service) }

  /// Until nothing is left to do. Each write that succeeds settles something, so this ends; the bound is for mistakes of
  /// ours.
  private mutating func settle() {
    var ticks = 0
    while ticks < 1000 {
      while !self.pending.isEmpty {
        let events = self.pending
        self.pending = []
        for event in events { self.handle(event) }
      }
      guard let deadline = self.state.nextDeadline else { return }
      self.now = max(self.now, deadline)
      ticks += 1
      self.handle(.tick)
    }
  }

  private mutating func handle(_ event: ControllerState.Event) {
    for action in self.state.handle(event, at: self.now) {
      switch action {
      case .writeService(let write): self.pending.append(.written(write.key, .succeeded(resourceVersion: nil)))
      case .writePoolStatus(let write):
        self.pending.append(.poolStatusWritten(write.key, .succeeded(resourceVersion: nil)))
      case .emit(let note): self.notes.append(note)
      case .report: break
      }
    }
  }
}
