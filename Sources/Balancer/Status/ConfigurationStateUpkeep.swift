import KubernetesModel
import Primitives

/// Keeps the ConfigurationState of one process as it should be: creates it, corrects it, and makes it again when somebody
/// deletes it (contract section 14).
///
///     waiting ──a difference──▶ due ──its time has come──▶ applying ──answer──▶ waiting
///
/// What is there is known by watch, so that nothing is written that says nothing new. What happens within a moment goes
/// into one write, and thousands of speakers that find one object wrong do not write at once. If another writer insists on
/// something else, the corrections become rarer.
package struct ConfigurationStateUpkeep: StateMachine, Equatable {
  package enum Event: Timed, Equatable {
    case tick
    /// The process has come to this verdict.
    case concluded(ConfigurationVerdict)
    /// The own pod, with which the object goes; nil = it is not known, and the object stays.
    case owned(by: OwnerReference?)
    case seen(ObjectChange<ConfigurationState>)
    /// A write ended; exactly one for each action that asks for one.
    case applied(Outcome)
  }

  package enum Action: Sendable, Equatable {
    /// Apply labels and owner, which creates the object if it is missing.
    case applyObject(ConfigurationState)
    /// Apply the status; a condition without a time changed now.
    case applyStatus(ConfigurationState)
    /// Say once that it cannot be written.
    case complain(reason: String)
  }

  package enum Outcome: Sendable, Equatable {
    /// Done; the object as the server has it now.
    case succeeded(ConfigurationState)
    /// The object is gone.
    case notFound(reason: String)
    case failed(reason: String)
  }

  package struct Settings: Sendable, Hashable {
    package var key: ObjectKey
    package var labels: [String: String]
    package var conditionType: String
    /// The field manager of what is applied.
    package var manager: String
    /// For how long what is new is gathered at least, and twice as long at most.
    package var delay: Duration
    /// The seed of the jitter.
    package var seed: UInt64

    /// The controller's own.
    package static func controller(namespace: String, seed: UInt64) -> Settings {
      Settings(
        key: ObjectKey(namespace: namespace, name: "controller"),
        labels: ["metallb.io/component-type": "controller"], conditionType: "poolReconcilerValid",
        manager: "poolReconciler", delay: .milliseconds(200), seed: seed)
    }

    /// That of the speaker on a node.
    package static func speaker(namespace: String, node: String, seed: UInt64) -> Settings {
      Settings(
        key: ObjectKey(namespace: namespace, name: "speaker-\(node)"),
        labels: ["metallb.io/component-type": "speaker", "metallb.io/node-name": node],
        conditionType: "configReconcilerValid", manager: "configReconciler", delay: .seconds(1), seed: seed)
    }
  }

  /// What the API server has.
  private enum Sight: Sendable, Equatable {
    case unseen
    case absent
    case present(ConfigurationState)
  }

  private enum Owner: Sendable, Equatable {
    case awaited
    case known(OwnerReference?)
  }

  private enum Phase: Sendable, Equatable {
    case waiting
    case due(at: ContinuousClock.Instant)
    case applying(isObject: Bool)
  }

  /// The longest pause between two corrections, and after how long of quiet they are quick again.
  private static let patience = Duration.seconds(300)
  /// How long reading may take before it is told that nothing has been read.
  private static let leeway = Duration.seconds(10)

  private let settings: Settings
  private var dice: SplitMix64
  private var verdict: ConfigurationVerdict?
  private var owner = Owner.awaited
  private var sight = Sight.unseen
  private var phase = Phase.waiting
  /// How many writes this verdict has taken.
  private var writes = 0
  private var lastWrite: ContinuousClock.Instant?
  /// Whether the object has just been applied, so that its status can follow at once.
  private var isHalfDone = false
  private var complaint: String?

  package init(settings: Settings) {
    self.settings = settings
    self.dice = SplitMix64(seed: settings.seed)
  }

  package var nextDeadline: ContinuousClock.Instant? {
    if case .due(let instant) = self.phase { instant } else { nil }
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .tick: break
    case .concluded(let verdict):
      guard verdict != self.verdict else { break }
      self.verdict = verdict
      self.writes = 0
      if case .due = self.phase { self.phase = .waiting }
    case .owned(let owner): self.owner = .known(owner)
    case .seen(.applied(let object)): if object.key == self.settings.key { self.sight = .present(object) }
    case .seen(.deleted(let key)): if key == self.settings.key { self.sight = .absent }
    case .seen(.malformed(let key, _)):
      // Whatever it is, applying our fields puts them right.
      if key == self.settings.key { self.sight = .present(ConfigurationState(metadata: ObjectMeta(name: key.name))) }
    case .seen(.synced): if self.sight == .unseen { self.sight = .absent }
    case .applied(let outcome): actions += self.take(outcome)
    }
    return actions + self.proceed(at: now)
  }

  private mutating func take(_ outcome: Outcome) -> [Action] {
    defer { self.phase = .waiting }
    let reason: String
    switch outcome {
    case .succeeded(let object):
      self.sight = .present(object)
      self.complaint = nil
      if case .applying(isObject: true) = self.phase { self.isHalfDone = true }
      return []
    case .notFound(let text):
      self.sight = .absent
      reason = text
    case .failed(let text):
      reason = text
    }
    guard self.complaint != reason else { return [] }
    self.complaint = reason
    return [.complain(reason: reason)]
  }

  private mutating func proceed(at now: ContinuousClock.Instant) -> [Action] {
    guard let next = self.nextWrite else {
      if case .due = self.phase { self.phase = .waiting }
      return []
    }
    if case .waiting = self.phase { self.phase = .due(at: now + self.pause(at: now)) }
    guard case .due(let instant) = self.phase, instant <= now else { return [] }
    if case .applyObject = next {
      self.phase = .applying(isObject: true)
    } else {
      self.phase = .applying(isObject: false)
    }
    self.lastWrite = now
    self.writes += 1
    self.isHalfDone = false
    return [next]
  }

  /// How long the next write waits: longer from each to the next if they change nothing for good.
  private mutating func pause(at now: ContinuousClock.Instant) -> Duration {
    if self.isHalfDone { return .zero }
    if let lastWrite, lastWrite.duration(to: now) > Self.patience { self.writes = 0 }
    let base =
      if self.writes > 0 {
        min(.milliseconds(500) * (1 << min(self.writes, 10)), Self.patience)
      } else if self.verdict == .unknown {
        Self.leeway
      } else {
        self.settings.delay
      }
    return base + self.dice.jittered(base / 2, by: 1)
  }

  /// The write after which the server has what it should; nil = it has.
  private var nextWrite: Action? {
    guard let verdict, case .known(let owner) = self.owner else { return nil }
    var metadata = ObjectMeta(name: self.settings.key.name, namespace: self.settings.key.namespace)
    let present: ConfigurationState?
    switch self.sight {
    case .unseen: return nil
    case .absent: present = nil
    case .present(let object): present = object
    }
    let hasLabels = self.settings.labels.allSatisfy { present?.metadata.labels?[$0.key] == $0.value }
    let hasOwner = owner.map { (present?.metadata.ownerReferences ?? []).contains($0) } ?? true
    guard let present, hasLabels, hasOwner else {
      metadata.labels = self.settings.labels
      metadata.ownerReferences = owner.map { [$0] }
      return .applyObject(ConfigurationState(metadata: metadata))
    }
    let type = self.settings.conditionType
    let old = present.status?.conditions?.first { $0.type == type }
    var status = verdict.status(conditionType: type, since: old?.lastTransitionTime)
    let new = status.conditions?.first
    if status.result == present.status?.result, status.errorSummary ?? "" == present.status?.errorSummary ?? "",
      new?.status == old?.status, new?.reason == old?.reason, new?.message == old?.message
    {
      return nil
    }
    if new?.status != old?.status {
      status = verdict.status(conditionType: type, since: nil)
    }
    return .applyStatus(ConfigurationState(metadata: metadata, status: status))
  }
}
