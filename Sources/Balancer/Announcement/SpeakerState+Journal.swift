import KubernetesModel
import Primitives

/// What the flight recorder keeps of events and actions: no secret, and nothing large.
extension SpeakerState.Event {
  var cause: DecisionCause {
    switch self {
    case .tick: .time
    case .services(let change): DecisionCause("Service", change, \.key)
    case .endpoints(let change): DecisionCause("EndpointSlice", change, \.key)
    case .nodes(let change): DecisionCause("Node", change) { ObjectKey(name: $0.name) }
    case .pools(let change): DecisionCause("IPAddressPool", change, \.key)
    case .l2Advertisements(let change): DecisionCause("L2Advertisement", change, \.key)
    case .bgpPeers(let change): DecisionCause("BGPPeer", change, \.key)
    case .bgpAdvertisements(let change): DecisionCause("BGPAdvertisement", change, \.key)
    case .communities(let change): DecisionCause("Community", change, \.key)
    case .bfdProfiles(let change): DecisionCause("BFDProfile", change, \.key)
    case .secrets(let change): DecisionCause("Secret", change, \.key)
    case .interfaces: DecisionCause("interfaces of this node", nil, "changed")
    case .kernelAddresses: DecisionCause("addresses of this node", nil, "changed")
    case .addressFree(let address): DecisionCause(address.description, nil, "is nobody's on the local network")
    case .addressOccupied(let address, _): DecisionCause(address.description, nil, "is somebody else's")
    case .addressContested(let address, _): DecisionCause(address.description, nil, "is claimed by somebody else")
    case .members: DecisionCause("speakers that are alive", nil, "changed")
    case .ownership(let change): DecisionCause("ServiceL2Status", change, \.key)
    case .told(let notice): DecisionCause("node \(notice.node)", notice.soleService, "says what it announces")
    case .objected(let notice):
      DecisionCause("node \(notice.node)", notice.soleService, "says that what it announces is not this node's")
    case .following(let source, true): DecisionCause(source.rawValue, nil, "are followed again")
    case .following(let source, false): DecisionCause(source.rawValue, nil, "cannot be followed")
    case .handingOver: DecisionCause("this process", nil, "hands over")
    case .stopping: DecisionCause("this process", nil, "stops")
    }
  }
}

extension SpeakerState.Action {
  var decision: Decision {
    switch self {
    case .announce(.layer2(let announcement)):
      Decision("announced by layer2", announcement.service, addresses: announcement.addresses)
    case .announce(.bgp(let announcement)):
      Decision(
        "announced by bgp", announcement.service, addresses: announcement.addresses, names: announcement.peers)
    case .withdraw(let service, let addresses, .layer2, let reason):
      Decision("withdrew from layer2", service, addresses: addresses, detail: reason.rawValue)
    case .withdraw(let service, let addresses, .bgp, let reason):
      Decision("withdrew from bgp", service, addresses: addresses, detail: reason.rawValue)
    case .claim(let address, .all): Decision("answers for", addresses: [address])
    case .claim(let address, .named(let names)): Decision("answers for", addresses: [address], names: names)
    case .release(let address): Decision("answers no longer for", addresses: [address])
    case .probe(let address, _, _): Decision("asked whose it is:", addresses: [address])
    case .abandonProbe(let address): Decision("asks no longer whose it is:", addresses: [address])
    case .defend(let address): Decision("defended", addresses: [address])
    case .bid(let service, _, let term): Decision("claimed from its owner", service, detail: "term \(term)")
    case .abandonBid(let service): Decision("took its claim back", service)
    case .tell(let node, let notice):
      Decision("told what it announces", notice.soleService, names: [node], count: notice.stances.count)
    case .object(let node, let notice, _):
      Decision("objected to announcements", notice.soleService, names: [node], count: notice.services.count)
    case .configurePeers(let peers): Decision("has sessions with", names: peers.keys, count: peers.count)
    case .advertise(let changes):
      Decision(
        "told of routes:", names: changes.lazy.flatMap(\.peers), count: changes.reduce(0) { $0 + $1.peers.count })
    case .emit(let note): Decision(note)
    case .watch(let nodes): Decision("watches", names: nodes, count: nodes.count)
    case .report(let problems): Decision.finding(problems)
    }
  }
}
