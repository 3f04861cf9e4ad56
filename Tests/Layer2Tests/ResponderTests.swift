import Primitives
import Testing

@testable import Layer2

@Suite struct ResponderTests {
  static let link = Link(index: 2, name: "eth0", hardwareAddress: MACAddress(bits: 0x0200_0000_0001))
  static let otherLink = Link(index: 3, name: "eth1", hardwareAddress: MACAddress(bits: 0x0200_0000_0002))
  static let asker = MACAddress(bits: 0x0200_0000_0009)
  static let address = IPv4Address(192, 0, 2, 1)

  static let request = ARPFrame(
    destination: .broadcast, source: asker, operation: .request, senderHardware: asker,
    sender: IPv4Address(192, 0, 2, 99), targetHardware: MACAddress(bits: 0), target: address)

  static func responder(on interfaces: InterfaceSet = .all) -> Responder {
    var responder = Responder()
    responder.announce(.v4(address), on: interfaces)
    return responder
  }

  static func changed(_ change: (inout ARPFrame) -> Void) -> ARPFrame {
    var frame = request
    change(&frame)
    return frame
  }

  @Test func `the owner of an address answers the asker alone, with the hardware address of the link`() {
    let reply = ARPFrame(
      destination: Self.asker, source: Self.link.hardwareAddress, operation: .reply,
      senderHardware: Self.link.hardwareAddress, sender: Self.address, targetHardware: Self.asker,
      target: IPv4Address(192, 0, 2, 99))
    #expect(Self.responder().answer(.arp(Self.request), on: Self.link) == .reply(.arp(reply), .v4(Self.address)))
  }

  @Test func `a request sent to the link itself is answered like a broadcast`() {
    let unicast = Self.changed { $0.destination = Self.link.hardwareAddress }
    #expect(
      Self.responder().answer(.arp(unicast), on: Self.link)
        == Self.responder().answer(.arp(Self.request), on: Self.link))
  }

  @Test func `a probe, which has no sender address yet, is answered`() {
    let probe = Self.changed { $0.sender = IPv4Address(bits: 0) }
    guard case .reply(.arp(let reply), _) = Self.responder().answer(.arp(probe), on: Self.link) else {
      Issue.record("not answered")
      return
    }
    #expect(reply.target == IPv4Address(bits: 0))
    #expect(reply.destination == Self.asker)
  }

  @Test func `a tag that carries only a priority makes no difference`() {
    let tagged = Self.changed { $0.tag = VLANTag(control: 0xA000) }
    #expect(
      Self.responder().answer(.arp(tagged), on: Self.link) == Self.responder().answer(.arp(Self.request), on: Self.link)
    )
  }

  @Test(arguments: [
    (changed { $0.operation = .reply }, Responder.Silence.notRequest),
    (changed { $0.destination = otherLink.hardwareAddress }, .notForUs),
    (changed { $0.destination = MACAddress(bits: 0x0100_5E00_0001) }, .notForUs),
    (changed { $0.tag = VLANTag(control: 7) }, .otherNetwork),
    (changed { $0.senderHardware = .broadcast }, .askerNotUnicast),
    (changed { $0.target = IPv4Address(192, 0, 2, 2) }, .notAnnounced),
  ])
  func `other frames are met with silence, for a reason`(frame: ARPFrame, reason: Responder.Silence) {
    #expect(Self.responder().answer(.arp(frame), on: Self.link) == .silent(reason))
  }

  @Test func `an address is answered for only on its interfaces`() {
    let responder = Self.responder(on: .only(["eth1", "missing"]))
    #expect(responder.answer(.arp(Self.request), on: Self.link) == .silent(.notOnThisInterface))
    #expect(responder.answer(.arp(Self.request), on: Self.otherLink) != .silent(.notOnThisInterface))
    #expect(Self.responder(on: .only([])).answer(.arp(Self.request), on: Self.link) == .silent(.notOnThisInterface))
  }

  @Test func `announcing again replaces the interfaces`() {
    var responder = Self.responder(on: .only(["eth1"]))
    responder.announce(.v4(Self.address), on: .only(["eth0"]))
    #expect(responder == Self.responder(on: .only(["eth0"])))
  }

  @Test func `a withdrawn address is met with silence, and withdrawing twice is nothing`() {
    var responder = Self.responder()
    responder.withdraw(.v4(Self.address))
    responder.withdraw(.v4(Self.address))
    #expect(responder.answer(.arp(Self.request), on: Self.link) == .silent(.notAnnounced))
    #expect(responder == Responder())
  }

  @Test func `a gratuitous burst is a request and a reply of the address to everybody`() {
    let frames = [ARPFrame.Operation.request, .reply].map {
      LinkFrame.arp(
        ARPFrame(
          destination: .broadcast, source: Self.link.hardwareAddress, operation: $0,
          senderHardware: Self.link.hardwareAddress, sender: Self.address, targetHardware: .broadcast,
          target: Self.address))
    }
    #expect(Self.responder().gratuitousFrames(for: .v4(Self.address), on: Self.link) == frames)
  }

  @Test func `there is no burst for what is not announced, or not on the link`() {
    #expect(Responder().gratuitousFrames(for: .v4(Self.address), on: Self.link) == [])
    #expect(Self.responder(on: .only(["eth1"])).gratuitousFrames(for: .v4(Self.address), on: Self.link) == [])
  }
}
