import KubernetesModel
import Testing

@Suite struct TimestampTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2000-02-29T23:59:59Z", 951_868_799), ("2026-11-21T06:30:00Z", 1_795_242_600),
      ("1969-12-31T23:59:59Z", -1), ("2100-03-01T00:00:00Z", 4_107_542_400),
    ] as [(String, Int64)])
  func `a time reads and prints as RFC 3339`(text: String, seconds: Int64) {
    #expect(Timestamp(text) == Timestamp(seconds: seconds))
    #expect(Timestamp(seconds: seconds).text == text)
  }

  @Test func `decimals and offsets are understood`() {
    #expect(Timestamp("2026-11-21T08:30:00.5+02:00") == Timestamp(microseconds: 1_795_242_600_500_000))
    #expect(Timestamp("2026-11-21T06:30:00.123456789Z")?.microText == "2026-11-21T06:30:00.123456Z")
    #expect(Timestamp(microseconds: -1).microText == "1969-12-31T23:59:59.999999Z")
  }

  @Test(arguments: [
    "", "2026-11-21", "2026-11-21T06:30:00", "2026-13-21T06:30:00Z", "2026-11-21T24:00:00Z", "2026-11-21T06:30:00.Z",
    "2026-11-21T06:30:00Zx",
  ])
  func `what is not a time is refused`(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func `every day of four centuries survives printing and parsing`() {
    for day in stride(from: Int64(-25_000), to: 121_000, by: 1) {
      let time = Timestamp(seconds: day * 86_400)
      if Timestamp(time.text) != time { Issue.record("\(time.text) does not read back") }
    }
  }
}
