import Testing

@testable import Serving

@Suite struct ProcessReadingTests {
  /// As proc(5) has it, of a program with a blank and a parenthesis in its name.
  private static let stat =
    "42 (a) b) S 1 42 42 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 4 0 1000 8192000 300 18446744073709551615 1 1 0"

  @Test func `the figures of the kernel become seconds and bytes`() throws {
    let reading = try #require(
      ProcessReading(stat: Self.stat, bootTime: 1_700_000_000, ticksPerSecond: 100, pageSize: 4096))
    #expect(reading.processorSeconds == 3)
    #expect(reading.startTime == 1_700_000_010)
    #expect(reading.virtualBytes == 8_192_000)
    #expect(reading.residentBytes == 300 * 4096)
  }

  @Test(arguments: ["", "42 (metallb", "42 (metallb) S 1 2 3", "42 (metallb) " + String(repeating: "x ", count: 40)])
  func `another form is no reading`(text: String) {
    #expect(ProcessReading(stat: text, bootTime: 0, ticksPerSecond: 100, pageSize: 4096) == nil)
  }

  @Test func `the names are those of all libraries of Prometheus`() throws {
    var reading = try #require(
      ProcessReading(stat: Self.stat, bootTime: 0, ticksPerSecond: 100, pageSize: 4096))
    (reading.openDescriptors, reading.maximumDescriptors) = (7, 1024)
    var page = MetricsPage()
    page.appendProcess(reading)
    #expect(
      page.text.split(separator: "\n").filter { !$0.hasPrefix("#") } == [
        "process_cpu_seconds_total 3", "process_open_fds 7", "process_max_fds 1024",
        "process_resident_memory_bytes 1228800", "process_virtual_memory_bytes 8192000",
        "process_start_time_seconds 10",
      ])
  }
}
