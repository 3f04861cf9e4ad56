import Balancer
import HostNetwork
import KubernetesClient
import KubernetesModel
import Layer2
import Logging

/// Performs what `SpeakerState` asks for: claims and releases addresses, hands on the Events, logs what an operator cares
/// about.
struct SpeakerHands: Sendable {
  let responder: LinkResponder
  let recorder: EventRecorder
  let logger: Logger

  func perform(_ action: SpeakerState.Action) {
    switch action {
    case .announce(let announcement):
      self.logger.info(
        "service has IP, announcing",
        metadata: [
          "event": "serviceAnnounced", "service": "\(announcement.service)",
          "ips": .string(Self.list(announcement.addresses)), "protocol": "layer2",
          "interfaces": .string(Self.text(announcement.interfaces)),
        ])
    case .withdraw(let service, let addresses, let announcingProtocol, let reason):
      self.logger.info(
        "withdrawing service announcement",
        metadata: [
          "event": "serviceWithdrawn", "service": "\(service)", "ips": .string(Self.list(addresses)),
          "protocol": .string(announcingProtocol.rawValue), "reason": .string(reason.rawValue),
        ])
    case .claim(let address, let interfaces):
      self.responder.announce(address, on: InterfaceSet(interfaces))
    case .release(let address):
      self.responder.withdraw(address)
    case .emit(let note):
      self.emit(note)
    case .report(let problems):
      self.report(problems)
    }
  }

  private func emit(_ note: EventNote) {
    if note.type == .warning {
      let service = ObjectKey(namespace: note.object.namespace ?? "", name: note.object.name ?? "")
      self.logger.warning(
        "cannot announce a service",
        metadata: ["event": .string(note.reason), "service": "\(service)", "reason": .string(note.message)])
    }
    self.recorder.record(about: note.object, type: note.type.rawValue, reason: note.reason, message: note.message)
  }

  private func report(_ problems: [Problem]) {
    if problems.isEmpty { self.logger.info("the configuration is valid") }
    for problem in problems {
      self.logger.error(
        "the configuration has a problem",
        metadata: [
          "kind": .string(problem.kind), "object": "\(problem.key)", "field": .string(problem.field),
          "reason": .string(problem.message), "remedy": .string(problem.remedy),
        ])
    }
  }

  private static func list(_ values: some Sequence<some CustomStringConvertible>) -> String {
    values.map(\.description).joined(separator: ",")
  }

  private static func text(_ interfaces: InterfaceSelection) -> String {
    switch interfaces {
    case .all: "all"
    case .named(let names): Self.list(names.sorted())
    }
  }
}

extension InterfaceSet {
  /// What was decided, in the words of the responder.
  fileprivate init(_ selection: InterfaceSelection) {
    switch selection {
    case .all: self = .all
    case .named(let names): self = .only(names)
    }
  }
}
