/// A small seeded generator, for the places where a pure value needs dice: jitter, shuffles, simulations.
///
/// The seed comes from the shell, so that a run can be repeated exactly. Not for secrets.
package struct SplitMix64: RandomNumberGenerator, Sendable, Hashable {
  private var state: UInt64

  package init(seed: UInt64) {
    self.state = seed
  }

  package mutating func next() -> UInt64 {
    self.state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = self.state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A duration drawn evenly from `base` less `fraction` to `base` plus `fraction` (0...1).
  package mutating func jittered(_ base: Duration, by fraction: Double) -> Duration {
    base * Double.random(in: (1 - fraction)...(1 + fraction), using: &self)
  }

  /// A duration drawn evenly from `base` less `fraction` (0...1) to `base`: never late, as the timers of protocols are.
  package mutating func shortened(_ base: Duration, by fraction: Double) -> Duration {
    base * Double.random(in: (1 - fraction)...1, using: &self)
  }
}
