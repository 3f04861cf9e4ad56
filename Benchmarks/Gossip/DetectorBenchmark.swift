import Gossip
import Primitives
import Simulation

/// How soon, and how surely, a node learns that the owner which it would replace is gone: by the fast detector, and beside it
/// by memberlist alone with the same dice.
///
/// What counts is what users notice. A false takeover is a successor that takes an owner for gone which lives; that others
/// take it for gone, too, changes nothing.
struct DetectorBenchmark {
  let size: Int
  /// The virtual seconds in which nobody dies.
  let span: Int
  let start: ContinuousClock.Instant

  /// So many groups lose a quarter of their nodes each, one every two seconds.
  private static let groupsWithDeaths: Range<UInt64> = 100..<104

  func run(say: (String) -> Void) {
    let hours = Double(self.size * self.span) / 3600
    say(
      "\(self.size) nodes, each of which watches one: \(Int(hours.rounded())) node-hours without a death for each line")
    for loss in [0, 0.05, 0.2] {
      for detection in [nil, 500, 300] as [Int?] {
        let falseTakeovers = self.peace(loss: loss, detection: detection)
        let noticed = Self.groupsWithDeaths.flatMap { self.deaths(loss: loss, detection: detection, seed: $0) }.sorted()
        say(
          "  loss \(Int(loss * 100)) %, \(detection.map { "\($0) ms" } ?? "memberlist alone"): "
            + "false takeovers \(falseTakeovers); \(noticed.count) deaths noticed, half of them within "
            + "\(Self.text(noticed, 0.5)), nine of ten within \(Self.text(noticed, 0.9)), all within "
            + "\(Self.text(noticed, 1))")
      }
    }
  }

  private func group(loss: Double, detection: Int?, seed: UInt64) -> GroupSimulation {
    var group = GroupSimulation(
      size: self.size, watchSettings: WatchSettings(detectionTime: .milliseconds(detection ?? 500)), areTogether: true,
      seed: seed, at: self.start)
    group.loss = loss
    guard detection != nil else { return group }
    for index in 0..<self.size { group.watch(index, [(index + 1) % self.size]) }
    return group
  }

  /// How often a node took the living one that it would replace for gone.
  private func peace(loss: Double, detection: Int?) -> Int {
    var group = self.group(loss: loss, detection: detection, seed: 7)
    var (gone, takeovers): (Set<Int>, Int) = ([], 0)
    for _ in 0..<self.span {
      group.run(upTo: .seconds(1), every: .seconds(1))
      for report in group.reports where report.change.subject == GroupSimulation.name((report.by + 1) % self.size) {
        switch report.change {
        case .lost, .failed:
          if gone.insert(report.by).inserted { takeovers += 1 }
        case .recovered, .joined, .refuted: gone.remove(report.by)
        default: break
        }
      }
      group.reports = []
    }
    return takeovers
  }

  /// After what time each of some deaths was noticed by the successor.
  private func deaths(loss: Double, detection: Int?, seed: UInt64) -> [Duration] {
    var group = self.group(loss: loss, detection: detection, seed: seed)
    var dice = SplitMix64(seed: seed)
    group.run(upTo: .seconds(20), every: .seconds(1))
    var times: [Duration] = []
    for victim in stride(from: 1, to: self.size, by: 4) {
      let (name, successor) = (GroupSimulation.name(victim), victim - 1)
      // Whom it takes for gone already it does not lose.
      guard group[successor].candidates.contains(name) else { continue }
      group.reports = []
      let killedAt = group.now
      group.kill(victim)
      group.run(upTo: .seconds(60), every: .milliseconds(50)) { group in
        !group[successor].candidates.contains(name)
      }
      let report = group.reports.first { report in
        report.by == successor && (report.change == .lost(name) || report.change == .failed(name))
      }
      if let report { times.append(report.at - killedAt) }
      group.run(upTo: dice.jittered(.seconds(2), by: 0.5), every: .seconds(1))
    }
    return times
  }

  private static func text(_ sorted: [Duration], _ share: Double) -> String {
    guard !sorted.isEmpty else { return "-" }
    let index = min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.up)) - 1)
    let milliseconds = sorted[max(0, index)] / .milliseconds(1)
    return milliseconds < 10_000 ? "\(Int(milliseconds)) ms" : "\(Int((milliseconds / 1000).rounded())) s"
  }
}

extension Membership.Change {
  /// Whom it is about, if that is the fate of a node.
  fileprivate var subject: String? {
    switch self {
    case .lost(let node), .failed(let node), .recovered(let node), .joined(let node), .refuted(let node): node
    case .updated, .suspected, .left, .accused, .mute, .conflict, .unreachable, .incompatible: nil
    }
  }
}
