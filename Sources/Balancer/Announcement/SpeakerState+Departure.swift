import KubernetesModel
import Primitives

/// Leaving well: what happens when this node is labelled so as to announce nothing, by an operator or by `metallb drain`.
///
/// Every speaker sees the label, and the others elect a successor at once. This node goes on with what it announces until
/// the successor is heard to announce it, so that nobody asks in vain, or until enough time has passed: whoever wanted to
/// take over has done so by then. On its routes it asks the routers to prefer others for as long (RFC 8326).
extension SpeakerState {
  /// Longer than a successor takes to see the label, and to say on the network that it has the address.
  static let departureTime = Duration.seconds(5)

  /// Whether this node announces for a little longer what it is to announce no more.
  var isDeparting: Bool { self.departsAt != nil }

  /// Takes a change of this node into account.
  mutating func noteDeparture(
    from before: NodeTable.Entry?, to after: NodeTable.Entry?, at now: ContinuousClock.Instant
  ) {
    guard let before, let after, self.nodes.isBarred(after), self.isDeciding else {
      // What was left to others on the way out is this node's to have again at once, as they know too.
      if let before, self.nodes.isBarred(before) { self.yields.endAll() }
      self.departsAt = nil
      return
    }
    if !self.nodes.isBarred(before) { self.departsAt = now + Self.departureTime }
  }

  /// Whether an address that this node may no longer own is still to be announced for some of these Services: others have
  /// not taken it over yet.
  func isLeftStanding(_ address: IPAddress, of company: [ObjectKey], for reason: Withheld) -> Bool {
    self.isDeparting && reason == .nodeLabeledExcludeBalancers && self.yields[address] == nil
      && company.contains { self.isAnnouncing($0) }
  }

  /// Ends the departure when its time has come, and returns what ends with it.
  mutating func concludeDeparture(at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    guard let departsAt, departsAt <= now else { return [] }
    self.departsAt = nil
    return self.services.owned.union(self.services.entangled)
  }
}
