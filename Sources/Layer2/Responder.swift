import Primitives

/// Which addresses this node answers for, and on which interfaces; turns what a neighbour asks into the answer.
///
/// The module in short. ``Interface`` and ``InterfaceExclusions`` say where announcing is possible (a ``Link``).
/// `Responder` answers neighbours who ask; ``GratuitousSchedule`` decides when to tell those who did not. ``ARPFrame`` is
/// what both look like on the wire. Nothing here reads a socket or a clock: `HostNetwork.LinkResponder` does.
///
/// Supported: address resolution for IPv4 over Ethernet (RFC 826) and gratuitous announcements (RFC 5227 section 3,
/// in the two forms of contract section 11.5).
///
/// A question costs one look-up in a hash table, whether one address is announced or ten thousand.
package struct Responder: Sendable, Hashable {
  private var announced: [IPAddress: InterfaceSet] = [:]

  package init() {}

  /// The addresses that are answered for, in no order.
  package var addresses: some Collection<IPAddress> & Sendable { self.announced.keys }

  package var count: Int { self.announced.count }

  /// Answers for an address from now on, on these interfaces and no others.
  package mutating func announce(_ address: IPAddress, on interfaces: InterfaceSet) {
    self.announced[address] = interfaces
  }

  /// Answers for an address no longer. Withdrawing what is not announced is nothing.
  package mutating func withdraw(_ address: IPAddress) {
    self.announced[address] = nil
  }

  /// Where an address is announced; nil = nowhere.
  package func interfaces(announcing address: IPAddress) -> InterfaceSet? {
    self.announced[address]
  }

  /// What becomes of a question.
  package enum Verdict: Sendable, Hashable {
    case reply(ARPFrame)
    case silent(Silence)
  }

  /// Why a frame is not answered (contract section 11.3).
  package enum Silence: String, Sendable, Hashable, CaseIterable {
    case notRequest
    /// Its Ethernet destination is neither everybody nor this interface.
    case notForUs
    /// It belongs to a virtual network that this interface is not the end of.
    case otherNetwork
    /// A group cannot ask, and an answer to it would be heard by everybody.
    case askerNotUnicast
    case notAnnounced
    case notOnThisInterface
  }

  /// Answers a frame that arrived on a link: to the asker alone.
  package func answer(_ frame: ARPFrame, on link: Link) -> Verdict {
    guard frame.operation == .request else { return .silent(.notRequest) }
    guard frame.destination == .broadcast || frame.destination == link.hardwareAddress else {
      return .silent(.notForUs)
    }
    if let tag = frame.tag, tag.network != 0 { return .silent(.otherNetwork) }
    guard !frame.senderHardware.isMulticast else { return .silent(.askerNotUnicast) }
    guard let interfaces = self.announced[.v4(frame.target)] else { return .silent(.notAnnounced) }
    guard interfaces.contains(link.name) else { return .silent(.notOnThisInterface) }
    return .reply(
      ARPFrame(
        destination: frame.senderHardware, source: link.hardwareAddress, operation: .reply,
        senderHardware: link.hardwareAddress, sender: frame.target,
        targetHardware: frame.senderHardware, target: frame.sender))
  }

  /// The frames of one gratuitous burst for an address on a link; none if it is not announced there.
  ///
  /// Both forms are sent because some hosts update their tables only by requests and others only by replies (RFC 5227
  /// section 3); sender and target are the address itself (contract section 11.5).
  package func gratuitousFrames(for address: IPAddress, on link: Link) -> [ARPFrame] {
    guard case .v4(let subject) = address, let interfaces = self.announced[address], interfaces.contains(link.name)
    else { return [] }
    return [.request, .reply].map { operation in
      ARPFrame(
        destination: .broadcast, source: link.hardwareAddress, operation: operation,
        senderHardware: link.hardwareAddress, sender: subject, targetHardware: .broadcast, target: subject)
    }
  }
}
