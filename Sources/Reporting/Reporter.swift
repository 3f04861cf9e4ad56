import Balancer
import KubernetesClient
import KubernetesModel
import Logging

/// What a process says of its decisions: Events and the ConfigurationState for the users, the log for the operator.
///
/// Controller and speaker decide different things, but say them alike.
package struct Reporter: Sendable {
  private let recorder: EventRecorder
  private let keeper: ConfigurationStateKeeper
  private let board = ProblemBoard()
  private let logger: Logger

  package init(recorder: EventRecorder, keeper: ConfigurationStateKeeper, logger: Logger) {
    self.recorder = recorder
    self.keeper = keeper
    self.logger = logger
  }

  /// Tells the user of an object something.
  package func tell(_ note: EventNote) {
    let object = ObjectKey(namespace: note.object.namespace ?? "", name: note.object.name ?? "")
    self.logger.log(
      level: note.type == .warning ? .warning : .info, "event",
      metadata: ["event": .string(note.reason), "object": "\(object)", "reason": .string(note.message)])
    self.recorder.record(about: note.object, type: note.type.rawValue, reason: note.reason, message: note.message)
  }

  /// Tells what is wrong with the configuration now; nothing = all is well.
  package func tell(_ problems: [Problem], in source: ProblemBoard.Source = .objects) {
    if let all = self.board.note(problems, in: source) { self.keeper.conclude(ConfigurationVerdict(all)) }
    if problems.isEmpty {
      self.logger.info(source == .objects ? "the configuration is valid" : "the ConfigMap is valid")
    }
    for problem in problems {
      self.logger.log(
        level: problem.severity == .warning ? .warning : .error, "the configuration has a problem",
        metadata: [
          "kind": .string(problem.kind), "object": "\(problem.key)", "field": .string(problem.field),
          "reason": .string(problem.message), "remedy": .string(problem.remedy),
        ])
    }
  }
}
