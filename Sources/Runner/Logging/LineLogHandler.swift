import Glibc
import Logging

/// Writes each log event as one line with upstream's keys: `ts`, `level`, `caller`, `msg`, then the metadata.
///
/// Lines go out by write(2) at once: what a process said before it was killed is there.
package struct LineLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  private let isSilent: Bool
  private let format: LogFormat
  private let write: @Sendable ([UInt8]) -> Void
  private let timestamp: @Sendable () -> String

  /// A handler that writes to standard output.
  package init(level: LogLevel, format: LogFormat = .json) {
    self.init(level: level, format: format, write: Self.writeToStandardOutput) { Time.wallText }
  }

  init(
    level: LogLevel, format: LogFormat = .json, write: @escaping @Sendable ([UInt8]) -> Void,
    timestamp: @escaping @Sendable () -> String
  ) {
    self.format = format
    self.logLevel = level.threshold ?? .critical
    self.isSilent = level == .none
    self.write = write
    self.timestamp = timestamp
  }

  /// Makes this the way all loggers of the process write; called once, first thing in a command.
  package static func bootstrap(level: LogLevel, format: LogFormat = .json) {
    LoggingSystem.bootstrap { _ in LineLogHandler(level: level, format: format) }
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { self.metadata[key] }
    set { self.metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    if self.isSilent { return }
    var line = self.format.makeLine()
    line.add("ts", self.timestamp())
    line.add("level", Self.name(of: event.level))
    line.add("caller", "\(Self.lastComponent(of: event.file)):\(event.line)")
    line.add("msg", event.message.description)
    var metadata = self.metadata
    if let provided = self.metadataProvider?.get() { metadata.merge(provided) { _, last in last } }
    if let own = event.metadata { metadata.merge(own) { _, last in last } }
    if let error = event.error { metadata["error"] = "\(error)" }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      line.add(Self.reserved.contains(key) ? "\(key)_" : key, value.description)
    }
    self.write(line.finished())
  }

  private static let reserved: Set = ["ts", "level", "caller", "msg"]

  private static func lastComponent(of file: String) -> Substring {
    file.split(separator: "/").last ?? "?"
  }

  private static func name(of level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "debug"
    case .info, .notice: "info"
    case .warning: "warn"
    case .error, .critical: "error"
    }
  }

  private static let writeToStandardOutput: @Sendable ([UInt8]) -> Void = { line in
    line.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = Glibc.write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}

extension Time {
  /// The wall-clock time as upstream's logs write it: RFC 3339 in UTC, to the microsecond.
  package static var wallText: String {
    let microseconds = self.wallMicroseconds
    var seconds = time_t(microseconds / 1_000_000)
    var civil = tm()
    gmtime_r(&seconds, &civil)
    func padded(_ value: some BinaryInteger, _ width: Int = 2) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(civil.tm_year + 1900, 4))-\(padded(civil.tm_mon + 1))-\(padded(civil.tm_mday))"
      + "T\(padded(civil.tm_hour)):\(padded(civil.tm_min)):\(padded(civil.tm_sec))"
      + ".\(padded(microseconds % 1_000_000, 6))Z"
  }
}
