import Primitives

/// Which addresses this node answers for, and on which interfaces; turns what a neighbour asks into the answer.
///
/// The module in short. ``Interface`` and ``InterfaceExclusions`` say where announcing is possible (a ``Link``).
/// `Responder` answers neighbours who ask; ``GratuitousSchedule`` decides when to tell those who did not;
/// ``AddressProbes`` looks whether an address is free before it is announced, ``ConflictWatch`` whether it stays ours.
/// ``ARPFrame`` and ``NeighborFrame`` are what all that looks like on the wire. Nothing here reads a socket or a clock:
/// `HostNetwork.LinkResponder` does.
///
/// Supported: address resolution for IPv4 over Ethernet (RFC 826) and for IPv6 (RFC 4861), gratuitous announcements
/// (RFC 5227 section 3 and RFC 4861 section 7.2.6, in the forms of contract section 11.5), probes and defence against
/// duplicates (RFC 5227 section 2, RFC 4862 section 5.4).
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
    case reply(LinkFrame, IPAddress)
    case silent(Silence)
  }

  /// Why a frame is not answered (contract sections 11.3 and 11.4).
  package enum Silence: String, Sendable, Hashable, CaseIterable, Error {
    case notRequest
    /// Its Ethernet destination is neither everybody, nor the group of the target, nor this interface.
    case notForUs
    /// It belongs to a virtual network that this interface is not the end of.
    case otherNetwork
    /// A group cannot ask, and an answer to it would be heard by everybody.
    case askerNotUnicast
    case notAnnounced
    case notOnThisInterface
  }

  /// Answers a frame that arrived on a link: to the asker alone, except for probes by hosts without an address.
  package func answer(_ frame: LinkFrame, on link: Link) -> Verdict {
    do throws(Silence) {
      switch frame {
      case .arp(let request): return .reply(.arp(try self.reply(to: request, on: link)), .v4(request.target))
      case .neighbor(let question):
        return .reply(.neighbor(try self.advertisement(for: question, on: link)), .v6(question.target))
      }
    } catch {
      return .silent(error)
    }
  }

  private func reply(to frame: ARPFrame, on link: Link) throws(Silence) -> ARPFrame {
    guard frame.operation == .request else { throw .notRequest }
    guard frame.destination == .broadcast || frame.destination == link.hardwareAddress else { throw .notForUs }
    guard !frame.senderHardware.isMulticast else { throw .askerNotUnicast }
    try self.check(.v4(frame.target), frame.tag, on: link)
    return ARPFrame(
      destination: frame.senderHardware, source: link.hardwareAddress, operation: .reply,
      senderHardware: link.hardwareAddress, sender: frame.target,
      targetHardware: frame.senderHardware, target: frame.sender)
  }

  /// The answer to a solicitation (RFC 4861 section 7.2.4).
  ///
  /// It comes from the address itself, as from any host that has it, and it overrides: the address is unicast and has one owner, so a neighbour that knows a former one shall forget it now
  /// and not after its probes of that one have failed (Docs/decisions/0012-neighbor-discovery.md). A probe by a host that
  /// is about to take the address is answered to all nodes, which makes that host desist (RFC 4862 section 5.4.4).
  private func advertisement(for frame: NeighborFrame, on link: Link) throws(Silence) -> NeighborFrame {
    guard case .solicitation(let senderHardware) = frame.message else { throw .notRequest }
    guard
      frame.destination == link.hardwareAddress || frame.destination == frame.target.solicitedNodeGroup.groupHardware
    else { throw .notForUs }
    let isProbe = frame.sender == .unspecified
    let asker = senderHardware ?? frame.source
    guard isProbe || !(asker.isMulticast || frame.sender.isMulticast) else { throw .askerNotUnicast }
    try self.check(.v6(frame.target), frame.tag, on: link)
    if isProbe { return Self.unsolicited(frame.target, on: link) }
    return NeighborFrame(
      destination: asker, source: link.hardwareAddress, sender: frame.target, receiver: frame.sender,
      target: frame.target,
      message: .advertisement(
        NeighborFrame.Advertisement(isSolicited: true, overrides: true, targetHardware: link.hardwareAddress)))
  }

  private func check(_ target: IPAddress, _ tag: VLANTag?, on link: Link) throws(Silence) {
    if let tag, tag.network != 0 { throw .otherNetwork }
    guard let interfaces = self.announced[target] else { throw .notAnnounced }
    guard interfaces.contains(link.name) else { throw .notOnThisInterface }
  }

  /// The frames of one gratuitous burst for an address on a link; none if it is not announced there.
  ///
  /// ARP: both forms are sent because some hosts update their tables only by requests and others only by replies
  /// (RFC 5227 section 3); sender and target are the address itself (contract section 11.5). IPv6: one advertisement to
  /// all nodes that overrides what they know.
  package func gratuitousFrames(for address: IPAddress, on link: Link) -> [LinkFrame] {
    guard let interfaces = self.announced[address], interfaces.contains(link.name) else { return [] }
    switch address {
    case .v4(let subject):
      return [ARPFrame.Operation.request, .reply].map { operation in
        .arp(
          ARPFrame(
            destination: .broadcast, source: link.hardwareAddress, operation: operation,
            senderHardware: link.hardwareAddress, sender: subject, targetHardware: .broadcast, target: subject))
      }
    case .v6(let subject):
      return [.neighbor(Self.unsolicited(subject, on: link))]
    }
  }

  private static func unsolicited(_ address: IPv6Address, on link: Link) -> NeighborFrame {
    NeighborFrame(
      destination: IPv6Address.allNodes.groupHardware, source: link.hardwareAddress, sender: address,
      receiver: .allNodes, target: address,
      message: .advertisement(
        NeighborFrame.Advertisement(isSolicited: false, overrides: true, targetHardware: link.hardwareAddress)))
  }
}
