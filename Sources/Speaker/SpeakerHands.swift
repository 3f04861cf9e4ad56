import BGP
import Balancer
import HostNetwork
import KubernetesModel
import Layer2
import Logging
import Reporting

/// Performs what `SpeakerState` asks for: claims and releases addresses, hands on the Events, logs what an operator cares
/// about.
struct SpeakerHands: Sendable {
  let responder: LinkResponder
  let bgp: BGPSpeaker
  let bfd: BFDPeers
  let routers: RouterFinder
  let reporter: Reporter
  let gossip: GossipService?
  let layer2Reports: NodeReporter<ServiceL2Status>
  let bgpReports: NodeReporter<ServiceBGPStatus>
  let logger: Logger

  func perform(_ action: SpeakerState.Action) {
    switch action {
    case .announce(.layer2(let announcement)):
      self.logger.info(
        "service has IP, announcing",
        metadata: [
          "event": "serviceAnnounced", "service": "\(announcement.service)",
          "ips": .string(Self.list(announcement.addresses)), "protocol": "layer2",
          "interfaces": .string(Self.text(announcement.interfaces)),
        ])
      self.layer2Reports.tell(announcement.interfaces, of: announcement.service, term: announcement.term)
    case .announce(.bgp(let announcement)):
      self.logger.info(
        "service has IP, announcing",
        metadata: [
          "event": "serviceAnnounced", "service": "\(announcement.service)",
          "ips": .string(Self.list(announcement.addresses)), "protocol": "bgp",
          "peers": .string(Self.list(announcement.peers)),
        ])
      self.bgpReports.tell(announcement.peers, of: announcement.service)
    case .configurePeers(let peers):
      self.bgp.configure(peers)
      self.bfd.configure(peers)
      self.routers.seek(on: Set(peers.values.compactMap(\.interface)))
    case .advertise(let changes):
      for change in changes {
        self.bgp.advertise(change.routes.mapValues { $0.map(Route.init) }, to: change.peers)
      }
    case .withdraw(let service, let addresses, let announcingProtocol, let reason):
      self.logger.info(
        "withdrawing service announcement",
        metadata: [
          "event": "serviceWithdrawn", "service": "\(service)", "ips": .string(Self.list(addresses)),
          "protocol": .string(announcingProtocol.rawValue), "reason": .string(reason.rawValue),
        ])
      switch announcingProtocol {
      case .layer2: self.layer2Reports.retract(service)
      case .bgp: self.bgpReports.retract(service)
      }
    case .claim(let address, let interfaces):
      self.responder.announce(address, on: InterfaceSet(interfaces))
    case .release(let address):
      self.responder.withdraw(address)
    case .probe(let address, let interfaces, let pause):
      self.responder.probe(address, on: InterfaceSet(interfaces), again: pause)
    case .abandonProbe(let address):
      self.responder.abandonProbe(of: address)
    case .defend(let address):
      self.logger.warning("defending an address that somebody else claims", metadata: ["ip": "\(address)"])
      self.responder.defend(address)
    case .bid(let service, let interfaces, let term):
      self.logger.info(
        "claiming a service that another node announces",
        metadata: ["event": "serviceClaimed", "service": "\(service)", "term": "\(term)"])
      self.layer2Reports.tell(interfaces, of: service, term: term)
    case .abandonBid(let service):
      self.layer2Reports.retract(service)
    case .tell(let node, let notice):
      self.gossip?.tell(node, notice.bytes)
    case .object(let node, let notice, let again):
      self.logger.log(
        level: again ? .debug : .warning, "another node announces what is this one's; it is told so",
        metadata: ["node": .string(node), "services": .string(Self.list(notice.services))])
      self.gossip?.tell(node, notice.bytes)
    case .emit(let note):
      self.reporter.tell(note)
    case .watch(let nodes):
      self.gossip?.watch(nodes)
    case .report(let problems):
      self.reporter.tell(problems)
    }
  }

  /// Tells of addresses that were taken over, once their first frames are out.
  func tookOver(_ takeover: Takeover, of state: SpeakerState, after duration: Duration?) {
    self.logger.info(
      "took over from nodes that are gone",
      metadata: [
        "event": "takeover", "nodes": .string(Self.list(takeover.nodes.sorted())),
        "services": "\(takeover.services.count)",
        "milliseconds": .string(duration.map { "\(Int($0 / .milliseconds(1)))" } ?? "unknown"),
      ])
    for note in state.notes(of: takeover, after: duration) { self.reporter.tell(note) }
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
