import KubernetesModel
import Primitives

/// What a drain would do, does, or has done, for people and for machines.
package struct DrainReport: Sendable, Equatable {
  /// How far it has come.
  package enum Outcome: String, Sendable, Hashable {
    /// Nothing was changed: it was only asked what would be.
    case planned
    /// Nothing was changed, as Services would be without an announcer.
    case refused
    case drained
    /// The node is told to leave, and still announces, or nobody does.
    case unfinished
  }

  package var plan: DrainPlan
  package var outcome: Outcome
  /// Who announces each Service on the local network now.
  package var announcers: [ObjectKey: String]
  /// The Services that the node still announces to BGP peers.
  package var routed: [ObjectKey]

  package init(
    _ plan: DrainPlan, outcome: Outcome, announcers: [ObjectKey: String] = [:], routed: [ObjectKey] = []
  ) {
    self.plan = plan
    self.outcome = outcome
    self.announcers = announcers
    self.routed = routed
  }

  /// Where each Service is, or would be; nil = nowhere.
  private func place(of move: DrainPlan.Move) -> String? {
    switch self.outcome {
    case .planned, .refused: move.successor
    case .drained, .unfinished: self.announcers[move.service]
    }
  }

  // MARK: For people

  package func lines(colours: Bool, width: Int = 80) -> [String] {
    var lines: [String] = []
    if !self.plan.moves.isEmpty {
      let table = TextTable(
        header: ["SERVICE", "ADDRESSES", "FROM", "TO"],
        rows: self.plan.moves.map { move in
          let place = self.place(of: move)
          return [
            Styled(move.service.description), Styled(move.addresses.map(\.description).joined(separator: ",")),
            Styled(self.plan.node), Styled(place ?? "nobody", place == nil || place == self.plan.node ? .bad : .good),
          ]
        })
      lines += table.lines(width: width, colours: colours) + [""]
    }
    return lines + TextLayout.paragraph(self.summary, indent: 0, width: width)
  }

  private var summary: String {
    let (node, count) = (self.plan.node, self.plan.moves.count)
    let services = "\(count) Service\(count == 1 ? "" : "s")"
    switch self.outcome {
    case .planned: return "\(node) would hand over \(services). Nothing was changed."
    case .refused:
      let stranded = self.plan.stranded.count
      return "\(node) is not drained: \(stranded) of \(services) would be announced by nobody. See what speaks against "
        + "each other node with metallb explain service, or drain with --force."
    case .drained: return "\(node) is drained: \(services) handed over. metallb drain --undo \(node) ends it."
    case .unfinished:
      let routes =
        self.routed.isEmpty
        ? "" : ", \(self.routed.count) Service\(self.routed.count == 1 ? " is" : "s are") still announced by BGP"
      let left = self.plan.moves.count { [nil, node].contains(self.announcers[$0.service]) }
      return "\(node) is told to leave, but is not done: \(left) of \(services) not taken over\(routes). "
        + "metallb drain --undo \(node) takes it back."
    }
  }

  // MARK: For machines

  package var json: JSONValue {
    [
      "node": .string(self.plan.node), "outcome": .string(self.outcome.rawValue),
      "moves": .array(self.plan.moves.map(self.json)),
      "announcedByBGP": .array(self.routed.map { .string($0.description) }),
    ]
  }

  private func json(_ move: DrainPlan.Move) -> JSONValue {
    var value: JSONValue = [
      "namespace": .string(move.service.namespace), "name": .string(move.service.name),
      "addresses": .array(move.addresses.map { .string($0.description) }), "from": .string(self.plan.node),
    ]
    value["to"] = self.place(of: move).map { .string($0) }
    return value
  }
}
