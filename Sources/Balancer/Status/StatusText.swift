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

  /// Problems and notes, at the end of each report.
  static func conclusion(_ status: ClusterStatus, colours: Bool, width: Int) -> [String] {
    var lines: [String] = []
    if !status.problems.isEmpty {
      lines += ["", Styled("Problems", .bad).rendered(colours: colours)]
      lines += status.problems.flatMap { TextLayout.paragraph($0, indent: 2, mark: "- ", width: width) }
    }
    let notes = status.notes + status.silences
    if !notes.isEmpty {
      lines += ["", Self.heading("Notes", colours: colours)]
      lines += notes.flatMap { TextLayout.paragraph($0, indent: 2, mark: "- ", width: width) }
    }
    return lines
  }
}

extension ClusterStatus {
  /// Who runs but says nothing, the same reason told once.
  var silences: [String] {
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
    return notes
  }
}
