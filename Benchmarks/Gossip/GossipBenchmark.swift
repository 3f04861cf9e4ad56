import Glibc
import Gossip
import Primitives
import Simulation

/// Groups of hundreds to thousands of speakers in virtual time: `gossip-benchmark [NODES[@SECONDS]...]`, by default
/// 100@60 1000@20 5000@20. The seconds are virtual, for each of the cases in which nobody dies. `detector:100@360` looks at
/// the fast detector alone (``DetectorBenchmark``), `peace:5000@20` at what goes on while nobody dies.
///
/// Each node watches another one closely, as it would with many addresses. Numbers are of the protocol, not of this
/// machine: the same seed gives the same figures anywhere.
@main
struct GossipBenchmark {
  static func main() {
    let arguments =
      CommandLine.arguments.count > 1 ? Array(CommandLine.arguments.dropFirst()) : ["100@60", "1000@20", "5000@20"]
    for argument in arguments {
      let words = argument.split(separator: ":")
      let parts = (words.last ?? "").split(separator: "@").compactMap { Int($0) }
      guard let size = parts.first, size >= 4 else { continue }
      let span = parts.count > 1 ? max(2, parts[1]) : 20
      if words.count == 2, words[0] == "detector" {
        DetectorBenchmark(size: size, span: span, start: self.start).run(say: self.say)
        continue
      }
      let benchmark = GossipBenchmark(size: size, span: span)
      if words.count == 2, words[0] == "peace" {
        self.say("\(size) nodes")
        benchmark.peace()
        continue
      }
      self.say("\(size) nodes")
      benchmark.partition()
      benchmark.death()
      benchmark.peace()
      benchmark.pauses()
      benchmark.arrival()
    }
  }

  private let size: Int
  /// The virtual time of what is counted by the second.
  private let span: Int

  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  private static let start = ContinuousClock.Instant.now

  private func group(detection: Duration = .milliseconds(500), watches: Bool = true, seed: UInt64) -> GroupSimulation {
    var group = GroupSimulation(
      size: self.size, watchSettings: WatchSettings(detectionTime: detection), areTogether: true, seed: seed,
      at: Self.start)
    if watches {
      for index in 0..<self.size { group.watch(index, [(index + 1) % self.size]) }
    }
    return group
  }

  private struct Tally {
    var suspicions = 0
    var deaths: Set<String> = []
    var losses = 0

    init(_ group: GroupSimulation) {
      for report in group.reports {
        switch report.change {
        case .suspected: self.suspicions += 1
        case .failed(let node): self.deaths.insert(node)
        case .lost: self.losses += 1
        default: break
        }
      }
    }
  }

  /// Nobody dies: what it costs, and who is taken for dead all the same.
  private func peace() {
    for loss in [0, 0.05, 0.2] where self.size <= 2000 || loss < 0.1 {
      for detection in [nil, 500, 300] as [Int?] {
        var group = self.group(detection: .milliseconds(detection ?? 500), watches: detection != nil, seed: 1)
        group.run(upTo: .seconds(2))
        (group.datagramCount, group.byteCount, group.streamByteCount) = (0, 0, 0)
        group.loss = loss
        group.run(upTo: .seconds(self.span))
        let tally = Tally(group)
        let share = Double(self.size * self.span)
        Self.say(
          "  loss \(Int(loss * 100)) %, \(detection.map { "owners watched, \($0) ms" } ?? "memberlist alone"): "
            + "\(Self.text(Double(group.datagramCount) / share)) datagrams, \(Self.text(Double(group.byteCount) / share)) "
            + "bytes in them, \(Self.text(Double(group.streamByteCount) / share)) bytes over streams a second and node; "
            + "in \(self.span) s falsely dead \(tally.deaths.count), falsely lost \(tally.losses), "
            + "suspicions \(tally.suspicions)")
      }
    }
  }

