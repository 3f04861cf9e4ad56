/// The natural logarithm, which the standard library leaves to the C library.
enum Logarithm {
  /// ln(m · 2^e) = e · ln 2 + 2 · artanh((m - 1) / (m + 1)), by the series of artanh; `value` is positive.
  static func natural(_ value: Double) -> Double {
    precondition(value > 0 && value.isFinite, "a logarithm is of a positive number")
    let ratio = (value.significand - 1) / (value.significand + 1)
    var (sum, power) = (0.0, ratio)
    // The ratio is below 1/3: 40 terms are beyond what a Double can tell.
    for exponent in stride(from: 1, to: 80, by: 2) {
      sum += power / Double(exponent)
      power *= ratio * ratio
    }
    return Double(value.exponent) * 0.693_147_180_559_945_3 + 2 * sum
  }
}
