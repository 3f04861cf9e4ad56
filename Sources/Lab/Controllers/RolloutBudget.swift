import KubernetesModel

/// How far a rolling update may stray from the number of replicas that is asked for.
package struct RolloutBudget: Sendable, Hashable {
  /// Pods beyond the wanted number.
  package let surge: Int
  /// Pods that may be missing.
  package let unavailable: Int

  /// Percentages are of the wanted number: surge rounds up, unavailability down, and both cannot be nothing.
  package init(strategy: JSONValue?, replicas: Int) {
    let settings = strategy?["rollingUpdate"]
    let surge = Self.resolve(settings?["maxSurge"] ?? "25%", of: replicas, roundingUp: true)
    let unavailable = Self.resolve(settings?["maxUnavailable"] ?? "25%", of: replicas, roundingUp: false)
    self.surge = surge
    self.unavailable = surge == 0 && unavailable == 0 ? 1 : min(unavailable, replicas)
  }

  static func resolve(_ value: JSONValue, of total: Int, roundingUp: Bool) -> Int {
    if let number = value.integer { return max(0, Int(clamping: number)) }
    guard let text = value.string, text.hasSuffix("%"), let percent = Int(text.dropLast()), (0...1000).contains(percent)
    else { return 0 }
    return (total * percent + (roundingUp ? 99 : 0)) / 100
  }
}
