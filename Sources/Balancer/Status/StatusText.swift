/// The words and marks in which `metallb status` says things.
enum StatusText {
  /// How long something has been so: `12s`, `4m`, `3h`, `5d`.
  static func age(_ seconds: Double?) -> String {
    guard let seconds else { return "-" }
    let whole = Int(max(0, min(seconds, 1e12)))
    switch whole {
    case ..<120: return "\(whole)s"
    case ..<7200: return "\(whole / 60)m"
    case ..<172_800: return "\(whole / 3600)h"
    default: return "\(whole / 86_400)d"
    }
  }

  /// `[####------]`: how full something is; whatever is there shows.
  static func bar(_ assigned: Int64, of capacity: Int64, width: Int = 20) -> String {
    guard capacity > 0 else { return "[" + String(repeating: "-", count: width) + "]" }
    let share = Double(assigned) / Double(capacity) * Double(width)
    let filled = assigned == 0 ? 0 : min(width, max(1, Int(share)))
    return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled) + "]"
  }

  static func milliseconds(_ value: Double?) -> String {
    guard let value else { return "-" }
    return value < 10 ? "\(Double(Int(value * 100)) / 100) ms" : "\(Int(value)) ms"
  }

  static func heading(_ text: String, colours: Bool) -> String { Styled(text, .heading).rendered(colours: colours) }

  /// The whole in a sentence or two, at the top.
  static func verdict(_ status: ClusterStatus, colours: Bool, width: Int) -> [String] {
    let ours = status.exposures.filter { !$0.isForeign }
    let satisfied = ours.count { !$0.addresses.isEmpty }
    let announced = ours.count(where: \.isHeard)
    let peers = status.speakers.compactMap(\.status).flatMap(\.bgp.peers)
    let sessions = peers.isEmpty ? "" : "; \(peers.count(where: \.isEstablished)) of \(peers.count) BGP sessions up"
    let facts =
      "\(satisfied) of \(ours.count) Services \(ours.count == 1 ? "has" : "have") addresses, \(announced) "
      + "\(announced == 1 ? "is" : "are") announced\(sessions)."
    func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
    let warnings = status.warnings.isEmpty ? "" : ", \(counted(status.warnings.count, "warning"))"
    let head =
      status.isWell
      ? Styled("All is well\(warnings).", warnings.isEmpty ? .good : .warning)
      : Styled("\(counted(status.findings.count, "problem"))\(warnings).", .bad)
    // What is coloured is far shorter than a line.
    let rest = TextLayout.wrapped("\(head.text) \(facts)", width: width)
    return [head.rendered(colours: colours) + (rest.first ?? "").dropFirst(head.text.count)] + rest.dropFirst()
  }

  /// Problems, warnings and notes, at the end of each report.
  ///
  /// - Parameters:
  ///   - limit: how many of each are shown; nil = all.
  ///   - kinds: of what kinds of objects warnings are shown; nil = of all.
  static func conclusion(
    _ status: ClusterStatus, colours: Bool, width: Int, limit: Int? = 12, about kinds: Set<String>? = nil
  ) -> [String] {
    let cut = StatusLimit(limit ?? 0, hint: "metallb status problems shows them")
    func section(_ heading: Styled, _ items: [[String]]) -> [String] {
      guard !items.isEmpty else { return [] }
      let (shown, more) = cut.cut(items)
      return ["", heading.rendered(colours: colours)] + shown.flatMap { $0 } + more
    }
    func remedy(_ text: String) -> [String] { TextLayout.paragraph(text, indent: 4, mark: "→ ", width: width) }
    let problems = status.findings.map { finding in
      TextLayout.paragraph(finding.sentence, indent: 2, mark: "- ", width: width)
        + (finding.remedy.map(remedy) ?? [])
    }
    let warnings = status.warnings.filter { kinds?.contains($0.kind) != false }.map { warning in
      let field = warning.field.isEmpty ? "" : ", \(warning.field)"
      return TextLayout.paragraph(
        "\(warning.kind) \(warning.key)\(field): \(warning.message)", indent: 2, mark: "- ", width: width)
        + remedy(warning.remedy)
    }
    let notes = (status.notes + status.silences).map { TextLayout.paragraph($0, indent: 2, mark: "- ", width: width) }
    return section(Styled("Problems", .bad), problems) + section(Styled("Warnings", .warning), warnings)
      + section(Styled("Notes", .heading), notes)
  }
}

extension ClusterStatus {
  /// Who runs but says nothing, the same reason told once.
  package var silences: [String] {
    var places: [String: [String]] = [:]
    for speaker in self.speakers {
      if case .silent(let reason) = speaker.outcome { places[reason, default: []].append(speaker.node) }
    }
    var notes = places.sorted { $0.key < $1.key }.map { reason, nodes in
      "the speaker\(nodes.count == 1 ? "" : "s") on \(Self.list(nodes)) cannot be asked, so that objects in the cluster "
        + "speak for \(nodes.count == 1 ? "it" : "them"): \(reason)"
    }
    for controller in self.controllers {
      if case .silent(let reason) = controller.outcome {
        notes.append("controller \(controller.pod) cannot be asked: \(reason)")
      }
    }
    return notes + [self.versionNote].compactMap { $0 }
  }

  /// That processes of several versions run, as they do while one replaces the other.
  private var versionNote: String? {
    let places = Dictionary(
      grouping: self.speakers.compactMap { speaker in
        speaker.status.map { ($0.software, "the speaker on \(speaker.node)") }
      }
        + self.controllers.compactMap { controller in
          controller.status.map { ($0.software, "controller \(controller.pod)") }
        },
      by: \.0)
    guard places.count > 1 else { return nil }
    let versions = places.sorted { $0.key < $1.key }.map { "\($0.key) (\(Self.list($0.value.map(\.1), limit: 2)))" }
    return "several versions run: \(versions.joined(separator: ", "))"
  }
}
