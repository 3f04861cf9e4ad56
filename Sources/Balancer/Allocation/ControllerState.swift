import KubernetesModel
import Primitives

/// The deciding half of the controller.
package struct ControllerState: StateMachine, Equatable {
  package enum Event: Timed, Equatable {
    case tick
    case services(ObjectChange<ServiceView>)
    case pools(ObjectChange<IPAddressPool>)
    case namespaces(ObjectChange<Namespace>)
    /// The write of a Service ended; exactly one for each `writeService`.
    case written(ObjectKey, WriteOutcome)
    /// The write of a pool's status ended; exactly one for each `writePoolStatus`.
    case poolStatusWritten(ObjectKey, WriteOutcome)
  }

  package enum Action: Sendable, Equatable {
    case writeService(ServiceWrite)
    case writePoolStatus(PoolStatusWrite)
    case emit(EventNote)
    /// The problems of the configuration are now these; none = all is well.
    case report([Problem])
  }

  package struct Settings: Sendable, Hashable {
    /// What becomes of a Service that asks for a pool that does not exist.
    package enum UnknownPool: String, Sendable, Hashable, CaseIterable {
      /// It gets an address from the auto-assigned pools, and a Warning.
      case allocate
      /// It stays pending, as with upstream 0.16.
      case fail
    }

    /// Nil = Services without a class; else those of exactly this class.
    package var loadBalancerClass: String?
    package var unknownPool: UnknownPool
    /// How many writes of Services may be under way at once.
    package var writesInFlight: Int
    /// The seed of the jitter of retries.
    package var seed: UInt64

    package init(
      loadBalancerClass: String? = nil, unknownPool: UnknownPool = .allocate, writesInFlight: Int = 32, seed: UInt64
    ) {
      self.loadBalancerClass = loadBalancerClass
      self.unknownPool = unknownPool
      self.writesInFlight = writesInFlight
      self.seed = seed
    }
  }

  package let settings: Settings

  package init(settings: Settings) {
    self.settings = settings
  }

  /// The pools as the API server has them, and everything that is wrong with them.
  package private(set) var configuration = PoolResolution()

  package var nextDeadline: ContinuousClock.Instant? { nil }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    []
  }
}
