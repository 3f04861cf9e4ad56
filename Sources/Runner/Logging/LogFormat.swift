/// How a line of the log is written (`--log-format`).
package enum LogFormat: String, Sendable, CaseIterable {
  /// Upstream's: an object of JSON.
  case json
  /// `key=value`, for people and for collectors that split at blanks.
  case logfmt

  func makeLine() -> any LogLineWriter {
    switch self {
    case .json: JSONLineWriter()
    case .logfmt: LogfmtLineWriter()
    }
  }
}

/// Builds one line of a log from keys and values, in the order given.
protocol LogLineWriter {
  mutating func add(_ key: String, _ value: String)
  /// The line with its end.
  func finished() -> [UInt8]
}

/// Builds one line of `key=value`; a value that is not one plain word is quoted as a string of JSON is.
struct LogfmtLineWriter: LogLineWriter {
  private var bytes: [UInt8] = []

  mutating func add(_ key: String, _ value: String) {
    if !self.bytes.isEmpty { self.bytes.append(UInt8(ascii: " ")) }
    self.bytes.append(contentsOf: key.utf8)
    self.bytes.append(UInt8(ascii: "="))
    if Self.isPlain(value) {
      self.bytes.append(contentsOf: value.utf8)
    } else {
      self.bytes.appendQuoted(value)
    }
  }

  func finished() -> [UInt8] { self.bytes + [UInt8(ascii: "\n")] }

  private static func isPlain(_ value: String) -> Bool {
    !value.isEmpty
      && value.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != 0x7f }
  }
}
