import KubernetesModel

/// `metallb status l2`: who announces what on the local network, who comes next, and how the speakers see each other.
package struct Layer2Report: ExtractView {
  let extract: StatusExtract
  /// Whether it is about one Service, of which everything is shown.
  private let isOfOne: Bool

  package init(_ extract: StatusExtract, isOfOne: Bool = false) {
    self.extract = extract
    self.isOfOne = isOfOne
  }

  private var told: [SpeakerStatus] { self.status.speakers.compactMap(\.status) }

  package func lines(colours: Bool, width: Int) -> [String] {
    let width = self.isWide ? max(width, 200) : width
    var lines: [String] = []
    func section(_ name: String, _ header: [String], _ rows: [[Styled]], otherwise: String? = nil) {
      let (shown, more) = self.limit.cut(rows)
      let section = Self.section(
        name, TextTable(header: header, rows: shown), otherwise: otherwise, colours: colours, width: width)
      if !section.isEmpty { lines += (lines.isEmpty ? [] : [""]) + section + more }
    }
    section(
      "Announcements", ["SERVICE", "ADDRESSES", "NODE", "FOR", "NEXT", "INTERFACES"] + self.furtherHeader,
      self.announcements, otherwise: "Nothing is announced on the local network.")
    section("Looked for before they are announced", ["NODE", "ADDRESS"], self.probing)
    section("Left to another speaker that was heard", ["NODE", "ADDRESS", "TO"], self.yields)
    section("Claimed by others while announced", ["NODE", "ADDRESS", "TIMES"], self.conflicts)
    section(
      "Owners that are watched", ["NODE", "WATCHES", "STATE", "MISSED", "LAST HEARD", "ROUND TRIP"], self.watched)
    section(
      "Speakers that gossip", ["NODE", "ADDRESS", "STATE", "FOR", "INCARNATION", "ALIVE FOR", "MAY OWN"], self.members)
    section("Takeovers", ["NODE", "SERVICES", "LATEST FROM", "AGO", "TOOK"], self.takeovers)
    return lines + StatusText.conclusion(self.status, colours: colours, width: width)
  }

  package var json: JSONValue { self.status.json }

  /// The Services that are announced.
  package var names: [String] {
    self.status.exposures.filter { $0.announcers.contains { $0.announcingProtocol == .layer2 } }.map(
      \.service.description)
  }

  private var furtherHeader: [String] { self.isWide || self.isOfOne ? ["ORDER OF CANDIDATES"] : [] }

  private var announcements: [[Styled]] {
    let details = Dictionary(
      self.told.flatMap { status in
        status.layer2.announcements.map { ("\($0.service) \(status.node)", $0) }
      }
    ) { first, _ in first }
    return self.status.exposures.flatMap { exposure in
      let owners = exposure.announcers.filter { $0.announcingProtocol == .layer2 }
      return owners.map { owner -> [Styled] in
        let detail = details["\(exposure.service) \(owner.node)"]
        let addresses = detail?.addresses ?? exposure.addresses
        var row: [Styled] = [
          Styled(exposure.service.description), Styled(addresses.joined(separator: ",")),
          Styled(owner.node, owners.count == 1 ? .good : .bad), Styled(StatusText.age(owner.seconds)),
          Styled(owner.next ?? "-"), Styled(detail.map { $0.interfaces?.joined(separator: ",") ?? "all" } ?? "-"),
        ]
        if !self.furtherHeader.isEmpty { row.append(Styled(detail?.candidates?.joined(separator: ", ") ?? "-")) }
        return row
      }
    }
  }

  private var probing: [[Styled]] {
    self.told.flatMap { status in status.layer2.probing.map { [Styled(status.node), Styled($0)] } }
  }

  private var yields: [[Styled]] {
    self.told.flatMap { status in
      status.layer2.yields.map { [Styled(status.node), Styled($0.address), Styled($0.node)] }
    }
  }

  private var conflicts: [[Styled]] {
    self.told.flatMap { status in
      status.layer2.conflicts.map { [Styled(status.node), Styled($0.address), Styled("\($0.claims)", .warning)] }
    }
  }

  private var watched: [[Styled]] {
    self.told.flatMap { status in
      status.layer2.watched.map { watched in
        [
          Styled(status.node), Styled(watched.node), watched.isLost ? Styled("lost", .bad) : Styled("answers", .good),
          Styled("\(watched.missedPings)"),
          Styled(watched.heardSecondsAgo.map { StatusText.milliseconds($0 * 1000) + " ago" } ?? "never"),
          Styled(StatusText.milliseconds(watched.roundTripMilliseconds)),
        ]
      }
    }
  }

  /// Each member once, in the worst state in which anybody sees it.
  private var members: [[Styled]] {
    let views = self.told.compactMap(\.gossip)
    let seen = Dictionary(grouping: views.flatMap(\.members), by: \.name)
    return seen.sorted { $0.key < $1.key }.compactMap { name, opinions in
      let order = ["alive", "suspect", "left", "dead"]
      func gravity(_ state: String) -> Int { order.firstIndex(of: state) ?? order.count }
      guard let worst = opinions.max(by: { gravity($0.state) < gravity($1.state) }) else { return nil }
      let alive = opinions.count { $0.state == "alive" }
      let may = opinions.count(where: \.isCandidate)
      return [
        Styled(name), Styled(worst.address), Styled(worst.state, worst.state == "alive" ? .good : .bad),
        Styled(StatusText.age(worst.seconds)), Styled("\(opinions.map(\.incarnation).max() ?? 0)"),
        Styled("\(alive) of \(views.count)", alive == views.count ? .plain : .warning),
        Styled(may == views.count ? "yes" : may == 0 ? "no" : "for \(may) of \(views.count)"),
      ]
    }
  }

  private var takeovers: [[Styled]] {
    self.told.filter { $0.layer2.takeovers > 0 }.map { status in
      let last = status.layer2.lastTakeover
      return [
        Styled(status.node), Styled("\(status.layer2.takeovers)"), Styled(last?.from.joined(separator: ", ") ?? "-"),
        Styled(StatusText.age(last?.secondsAgo)),
        Styled(StatusText.milliseconds(last?.durationSeconds.map { $0 * 1000 })),
      ]
    }
  }
}
