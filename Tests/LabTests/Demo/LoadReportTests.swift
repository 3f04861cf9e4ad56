import Testing

@testable import Lab

struct LoadReportTests {
  private func report(_ answers: [Bool]) -> LoadReport {
    LoadReport(
      samples: answers.enumerated().map { .init(start: .milliseconds(100 * $0.offset), isAnswered: $0.element) },
      struck: .milliseconds(200))
  }

  @Test func `the takeover ends with the first of the answers that no failure follows`() {
    let report = self.report([true, true, true, false, true, false, true, true])
    #expect(report.failures == 2)
    #expect(report.takeover == .milliseconds(400))
  }

  @Test func `without a failure nothing was taken over, and with a failure at the end nobody took over`() {
    #expect(self.report([true, true, true]).takeover == .zero)
    #expect(self.report([true, true, false]).takeover == nil)
  }

  @Test func `the silence lasts from one answered request to the next, or to the end`() {
    #expect(self.report([true, true, true]).longestSilence == .milliseconds(100))
    #expect(self.report([true, false, false, true, false, true]).longestSilence == .milliseconds(300))
    #expect(self.report([true, true, false, false, false]).longestSilence == .milliseconds(300))
    #expect(self.report([]).longestSilence == .zero)
  }

  @Test func `the picture shows the share of requests that were lost in each slice`() {
    #expect(self.report([true, false, false, false, true]).lossPerSlice(2) == [0.5, 2.0 / 3.0])
  }
}
