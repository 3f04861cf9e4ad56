/// What a client under load has seen: when each request began, and whether it was answered.
package struct LoadReport: Sendable, Hashable {
  package struct Sample: Sendable, Hashable {
    /// When it began, counted from the start of the load.
    package let start: Duration
    package let isAnswered: Bool

    package init(start: Duration, isAnswered: Bool) {
      self.start = start
      self.isAnswered = isAnswered
    }
  }

  package let samples: [Sample]
  /// When something failed, counted from the start of the load.
  package let struck: Duration

  package init(samples: [Sample], struck: Duration) {
    self.samples = samples.sorted { $0.start < $1.start }
    self.struck = struck
  }

  package var failures: Int { self.samples.filter { !$0.isAnswered }.count }

  /// From the fault to the first request of the unbroken row of answered ones at the end; nil if the last one failed,
  /// zero if none did.
  package var takeover: Duration? {
    guard let lastFailure = self.samples.lastIndex(where: { !$0.isAnswered }) else { return .zero }
    guard lastFailure + 1 < self.samples.count else { return nil }
    return max(.zero, self.samples[lastFailure + 1].start - self.struck)
  }

  /// The longest time in which no request began that was answered.
  package var longestSilence: Duration {
    let answered =
      [.zero] + self.samples.filter(\.isAnswered).map(\.start) + (self.samples.last.map { [$0.start] } ?? [])
    return zip(answered, answered.dropFirst()).map { $1 - $0 }.max() ?? .zero
  }

  /// Which part of each slice of time went unanswered, for a picture of the outage.
  package func lossPerSlice(_ slices: Int) -> [Double] {
    guard slices > 0, let last = self.samples.last?.start, last > .zero else { return [] }
    var total = [Int](repeating: 0, count: slices)
    var lost = total
    for sample in self.samples {
      let slice = min(slices - 1, Int(Double(slices) * (sample.start / last)))
      total[slice] += 1
      if !sample.isAnswered { lost[slice] += 1 }
    }
    return zip(lost, total).map { $1 == 0 ? 0 : Double($0) / Double($1) }
  }
}
