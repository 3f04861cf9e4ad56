import Primitives
import Testing

@Suite struct GoDurationTests {
  @Test func `durations are read as Go reads them`() {
    let expected: [(String, Duration)] = [
      ("0", .zero), ("5s", .seconds(5)), ("1m30s", .seconds(90)), ("500ms", .milliseconds(500)),
      ("1.5s", .milliseconds(1500)), (".5s", .milliseconds(500)), ("1.s", .seconds(1)), ("2h", .seconds(7200)),
      ("-3s", .seconds(-3)), ("+3s", .seconds(3)), ("7us", .microseconds(7)), ("7µs", .microseconds(7)),
      ("9ns", .nanoseconds(9)),
    ]
    for (text, duration) in expected { #expect(GoDuration.parse(text) == duration, "\(text)") }
  }

  @Test(arguments: ["", "5", "s", ".s", "5 s", "5sec", "1..5s", "five", "-", "1e3s", "999999999h", "5s3"])
  func `anything else is no duration`(text: String) {
    #expect(GoDuration.parse(text) == nil)
  }
}
