import KubernetesModel
import Primitives

/// What there is to tell of Services beside the announcements themselves (``SpeakerReading``).
extension SpeakerState {
  /// How many places in the order of the election are told.
  private static let candidateLimit = 5

  /// What users are told of a takeover, in addition to upstream's `nodeAssigned`; `duration` = from the first sign of life
  /// that was missed to the first frame of this node.
  package func notes(of takeover: Takeover, after duration: Duration?) -> [EventNote] {
    let nodes = takeover.nodes.sorted().map(GoText.quoted).joined(separator: ", ")
    let time = duration.map { " after \(Int($0 / .milliseconds(1))) ms" } ?? ""
    return takeover.services.compactMap { self.services[$0]?.view.reference }.map { reference in
      EventNote(
        object: reference, type: .normal, reason: "takenOver",
        message: "node \(GoText.quoted(self.settings.node)) took over from node \(nodes)\(time)")
    }
  }

  /// The first nodes in the order of the election for each of some Services; those that cannot be announced are left out.
  package func candidates(of keys: [ObjectKey]) -> [ObjectKey: [String]] {
    keys.reduce(into: [:]) { $0[$1] = self.candidates(of: $1) }
  }

  /// The first nodes in the order of the election for a Service, the owner first; nil = it cannot be announced.
  package func candidates(of key: ObjectKey) -> [String]? {
    guard let address = self.electionAddress(of: key), let candidacy = self.candidacy(of: key) else { return nil }
    let order = self.nodes.order(of: address, in: candidacy, limit: Self.candidateLimit)
    guard let policy = self.services[key]?.policy,
      let incumbent = self.incumbent(
        of: self.services.company(of: key).sorted(), for: address, by: policy, in: candidacy)
    else { return order }
    return Array(([incumbent] + order.filter { $0 != incumbent }).prefix(Self.candidateLimit))
  }
}
