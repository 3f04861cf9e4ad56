/// How a route came to be known, as the ORIGIN attribute carries it (RFC 4271 section 5.1.1).
package enum Origin: UInt8, Sendable, Hashable, CaseIterable {
  case igp = 0
  case egp = 1
  case incomplete = 2
}
