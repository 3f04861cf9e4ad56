/// The order of resource versions, as far as they have one.
package enum ResourceVersion {
  /// Whether a version is numerically before another; versions that are no numbers are never earlier.
  package static func isEarlier(_ version: String, than other: String) -> Bool {
    guard let version = UInt64(version), let other = UInt64(other) else { return false }
    return version < other
  }
}