  /// A twentieth of the nodes pause every two seconds.
  private func pauses() {
    for (pause, detection) in [(200, 500), (400, 500), (1500, 500), (150, 300)] where self.size <= 2000 {
      var group = self.group(detection: .milliseconds(detection), seed: 2)
      group.run(upTo: .seconds(2))
      for round in 0..<(self.span / 2) {
        for index in stride(from: round % 20, to: self.size, by: 20) { group.pause(index, for: .milliseconds(pause)) }
        group.run(upTo: .seconds(2))
      }
      let tally = Tally(group)
      Self.say(
        "  every 20th node pauses for \(pause) ms every 2 s, \(detection) ms: in \(self.span) s falsely dead "
          + "\(tally.deaths.count), lost \(tally.losses)")
    }
  }

  private func death() {
    for detection in [500, 300, 100] where self.size <= 200 || detection == 500 {
      var group = self.group(detection: .milliseconds(detection), seed: 3)
      group.run(upTo: .seconds(3))
      var (earliest, all): ([Duration], [Duration]) = ([], [])
      for victim in stride(from: 1, to: min(self.size, 80), by: self.size > 200 ? 79 : 16) {
        let name = GroupSimulation.name(victim)
        group.reports = []
        let killedAt = group.now
        group.kill(victim)
        group.run(upTo: .seconds(120), every: .milliseconds(200)) { group in
          group.reports.count { $0.change == .failed(name) } >= group.running.count
        }
        if let report = group.reports.first(where: { $0.change == .lost(name) }) {
          earliest.append(report.at - killedAt)
        }
        if let report = group.reports.last(where: { $0.change == .failed(name) }) { all.append(report.at - killedAt) }
        if self.size > 2000 { break }
      }
      Self.say(
        "  a node dies, \(detection) ms: lost after \(Self.texts(earliest)), dead to all after \(Self.texts(all))")
      if self.size > 2000 { return }
    }
  }

  private func arrival() {
    var group = self.group(seed: 4)
    group.run(upTo: .seconds(3))
    group.kill(1)
    group.restart(1)
    group.reports = []
    let start = group.now
    group.join(1, to: [self.size / 2, self.size / 3, self.size - 1])
    group.run(upTo: .seconds(10))
    let known = group.reports.last { $0.by == 1 }.map { $0.at - start }
    Self.say("  a node starts anew: it knows all after \(known.map(Self.text) ?? "-")")
  }

  private func partition() {
    // Halves of thousands that hold each other for dead want more memory than there is.
    guard self.size <= 1000 else { return }
    for apart in [20, 120] where apart == 20 || self.size <= 200 {
      var group = self.group(watches: false, seed: 5)
      let half = self.size / 2
      for index in 0..<self.size { group.join(index, to: Array(0..<self.size)) }
      group.run(upTo: .seconds(3))
      group.separate(0..<half, onto: 1)
      let split = group.run(upTo: .seconds(240), every: .milliseconds(500)) {
        $0.agreement(onCount: half) >= half * 2 - 1
      }
      group.run(upTo: .seconds(apart))
      group.heal()
      group.reports = []
      let healedAt = group.now
      let whole = group.run(upTo: .seconds(120), every: .milliseconds(100)) {
        $0.agreement(onCount: $0.running.count) == $0.running.count
      }
      let first = group.reports.first { if case .joined = $0.change { true } else { false } }.map { $0.at - healedAt }
      Self.say(
        "  halves apart: settled after \(split.map(Self.text) ?? "-"); healed \(apart) s later: first meeting after "
          + "\(first.map(Self.text) ?? "-"), one group after \(whole.map(Self.text) ?? "more than 120 s")")
    }
  }

  // MARK: - Text

  private static func text(_ duration: Duration) -> String {
    let milliseconds = Int(duration / .milliseconds(1))
    return milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
  }

  private static func texts(_ durations: [Duration]) -> String {
    guard let least = durations.min(), let most = durations.max() else { return "-" }
    return least == most ? self.text(least) : "\(self.text(least)) to \(self.text(most))"
  }

  private static func text(_ value: Double) -> String {
    value < 10 ? "\(Double(Int(value * 10)) / 10)" : "\(Int(value))"
  }
}
