/// What was decided on announcing a Service by one protocol from this node; never a bare yes or no.
package enum Verdict<Announcement: Sendable & Hashable>: Sendable, Hashable {
  case announce(Announcement)
  case withhold(Withheld)

  /// The announcement, if there is to be one.
  package var announcement: Announcement? {
    guard case .announce(let announcement) = self else { return nil }
    return announcement
  }
}

/// Why a Service is not announced from this node (contract section 10); the raw value is the word in the log.
package enum Withheld: String, Sendable, Hashable, CaseIterable {
  // The Service itself.
  case serviceDeleted
  case notLoadBalancer
  case noIPAllocated
  case invalidIP
  case ipNotAllowed
  /// The addresses that were announced until now are no longer those of the Service.
  case loadBalancerIPChanged

  // The protocols.
  /// Another node announces it, or nothing can serve it anywhere.
  case notOwner
  case noMatchingAdvertisement
  case conflictingAdvertisements
  /// It may share addresses, and an advertisement selects by Service: the others of the address would be announced by
  /// another node, or not at all (contract section 19).
  case sharedIPWithServiceSelector
  case nodeNetworkUnavailable
  case nodeLabeledExcludeBalancers
  case noLocalEndpoints
  case noEndpoints
  /// The owner has none of the interfaces that the advertisements list (contract section 21.24).
  case noMatchingInterface
  /// No interface of this node has a link on which addresses of the family can be announced.
  case noLink
  /// Nobody has announced the addresses yet, so they are being looked for on the local network.
  case probing
  /// Somebody on the local network has the addresses.
  case addressInUse
  /// No BGP peer of this node is to hear of it.
  case noMatchingPeer
  /// The protocol does not announce addresses of the family.
  case familyNotSupported

  // The process.
  case speakerStopping
}
