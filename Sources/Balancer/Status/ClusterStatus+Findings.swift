import KubernetesModel

/// What should not be so.
extension ClusterStatus {
  /// Sentences, each with the object or the node that it is about; the same finding of many nodes is told once.
  var findings: [String] {
    self.processFindings + self.configurationFindings + self.serviceFindings + self.bgpFindings + self.layer2Findings
  }

  private var processFindings: [String] {
    var findings: [String] = []
    if self.controllers.isEmpty {
      findings.append("there is no controller: no Service gets an address")
    } else if !self.controllers.contains(where: { $0.status?.isLeading != false }) {
      findings.append("no controller leads: no Service gets an address until one does")
    }
    if self.speakers.isEmpty { findings.append("there is no speaker: nothing is announced") }
    for controller in self.controllers {
      if case .down(let reason) = controller.outcome { findings.append("controller \(controller.pod): \(reason)") }
    }
    for speaker in self.speakers {
      if case .down(let reason) = speaker.outcome {
        findings.append("speaker on \(speaker.node.isEmpty ? speaker.pod : speaker.node): \(reason)")
      }
      if let awaiting = speaker.status?.awaiting, !awaiting.isEmpty {
        findings.append(
          "speaker on \(speaker.node) announces nothing yet: it waits for \(awaiting.joined(separator: ", "))")
      }
    }
    return findings
  }

  private var configurationFindings: [String] {
    let problems =
      self.controllers.compactMap(\.status).flatMap(\.problems)
      + self.speakers.compactMap(\.status).flatMap(\.problems)
    return Set(problems).sorted()
  }

  private var serviceFindings: [String] {
    self.exposures.filter { !$0.isForeign }.compactMap { exposure in
      if let reason = exposure.reason { return "Service \(exposure.service): \(reason)" }
      guard !exposure.addresses.isEmpty else { return "Service \(exposure.service) has no address (yet)" }
      let owners = exposure.announcers.filter { $0.announcingProtocol == .layer2 }.map(\.node)
      if owners.count > 1 {
        return "Service \(exposure.service) is announced on the local network by \(owners.joined(separator: " and "))"
      }
      // Only who has heard all speakers can say that none announces it.
      guard !exposure.isHeard, self.speakers.allSatisfy({ $0.status != nil }) else { return nil }
      guard exposure.announcers.isEmpty else {
        return "Service \(exposure.service) is announced by BGP alone, and no router hears it"
      }
      return "Service \(exposure.service) has an address that nobody announces: metallb explain service "
        + "\(exposure.service) says why"
    }
  }

  private var bgpFindings: [String] {
    self.speakers.compactMap(\.status).flatMap { status in
      status.bgp.peers.flatMap { peer -> [String] in
        let place = "\(status.node): router \(peer.name) (\(peer.address))"
        if !peer.isEstablished { return ["\(place) is \(peer.state): \(peer.reason ?? "no reason is known")"] }
        if let bfd = peer.bfd, bfd.state != "up" {
          return ["\(place): BFD is \(bfd.state)\(bfd.diagnostic.map { ", \($0)" } ?? "")"]
        }
        return []
      }
    }
  }

  private var layer2Findings: [String] {
    let told = self.speakers.compactMap(\.status)
    var findings = told.flatMap { status in
      status.layer2.occupied.map { occupation in
        "\(occupation.address) is in use by \(occupation.hardware) on \(occupation.interface) of \(status.node)"
          + (occupation.knownAs.isEmpty ? "" : ", known as \(occupation.knownAs.joined(separator: ", "))")
      }
        + status.layer2.watched.filter(\.isLost).map { "\($0.node) does not answer \(status.node), which takes over" }
    }
    let names = Set(told.filter { $0.awaiting.isEmpty && $0.gossip != nil }.map(\.node))
    for status in told {
      guard let gossip = status.gossip, names.contains(status.node) else { continue }
      let alive = Set(gossip.members.filter { $0.state == "alive" }.map(\.name))
      let unseen = names.subtracting(alive).subtracting([status.node]).sorted()
      guard !unseen.isEmpty else { continue }
      findings.append("the speaker on \(status.node) does not see those on \(Self.list(unseen))")
    }
    return findings
  }

  /// The first of many names.
  static func list(_ names: [String], limit: Int = 5) -> String {
    names.count <= limit
      ? names.joined(separator: ", ")
      : names.prefix(limit).joined(separator: ", ") + " and \(names.count - limit) more"
  }
}
