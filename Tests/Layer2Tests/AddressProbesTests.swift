import Primitives
import TestKit
import Testing

@testable import Layer2

@Suite struct AddressProbesTests {
  static let address = IPAddress.v4(IPv4Address(192, 0, 2, 1))
  static let stranger = MACAddress(bits: 0x0200_0000_0066)
  static let claim = LinkFrame.Claim(address: address, holder: stranger)

  /// Runs the machine until a time, and returns what it did and when, in milliseconds.
  static func run(_ probes: inout AddressProbes, for milliseconds: Int) -> [(Int, AddressProbes.Action)] {
    var log: [(Int, AddressProbes.Action)] = []
    while let deadline = probes.nextDeadline, deadline <= t0 + .milliseconds(milliseconds) {
      log += probes.handle(.tick, at: deadline).map { (Int((deadline - t0) / .milliseconds(1)), $0) }
    }
    return log
  }

  @Test func `an address is asked for three times, and free when nobody has answered after 600 ms`() {
    var probes = AddressProbes(seed: 1)
    #expect(probes.handle(.requested(Self.address, again: .seconds(10)), at: t0) == [.sendProbe(Self.address)])
    let log = Self.run(&probes, for: 60_000)
    #expect(log.map(\.0) == [200, 400, 600])
    #expect(log.map(\.1) == [.sendProbe(Self.address), .sendProbe(Self.address), .reportFree(Self.address)])
    #expect(probes == AddressProbes(seed: 1))
  }

  @Test func `an answer ends the questions, and names who has the address`() {
    var probes = AddressProbes(seed: 1)
    _ = probes.handle(.requested(Self.address, again: .seconds(10)), at: t0)
    #expect(probes.handle(.heard(Self.claim), at: t0 + .milliseconds(3)) == [.reportOccupied(Self.claim)])
    #expect(probes.handle(.heard(Self.claim), at: t0 + .milliseconds(4)) == [])
    #expect(Self.run(&probes, for: 5000).isEmpty)
  }

  @Test func `an occupied address is asked for now and then, and free once a whole round stays without an answer`()
    throws
  {
    var probes = AddressProbes(seed: 1)
    _ = probes.handle(.requested(Self.address, again: .seconds(10)), at: t0)
    _ = probes.handle(.heard(Self.claim), at: t0)
    // It is still there at the first check, which nobody is told of once more.
    let check = try #require(probes.nextDeadline)
    #expect((.seconds(9)...(.seconds(11))).contains(check - t0))
    #expect(probes.handle(.tick, at: check) == [.sendProbe(Self.address)])
    #expect(probes.handle(.heard(Self.claim), at: check + .milliseconds(3)) == [])
    let log = Self.run(&probes, for: 60_000)
    #expect(
      log.map(\.1) == Array(repeating: .sendProbe(Self.address), count: 3) + [.reportFree(Self.address)])
    #expect(probes.nextDeadline == nil)
  }

  @Test func `another holder is news`() {
    var probes = AddressProbes(seed: 1)
    let other = LinkFrame.Claim(address: Self.address, holder: MACAddress(bits: 0x0200_0000_0067))
    _ = probes.handle(.requested(Self.address, again: .seconds(10)), at: t0)
    _ = probes.handle(.heard(Self.claim), at: t0)
    #expect(probes.handle(.heard(other), at: t0 + .seconds(1)) == [.reportOccupied(other)])
  }

  @Test func `claims to what nobody wants to know are nothing, and an abandoned address is such`() {
    var probes = AddressProbes(seed: 1)
    #expect(probes.handle(.heard(Self.claim), at: t0) == [])
    _ = probes.handle(.requested(Self.address, again: .seconds(10)), at: t0)
    #expect(probes.handle(.requested(Self.address, again: .seconds(10)), at: t0) == [])
    #expect(probes.handle(.abandoned(Self.address), at: t0) == [])
    #expect(probes.nextDeadline == nil)
    #expect(probes.handle(.heard(Self.claim), at: t0) == [])
  }

  @Test func `a question changes no neighbour's table`() throws {
    let link = NeighborResponderTests.link
    let arp = LinkFrame.probe(for: Self.address, on: Link(index: 2, name: "e", hardwareAddress: link.hardwareAddress))
    #expect(arp.claim == nil)
    let frame = LinkFrame.probe(for: .v6(NeighborResponderTests.address), on: link)
    #expect(frame.claim == nil)
    // A host that has the address answers what it reads from these bytes.
    #expect(LinkFrame(decoding: frame.bytes.span.bytes, family: .ipv6) == frame)
    guard case .reply(let answer, _) = NeighborResponderTests.responder().answer(frame, on: link) else {
      Issue.record("not answered")
      return
    }
    #expect(answer.claim == .init(address: .v6(NeighborResponderTests.address), holder: link.hardwareAddress))
  }
}

@Suite struct ConflictWatchTests {
  @Test func `a holder is told of at once and then once a second`() {
    var watch = ConflictWatch()
    let claim = AddressProbesTests.claim
    let told = (0..<30).filter { watch.hear(claim, at: t0 + .milliseconds(100 * $0)) }
    #expect(told == [0, 10, 20])
  }

  @Test func `holders without number are told of no more often than a few, and two that take turns not each time`() {
    var watch = ConflictWatch()
    var claim = AddressProbesTests.claim
    var told = 0
    for number in 0..<1000 {
      claim.holder = MACAddress(bits: UInt64(number))
      if watch.hear(claim, at: t0 + .milliseconds(number)) { told += 1 }
    }
    #expect(told == ConflictWatch.mostHolders)
    var turns: [Int] = []
    for number in 0..<30 {
      claim.holder = MACAddress(bits: UInt64(number % 2))
      if watch.hear(claim, at: t0 + .seconds(10) + .milliseconds(100 * number)) { turns.append(number) }
    }
    #expect(turns == [0, 1, 10, 11, 20, 21])
  }

  @Test func `another holder, and the same one after the address was given up, are told of at once`() {
    var watch = ConflictWatch()
    let claim = AddressProbesTests.claim
    var other = claim
    other.holder = MACAddress(bits: 7)
    var told = [watch.hear(claim, at: t0), watch.hear(other, at: t0)]
    watch.forget(claim.address)
    told.append(watch.hear(other, at: t0))
    #expect(told == [true, true, true])
  }
}

@Suite struct GroupMembershipTests {
  @Test func `a group is joined with its first address and left with its last`() throws {
    var membership = GroupMembership()
    let (first, second) = (IPv6Address(bits: 1 << 64 | 5), IPv6Address(bits: 2 << 64 | 5))
    let group = try #require(IPv6Address("ff02::1:ff00:5"))
    var changes = [membership.insert(first), membership.insert(first), membership.insert(second)]
    #expect(membership.groups == [group])
    changes += [membership.remove(first), membership.remove(first), membership.remove(second)]
    #expect(changes == [.join(group), nil, nil, nil, nil, .leave(group)])
    #expect(membership == GroupMembership())
  }
}
