/// A length of time as `kubectl get` shows an age: two units at most, fewer the longer it is.
package struct HumanDuration: Sendable, Hashable, CustomStringConvertible {
  package let seconds: Int64

  package init(seconds: Int64) {
    self.seconds = seconds
  }

  package var description: String {
    let minutes = self.seconds / 60
    let hours = self.seconds / 3600
    let days = hours / 24
    // Clocks of two machines may differ by a second.
    if self.seconds < -1 { return "<invalid>" }
    if self.seconds < 0 { return "0s" }
    if self.seconds < 120 { return "\(self.seconds)s" }
    if minutes < 10 { return Self.pair(minutes, "m", self.seconds % 60, "s") }
    if minutes < 180 { return "\(minutes)m" }
    if hours < 8 { return Self.pair(hours, "h", minutes % 60, "m") }
    if hours < 48 { return "\(hours)h" }
    if hours < 192 { return Self.pair(days, "d", hours % 24, "h") }
    if days < 730 { return "\(days)d" }
    if days < 2920 { return Self.pair(days / 365, "y", days % 365, "d") }
    return "\(days / 365)y"
  }

  private static func pair(_ large: Int64, _ unit: String, _ small: Int64, _ smallUnit: String) -> String {
    small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(smallUnit)"
  }
}
