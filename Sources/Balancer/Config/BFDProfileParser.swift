import KubernetesModel

extension BFDProfileConfiguration: ObjectReading {
  /// Reads one object on its own: the profile, or all that is wrong with it (contract section 6).
  ///
  /// Upstream numbers the objects in its sentences; whoever knows all of them puts the number in
  /// (``BGPPeerResolution``).
  package static func read(_ object: BFDProfile) -> (reading: Self?, problems: [Problem]) {
    let spec = object.spec ?? BFDProfile.Spec()
    var list = ProblemList(BFDProfile.type.kind, object.key)
    if object.key.name.isEmpty {
      list.report("metadata.name", "missing bfd profile name", remedy: "Give the profile a name.")
    }
    func number(_ value: Int64?, _ range: ClosedRange<Int64>, _ field: String, _ what: String) -> Int64? {
      guard let value, !range.contains(value) else { return value }
      list.report(
        "spec.\(field)",
        "invalid value \(value), must be in \(range.lowerBound)-\(range.upperBound) range\ninvalid \(what)",
        remedy: "Write a number from \(range.lowerBound) to \(range.upperBound).")
      return nil
    }
    let multiplier = number(spec.detectMultiplier, 2...255, "detectMultiplier", "detect multiplier value")
    let receive = number(spec.receiveInterval, 10...60_000, "receiveInterval", "receive interval value")
    let transmit = number(spec.transmitInterval, 10...60_000, "transmitInterval", "transmit interval value")
    let ttl = number(spec.minimumTtl, 1...254, "minimumTtl", "minimum ttl value")
    let echo = number(spec.echoInterval, 10...60_000, "echoInterval", "echo interval value")
    guard !list.isFatal else { return (nil, list.problems) }
    var profile = Self(
      key: object.key, echoMode: spec.echoMode ?? false, passiveMode: spec.passiveMode ?? false)
    if let multiplier { profile.detectMultiplier = UInt8(clamping: multiplier) }
    if let receive { profile.receiveInterval = .milliseconds(receive) }
    if let transmit { profile.transmitInterval = .milliseconds(transmit) }
    if let ttl { profile.minimumTTL = UInt8(clamping: ttl) }
    if let echo { profile.echoInterval = .milliseconds(echo) }
    return (profile, list.problems)
  }
}
