/// An annotation through which users talk to the product, under its present and its deprecated name (contract section 4).
package enum ServiceAnnotation: String, Sendable, Hashable, CaseIterable {
  case addressPool = "address-pool"
  case loadBalancerIPs = "loadBalancerIPs"
  case allowSharedIP = "allow-shared-ip"
  /// Written by the controller: the pool that the Service's addresses are from.
  case allocatedFromPool = "ip-allocated-from-pool"

  /// `metallb.io/…`.
  package var name: String { "metallb.io/\(self.rawValue)" }

  /// Annotations with this prefix still work and bring a warning.
  package static let deprecatedPrefix = "metallb.universe.tf"

  /// The value under the present name if that is there at all, even if empty; else the one under the deprecated name.
  package func value(in annotations: [String: String]?) -> String? {
    guard let annotations else { return nil }
    return annotations[self.name] ?? annotations["\(Self.deprecatedPrefix)/\(self.rawValue)"]
  }
}
