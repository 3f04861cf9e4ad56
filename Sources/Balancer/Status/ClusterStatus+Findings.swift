import KubernetesModel

/// What should not be so.
extension ClusterStatus {
  /// Everything, each with the object or the node that it is about; the same finding of many nodes is told once.
  var found: [Finding] {
    self.processFindings + self.configurationFindings + self.serviceFindings + self.bgpFindings + self.layer2Findings
  }

  private var processFindings: [Finding] {
    let list = "kubectl get pods -n \(self.namespace) shows what runs; if MetalLB is elsewhere, say so with -n."
    var findings: [Finding] = []
    if self.controllers.isEmpty {
      findings.append(Finding("there is no controller: no Service gets an address", remedy: list))
    } else if !self.controllers.contains(where: { $0.status?.isLeading != false }) {
      findings.append(
        Finding(
          "no controller leads: no Service gets an address until one does",
          remedy:
            "kubectl get leases -n \(self.namespace) shows whose turn it is; one that is gone is replaced in seconds."
        ))
    }
    if self.speakers.isEmpty {
      findings.append(Finding("there is no speaker: nothing is announced", remedy: list))
    }
    func describe(_ pod: String) -> String { "kubectl describe pod -n \(self.namespace) \(pod) says why." }
    for controller in self.controllers {
      if case .down(let reason) = controller.outcome {
        findings.append(Finding("controller \(controller.pod): \(reason)", remedy: describe(controller.pod)))
      }
    }
    for speaker in self.speakers {
      if case .down(let reason) = speaker.outcome {
        findings.append(
          Finding(
            "speaker on \(speaker.node.isEmpty ? speaker.pod : speaker.node): \(reason)", remedy: describe(speaker.pod))
        )
      }
      if let awaiting = speaker.status?.awaiting, !awaiting.isEmpty {
        findings.append(
          Finding(
            "speaker on \(speaker.node) announces nothing yet: it waits for \(awaiting.joined(separator: ", "))",
            remedy: "If that lasts, it may not read them: kubectl auth can-i list --as="
              + "system:serviceaccount:\(self.namespace):speaker RESOURCE answers that."))
      }
    }
    return findings
  }

  /// Each says itself what to do.
  private var configurationFindings: [Finding] {
    let problems =
      self.controllers.compactMap(\.status).flatMap(\.problems)
      + self.speakers.compactMap(\.status).flatMap(\.problems)
    return Set(problems).sorted().map { Finding($0) }
  }

  private var serviceFindings: [Finding] {
    self.exposures.filter { !$0.isForeign }.compactMap { exposure in
      let explain = "metallb explain service \(exposure.service) says why."
      if let reason = exposure.reason { return Finding("Service \(exposure.service): \(reason)", remedy: explain) }
      guard !exposure.addresses.isEmpty else {
        return Finding("Service \(exposure.service) has no address (yet)", remedy: explain)
      }
      let owners = exposure.announcers.filter { $0.announcingProtocol == .layer2 }.map(\.node)
      if owners.count > 1 {
        return Finding(
          "Service \(exposure.service) is announced on the local network by \(owners.joined(separator: " and "))",
          remedy: "metallb status l2 \(exposure.service) shows whether their speakers see each other.")
      }
      // Only who has heard all speakers can say that none announces it.
      guard !exposure.isHeard, self.speakers.allSatisfy({ $0.status != nil }) else { return nil }
      guard exposure.announcers.isEmpty else {
        return Finding(
          "Service \(exposure.service) is announced by BGP alone, and no router hears it",
          remedy: "metallb status bgp says why there is no session.")
      }
      return Finding("Service \(exposure.service) has an address that nobody announces", remedy: explain)
    }
  }

  private var bgpFindings: [Finding] {
    self.speakers.compactMap(\.status).flatMap { status in
      status.bgp.peers.flatMap { peer -> [Finding] in
        let place = "\(status.node): router \(peer.name) (\(peer.address))"
        if !peer.isEstablished {
          return [
            Finding(
              "\(place) is \(peer.state): \(peer.reason ?? "no reason is known")",
              remedy: "metallb status bgp -o wide tells the last error and whose it was.")
          ]
        }
        if let bfd = peer.bfd, bfd.state != "up" {
          return [
            Finding(
              "\(place): BFD is \(bfd.state)\(bfd.diagnostic.map { ", \($0)" } ?? "")",
              remedy: "The router needs BFD for this neighbour, and UDP 3784 (4784 over several hops) open both ways.")
          ]
        }
        return []
      }
    }
  }

  private var layer2Findings: [Finding] {
    let told = self.speakers.compactMap(\.status)
    var findings = told.flatMap { status in
      status.layer2.occupied.map { occupation in
        Finding(
          "\(occupation.address) is in use by \(occupation.hardware) on \(occupation.interface) of \(status.node)"
            + (occupation.knownAs.isEmpty ? "" : ", known as \(occupation.knownAs.joined(separator: ", "))"),
          remedy: "Give that device another address, or take this one out of the pool.")
      }
        + status.layer2.watched.filter(\.isLost).map {
          Finding(
            "\($0.node) does not answer \(status.node), which takes over",
            remedy: "If \($0.node) runs, see that UDP 7946 is open between the nodes.")
        }
    }
    let names = Set(told.filter { $0.awaiting.isEmpty && $0.gossip != nil }.map(\.node))
    for status in told {
      guard let gossip = status.gossip, names.contains(status.node) else { continue }
      let alive = Set(gossip.members.filter { $0.state == "alive" }.map(\.name))
      let unseen = names.subtracting(alive).subtracting([status.node]).sorted()
      guard !unseen.isEmpty else { continue }
      findings.append(
        Finding(
          "the speaker on \(status.node) does not see those on \(Self.list(unseen))",
          remedy: "TCP and UDP 7946 must be open between all nodes, and the secret memberlist the same for all."))
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
