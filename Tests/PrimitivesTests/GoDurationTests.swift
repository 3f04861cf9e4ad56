import Primitives
import Testing

@Suite struct GoDurationTests {
  @Test(arguments: [
    ("90s", Duration.seconds(90), "1m30s"), ("1m30s", .seconds(90), "1m30s"), ("0", .zero, "0s"), ("0s", .zero, "0s"),
    ("2s", .seconds(2), "2s"), ("1.5h", .seconds(5400), "1h30m0s"), ("300ms", .milliseconds(300), "300ms"),
    ("1.5s", .milliseconds(1500), "1.5s"), ("-2s", .seconds(-2), "-2s"), ("+3s", .seconds(3), "3s"),
    (".5s", .milliseconds(500), "500ms"), ("1h", .seconds(3600), "1h0m0s"), ("15us", .microseconds(15), "15µs"),
    ("15µs", .microseconds(15), "15µs"), ("7ns", .nanoseconds(7), "7ns"),
    ("1h0m0.25s", .milliseconds(3_600_250), "1h0m0.25s"),
    ("1.s", .seconds(1), "1s"),
  ])
  func `a time is read and printed as Go does`(text: String, duration: Duration, printed: String) {
    #expect(GoDuration.parse(text) == duration)
    #expect(GoDuration.text(of: duration) == printed)
    #expect(GoDuration.parse(printed) == duration)
  }

  @Test(arguments: [
    "", "s", "90", "90 s", "1x", "-", ".s", "1..5s", "s90", "99999999999999999999s", "9999999999999999999h",
    "999999999h", "47261439850130342.2h", "2835686391007820528.9m",
    "5 s", "5sec", "five", "1e3s", "5s3", "300000h5h300000000h", "٣s",
  ])
  func `what is no time is none`(text: String) {
    #expect(GoDuration.parse(text) == nil)
  }
}
