/// How long something took, counted by bounds, as Prometheus sees it.
package struct DurationHistogram: Sendable, Hashable {
  /// Rising.
  package let bounds: [Duration]
  /// How many were within each bound and beyond the one before; the last counts those beyond all.
  package private(set) var counts: [UInt64]
  package private(set) var sum = Duration.zero

  package init(bounds: [Duration]) {
    self.bounds = bounds
    self.counts = Array(repeating: 0, count: bounds.count + 1)
  }

  package var count: UInt64 { self.counts.reduce(0, +) }

  package mutating func observe(_ duration: Duration, times: UInt64 = 1) {
    let place = self.bounds.firstIndex { duration <= $0 } ?? self.bounds.count
    self.counts[place] += times
    self.sum += duration * Double(times)
  }
}

extension MetricsPage {
  /// Appends a histogram of seconds; one without observations is left out.
  package mutating func append(_ name: String, help: String, _ histogram: DurationHistogram) {
    guard histogram.count > 0 else { return }
    var total: UInt64 = 0
    var samples: [Sample] = []
    for (bound, count) in zip(histogram.bounds, histogram.counts) {
      total += count
      samples.append(Sample(Double(total), labels: ["le": Self.text(of: bound / .seconds(1))], suffix: "_bucket"))
    }
    samples.append(Sample(Double(histogram.count), labels: ["le": "+Inf"], suffix: "_bucket"))
    samples.append(Sample(histogram.sum / .seconds(1), suffix: "_sum"))
    samples.append(Sample(Double(histogram.count), suffix: "_count"))
    self.append(name, .histogram, help: help, samples)
  }
}
