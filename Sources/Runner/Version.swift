/// Which release of the product this is.
package enum Version {
  package static let current = "0.1.0"
  /// The release of upstream whose behaviour this one keeps.
  package static let compatible = "0.16.1"
}
