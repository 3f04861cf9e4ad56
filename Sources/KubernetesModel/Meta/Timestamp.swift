/// A wall-clock time as Kubernetes writes it (RFC 3339 in UTC), to the microsecond.
package struct Timestamp: Sendable, Hashable, Comparable {
  /// Microseconds since 1970-01-01T00:00:00Z.
  package var microseconds: Int64

  package init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  package init(seconds: Int64) {
    self.microseconds = seconds * 1_000_000
  }

  /// Whole seconds, rounded down.
  package var seconds: Int64 { self.microseconds.floorDivided(by: 1_000_000) }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

  /// `2026-11-21T06:30:00Z`, the form of `metav1.Time`.
  package var text: String { "\(self.civilText)Z" }

  /// `2026-11-21T06:30:00.000000Z`, the form of `metav1.MicroTime`, which insists on six decimals.
  package var microText: String {
    let fraction = String(self.microseconds - self.seconds * 1_000_000)
    return "\(self.civilText).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)Z"
  }

  /// Reads RFC 3339 with `Z` or a numeric offset, with any number of decimals (those past six are dropped).
  package init?(_ text: some StringProtocol) {
    var scanner = Scanner(bytes: Array(text.utf8))
    guard let year = scanner.number(digits: 4), scanner.skip("-"),
      let month = scanner.number(digits: 2), (1...12).contains(month), scanner.skip("-"),
      let day = scanner.number(digits: 2), (1...31).contains(day),
      scanner.skip("T") || scanner.skip("t"),
      let hour = scanner.number(digits: 2), hour < 24, scanner.skip(":"),
      let minute = scanner.number(digits: 2), minute < 60, scanner.skip(":"),
      let second = scanner.number(digits: 2), second <= 60
    else { return nil }
    let fraction = scanner.skip(".") ? scanner.fraction() : 0
    guard let fraction else { return nil }
    var offset: Int64 = 0
    if !(scanner.skip("Z") || scanner.skip("z")) {
      let sign: Int64
      if scanner.skip("+") { sign = 1 } else if scanner.skip("-") { sign = -1 } else { return nil }
      guard let hours = scanner.number(digits: 2), scanner.skip(":"), let minutes = scanner.number(digits: 2) else {
        return nil
      }
      offset = sign * (hours * 3600 + minutes * 60)
    }
    guard scanner.isAtEnd else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    self.microseconds = (days * 86_400 + hour * 3600 + minute * 60 + second - offset) * 1_000_000 + fraction
  }

  private var civilText: String {
    let days = self.seconds.floorDivided(by: 86_400)
    let (year, month, day) = Self.civil(days: days)
    let second = self.seconds - days * 86_400
    func padded(_ value: Int64, _ width: Int = 2) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(year, 4))-\(padded(month))-\(padded(day))"
      + "T\(padded(second / 3600)):\(padded(second / 60 % 60)):\(padded(second % 60))"
  }

  /// Days since the epoch of a date in the proleptic Gregorian calendar; years are counted from March, so that the leap
  /// day is a year's last.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
  }

  private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}

extension Timestamp: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let time = Timestamp(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time: \"\(text)\"")
    }
    self = time
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(self.text)
  }
}

/// A timestamp that is encoded with six decimals, for Leases and the `eventTime` of Events.
package struct MicroTimestamp: Codable, Sendable, Hashable {
  package var timestamp: Timestamp

  package init(_ timestamp: Timestamp) {
    self.timestamp = timestamp
  }

  package init(from decoder: any Decoder) throws {
    self.timestamp = try Timestamp(from: decoder)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(self.timestamp.microText)
  }
}

private struct Scanner {
  var bytes: [UInt8]
  var position = 0

  var isAtEnd: Bool { self.position == self.bytes.count }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard self.position < self.bytes.count, self.bytes[self.position] == UInt8(ascii: character) else { return false }
    self.position += 1
    return true
  }

  mutating func digit() -> Int64? {
    guard self.position < self.bytes.count, (0x30...0x39).contains(self.bytes[self.position]) else { return nil }
    defer { self.position += 1 }
    return Int64(self.bytes[self.position] - 0x30)
  }

  mutating func number(digits: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<digits {
      guard let digit = self.digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// The decimals after the point, as microseconds.
  mutating func fraction() -> Int64? {
    var value: Int64 = 0
    var count = 0
    while let digit = self.digit() {
      if count < 6 { value = value * 10 + digit }
      count += 1
    }
    guard count > 0 else { return nil }
    for _ in min(count, 6)..<6 { value *= 10 }
    return value
  }
}

extension Int64 {
  /// The quotient rounded towards negative infinity, for times before the epoch.
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
