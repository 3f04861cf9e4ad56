import BGP
import Logging
import Runner

/// Tells the log what becomes of a peer, in upstream's words where it has some.
///
/// Attempts that fail again for the same reason are for those who debug, and what a router says wrong with each of its
/// messages is told now and then.
struct PeerJournal {
  private var lastFailure: String?
  private var faults = RecurrenceLog<[AttributeFault]>()

  mutating func note(_ report: Peer.Report, in logger: Logger) {
    switch report {
    case .established(let agreement):
      self.lastFailure = nil
      logger.info(
        "BGP session established",
        metadata: [
          "event": "sessionUp", "asn": "\(agreement.peerASN)", "routerID": "\(agreement.peerIdentifier)",
          "families": .string(agreement.families.sorted().map(\.description).joined(separator: ",")),
          "holdTime": .string(agreement.holdTime.map { "\($0.components.seconds)s" } ?? "none"),
        ])
    case .ended(let reason):
      logger.warning(
        "BGP session down", metadata: ["event": "sessionDown", "reason": .string(reason.description)])
    case .failed(let reason, let pause):
      let text = reason.description
      logger.log(
        level: text == self.lastFailure ? .debug : .warning, "failed to establish BGP session",
        metadata: [
          "event": "sessionFailed", "reason": .string(text),
          "retry": .string(pause.map { "\(Int($0 / .milliseconds(1))) ms" } ?? "none"),
        ])
      self.lastFailure = text
    case .withoutNextHop(let family):
      logger.error(
        "routes of a family cannot be announced",
        metadata: [
          "event": "noNextHop", "family": .string(family.description),
          "reason": "the interface of the session has no address of that family to give as next hop",
        ])
    case .heldBack(let time):
      logger.info(
        "BGP waits until BFD is up again", metadata: ["event": "heldBack", "atMost": "\(time.components.seconds)s"])
    case .oversized(let prefixes):
      logger.error(
        "routes cannot be announced: what is said of them fills a message",
        metadata: [
          "event": "routeOversized", "count": "\(prefixes.count)",
          "prefixes": .string(prefixes.prefix(10).map(\.description).joined(separator: ",")),
          "remedy": "attach fewer communities in the BGPAdvertisements of these addresses",
        ])
    case .faults(let faults):
      guard let silentCount = self.faults.note(faults, at: Time.now) else { return }
      logger.warning(
        "the router sent malformed attributes; the session goes on",
        metadata: [
          "event": "malformedUpdate",
          "reason": .string(faults.map(\.description).joined(separator: "; ")), "others": "\(silentCount)",
        ])
    }
  }
}
