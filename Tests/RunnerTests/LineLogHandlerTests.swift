import Logging
import Synchronization
import Testing

@testable import Runner

@Suite struct LineLogHandlerTests {
  private final class Lines: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    func append(_ line: [UInt8]) { self.bytes.withLock { $0 += line } }
    var text: String { self.bytes.withLock { String(decoding: $0, as: UTF8.self) } }
  }

  private func logger(_ level: LogLevel, _ format: LogFormat = .json, into lines: Lines) -> Logger {
    Logger(label: "test") { _ in
      LineLogHandler(level: level, format: format, write: lines.append) { "2026-01-02T03:04:05.000006Z" }
    }
  }

  @Test func `a line has upstream's keys, then the metadata in order`() {
    let lines = Lines()
    self.logger(.info, into: lines).warning(
      "no way", metadata: ["service": "a/b", "ip": "192.0.2.1"], file: "Module/Some/File.swift", line: 7)
    #expect(
      lines.text
        == #"{"ts":"2026-01-02T03:04:05.000006Z","level":"warn","caller":"File.swift:7","msg":"no way","#
        + #""ip":"192.0.2.1","service":"a/b"}"# + "\n")
  }

  @Test func `a line of logfmt has the same keys, and quotes what is not one word`() {
    let lines = Lines()
    self.logger(.info, .logfmt, into: lines).warning(
      "no way", metadata: ["service": "a/b", "empty": "", "trick": "x level=error\n"], file: "Module/File.swift",
      line: 7
    )
    #expect(
      lines.text
        == #"ts=2026-01-02T03:04:05.000006Z level=warn caller=File.swift:7 msg="no way" empty="" service=a/b "#
        + #"trick="x level=error\n""# + "\n")
  }

  @Test func `text is escaped so that a line stays a line`() {
    let lines = Lines()
    self.logger(.info, into: lines).info("a\"b\\c\nd\u{1}é", file: "f", line: 1)
    #expect(
      lines.text
        == #"{"ts":"2026-01-02T03:04:05.000006Z","level":"info","caller":"f:1","msg":"a\"b\\c\nd\u0001é"}"# + "\n")
  }

  @Test func `metadata cannot pass for a fixed key`() {
    let lines = Lines()
    self.logger(.info, into: lines).info("m", metadata: ["msg": "x"], file: "f", line: 1)
    #expect(lines.text.contains(#""msg":"m","msg_":"x""#))
  }

  @Test(arguments: [
    (LogLevel.all, 5), (.debug, 4), (.info, 3), (.warn, 2), (.error, 1), (.none, 0),
  ])
  func `each level lets through what is at least as severe`(level: LogLevel, count: Int) {
    let lines = Lines()
    let logger = self.logger(level, into: lines)
    logger.trace("m")
    logger.debug("m")
    logger.info("m")
    logger.warning("m")
    logger.error("m")
    #expect(lines.text.split(separator: "\n").count == count)
  }
}
