import Primitives
import Testing

@testable import Layer2

@Suite struct NeighborResponderTests {
  static let link = Link(
    index: 2, name: "eth0", family: .ipv6, hardwareAddress: MACAddress(bits: 0x0200_0000_0001))
  static let asker = MACAddress(bits: 0x0200_0000_0009)
  static let askerAddress = IPv6Address(bits: 0x2001_0DB8 << 96 | 9)
  static let address = IPv6Address(bits: 0x2001_0DB8 << 96 | 0xAB_CDEF)
  static let allNodes = MACAddress(bits: 0x3333_0000_0001)

  static let question = NeighborFrame(
    destination: address.solicitedNodeGroup.groupHardware, source: asker, sender: askerAddress,
    receiver: address.solicitedNodeGroup, target: address, message: .solicitation(senderHardware: asker))

  static func responder(on interfaces: InterfaceSet = .all) -> Responder {
    var responder = Responder()
    responder.announce(.v6(address), on: interfaces)
    return responder
  }

  static func changed(_ change: (inout NeighborFrame) -> Void) -> NeighborFrame {
    var frame = question
    change(&frame)
    return frame
  }

  static func answer(to destination: MACAddress, _ receiver: IPv6Address, isSolicited: Bool) -> Responder.Verdict {
    .reply(
      .neighbor(
        NeighborFrame(
          destination: destination, source: link.hardwareAddress, sender: address, receiver: receiver,
          target: address,
          message: .advertisement(
            .init(isSolicited: isSolicited, overrides: true, targetHardware: link.hardwareAddress)))),
      .v6(address))
  }

  @Test func `the owner answers the asker alone: solicited, overriding, no router`() {
    #expect(
      Self.responder().answer(.neighbor(Self.question), on: Self.link)
        == Self.answer(to: Self.asker, Self.askerAddress, isSolicited: true))
  }

  @Test func `a neighbour that checks whether the owner is still there is answered too`() {
    let check = Self.changed {
      $0.destination = Self.link.hardwareAddress
      $0.receiver = Self.address
      $0.message = .solicitation(senderHardware: nil)
    }
    #expect(
      Self.responder().answer(.neighbor(check), on: Self.link)
        == Self.answer(to: Self.asker, Self.askerAddress, isSolicited: true))
  }

  @Test func `a host about to take the address is told in front of everybody`() {
    let probe = Self.changed {
      $0.sender = .unspecified
      $0.message = .solicitation(senderHardware: nil)
    }
    #expect(
      Self.responder().answer(.neighbor(probe), on: Self.link)
        == Self.answer(to: Self.allNodes, .allNodes, isSolicited: false))
  }

  @Test(arguments: [
    (
      changed { $0.message = .advertisement(.init(isSolicited: false, overrides: true, targetHardware: asker)) },
      Responder.Silence.notRequest
    ),
    (changed { $0.destination = MACAddress(bits: 0x0200_0000_0002) }, .notForUs),
    (changed { $0.destination = MACAddress(bits: 0x3333_FF00_0001) }, .notForUs),
    (changed { $0.tag = VLANTag(control: 7) }, .otherNetwork),
    (changed { $0.message = .solicitation(senderHardware: .broadcast) }, .askerNotUnicast),
    (changed { $0.sender = .allNodes }, .askerNotUnicast),
    // Another address of the same group.
    (changed { $0.target = IPv6Address(bits: 0x2001_0DB9 << 96 | 0xAB_CDEF) }, .notAnnounced),
  ])
  func `other frames are met with silence, for a reason`(frame: NeighborFrame, reason: Responder.Silence) {
    #expect(Self.responder().answer(.neighbor(frame), on: Self.link) == .silent(reason))
  }

  @Test func `an address is answered for only on its interfaces`() {
    let elsewhere = Self.responder(on: .only(["eth1"]))
    #expect(elsewhere.answer(.neighbor(Self.question), on: Self.link) == .silent(.notOnThisInterface))
  }

  @Test func `a gratuitous burst is one advertisement to all nodes`() {
    let frame = LinkFrame.neighbor(
      NeighborFrame(
        destination: Self.allNodes, source: Self.link.hardwareAddress, sender: Self.address, receiver: .allNodes,
        target: Self.address,
        message: .advertisement(
          .init(isSolicited: false, overrides: true, targetHardware: Self.link.hardwareAddress))))
    #expect(Self.responder().gratuitousFrames(for: .v6(Self.address), on: Self.link) == [frame])
  }
}
