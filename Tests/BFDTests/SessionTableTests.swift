import BFD
import Primitives
import TestKit
import Testing

/// Which session a packet is for (RFC 5880 section 6.3, RFC 5881 section 5, RFC 5883 section 5).
@Suite struct SessionTableTests {
  private static let peer = IPAddress.v4(IPv4Address(198, 18, 0, 1))
  private static let local = IPAddress.v4(IPv4Address(198, 18, 0, 2))
  private static let linkLocal = IPAddress("fe80::1") ?? peer
  private let neighbor = Neighbor()

  private func arrival(
    from source: IPAddress = Self.peer, to destination: IPAddress = Self.local, on interface: String = "eth0",
    vrf: String? = nil, ttl: UInt8 = 255, multihop: Bool = false
  ) -> Arrival {
    Arrival(source: source, destination: destination, interface: interface, vrf: vrf, ttl: ttl, isMultihop: multihop)
  }

  private func table(_ paths: SessionPath...) -> SessionTable {
    var table = SessionTable(seed: 42)
    for path in paths { _ = table.handle(.wanted(path, Settings()), at: t0) }
    return table
  }

  /// The path of the session that took a packet in, by what it said in return.
  private func path(of packet: ControlPacket, _ arrival: Arrival, in table: inout SessionTable) -> SessionPath? {
    for case .send(_, let path) in table.handle(.received(packet, arrival), at: t0) { return path }
    return nil
  }

  @Test func `who does not know us yet is told by address, interface, VRF and kind of path`() {
    let paths = [
      SessionPath(peer: Self.peer), SessionPath(peer: Self.peer, isMultihop: true),
      SessionPath(peer: Self.linkLocal, interface: "eth0"), SessionPath(peer: Self.linkLocal, interface: "eth1"),
      SessionPath(peer: Self.peer, vrf: "red"),
    ]
    let hello = self.neighbor.packet(.down, to: nil)
    let arrivals = [
      self.arrival(), self.arrival(ttl: 254, multihop: true), self.arrival(from: Self.linkLocal),
      self.arrival(from: Self.linkLocal, on: "eth1"), self.arrival(vrf: "red"),
    ]
    for (path, arrival) in zip(paths, arrivals) {
      var table = self.table(paths[0], paths[1], paths[2], paths[3], paths[4])
      #expect(self.path(of: hello, arrival, in: &table) == path)
      #expect(table.readings.filter { $0.value.state == .initializing }.map(\.key) == [path])
    }
  }

  @Test func `of two paths that a packet fits, the one that asks more is meant`() {
    let (open, exact) = (
      SessionPath(peer: Self.peer), SessionPath(peer: Self.peer, local: Self.local, interface: "eth0")
    )
    var table = self.table(open, exact)
    #expect(self.path(of: self.neighbor.packet(.down, to: nil), self.arrival(), in: &table) == exact)
    table = self.table(exact, open)
    #expect(self.path(of: self.neighbor.packet(.down, to: nil), self.arrival(on: "eth1"), in: &table) == open)
  }

  @Test func `strangers and packets for nobody are discarded, with the reason`() throws {
    let path = SessionPath(peer: Self.peer, local: Self.local)
    var table = self.table(path)
    let hello = self.neighbor.packet(.down, to: nil)
    func reason(_ packet: ControlPacket, _ arrival: Arrival) -> SessionTable.Discard? {
      let before = table
      let actions = table.handle(.received(packet, arrival), at: t0)
      #expect(table.readings == before.readings)
      if case .discard(packet, arrival, let reason) = actions.first { return reason } else { return nil }
    }
    #expect(reason(hello, self.arrival(from: Self.local)) == .unknownPeer)
    #expect(reason(hello, self.arrival(to: Self.peer)) == .unknownPeer)
    #expect(reason(hello, self.arrival(multihop: true)) == .unknownPeer)
    #expect(reason(hello, self.arrival(vrf: "red")) == .unknownPeer)
    #expect(reason(hello, self.arrival(ttl: 254)) == .tooFar(minimumTTL: 255))
    #expect(reason(self.neighbor.packet(.up, to: .sample(9)), self.arrival()) == .unknownDiscriminator(.sample(9)))
    let ours = try #require(self.discriminator(of: path, in: table))
    let toUs = self.neighbor.packet(.up, to: ours)
    #expect(reason(toUs, self.arrival(from: Self.local)) == .foreignDiscriminator(ours))
    #expect(reason(toUs, self.arrival(multihop: true)) == .foreignDiscriminator(ours))
    #expect(reason(toUs, self.arrival(ttl: 1)) == .tooFar(minimumTTL: 255))
  }

  /// What a session calls itself: it says so to who greets it.
  private func discriminator(of path: SessionPath, in table: SessionTable) -> Discriminator? {
    var copy = table
    let arrival = self.arrival(from: path.peer, to: path.local ?? Self.local, multihop: path.isMultihop)
    for case .send(let packet, path) in copy.handle(.received(self.neighbor.packet(.down, to: nil), arrival), at: t0) {
      return packet.mine
    }
    return nil
  }

  @Test func `a peer behind routers is heard from as near as its profile says`() {
    let path = SessionPath(peer: Self.peer, isMultihop: true)
    var table = SessionTable(seed: 1)
    _ = table.handle(.wanted(path, Settings(minimumTTL: 250)), at: t0)
    let hello = self.neighbor.packet(.down, to: nil)
    #expect(self.path(of: hello, self.arrival(ttl: 249, multihop: true), in: &table) == nil)
    #expect(self.path(of: hello, self.arrival(ttl: 250, multihop: true), in: &table) == path)
  }

  @Test func `a path that is not wanted any more is closed once the peer had time to hear of it`() {
    let path = SessionPath(peer: Self.peer)
    var table = self.table(path)
    _ = table.handle(.received(self.neighbor.packet(.initializing, to: nil), self.arrival()), at: t0)
    _ = table.handle(.received(self.neighbor.packet(.down, to: nil), self.arrival()), at: t0)
    _ = table.handle(.received(self.neighbor.packet(.down, to: nil), self.arrival()), at: t0)
    let goodbye = table.handle(.unwanted(path), at: t0)
    #expect(goodbye.count == 1)
    guard case .send(let packet, path)? = goodbye.first else {
      Issue.record("nothing was sent: \(goodbye)")
      return
    }
    #expect(packet.state == .adminDown)
    var actions: [SessionTable.Action] = []
    while let deadline = table.nextDeadline { actions += table.handle(.tick, at: deadline) }
    #expect(actions.last == .close(path))
    #expect(table.readings.isEmpty)
    #expect(table.handle(.unwanted(path), at: t0) == [], "it is gone already")
    #expect(
      table.handle(.received(self.neighbor.packet(.down, to: nil), self.arrival()), at: t0) == [
        .discard(self.neighbor.packet(.down, to: nil), self.arrival(), .unknownPeer)
      ])
  }

  @Test func `a path that is wanted again before it was closed stays, with the new settings`() {
    let path = SessionPath(peer: Self.peer)
    var table = self.table(path)
    _ = table.handle(.unwanted(path), at: t0)
    let actions = table.handle(.wanted(path, Settings(detectMultiplier: 7)), at: t0 + .seconds(1))
    guard case .send(let packet, path)? = actions.first else {
      Issue.record("nothing was sent: \(actions)")
      return
    }
    #expect(packet.state == .down && packet.detectMultiplier == 7)
    var now = t0 + .seconds(1)
    while let deadline = table.nextDeadline, deadline < t0 + .seconds(20) {
      now = max(now, deadline)
      #expect(!table.handle(.tick, at: now).contains(.close(path)))
    }
    #expect(table.readings.count == 1)
  }

  /// What is sent once a session with Echo mode is up, with a peer that loops Echo packets.
  private func echoes(on path: SessionPath, heard arrival: Arrival) -> [SessionTable.Action] {
    var table = SessionTable(seed: 5)
    var neighbor = self.neighbor
    neighbor.requiredMinEchoReceive = .milliseconds(50)
    _ = table.handle(.wanted(path, Settings(echo: .every(.milliseconds(50)))), at: t0)
    guard let ours = self.discriminator(of: path, in: table) else { return [] }
    _ = table.handle(.received(neighbor.packet(.initializing, to: ours), arrival), at: t0)
    return table.handle(.tick, at: t0).filter { if case .sendEcho = $0 { true } else { false } }
  }

  @Test func `Echo packets go to neighbours, by the way that they were heard`() throws {
    let path = SessionPath(peer: Self.peer)
    let arrival = self.arrival(on: "eth7")
    let echoes = self.echoes(on: path, heard: arrival)
    guard case .sendEcho(let packet, path, arrival)? = echoes.first else {
      Issue.record("no Echo packet: \(echoes)")
      return
    }
    #expect(packet.sequence == 1)
    #expect(self.echoes(on: SessionPath(peer: Self.peer, isMultihop: true), heard: self.arrival(multihop: true)) == [])
  }

  @Test func `a peer with an IPv6 address is asked for no Echo packets, and gets ours`() {
    for (peer, asked) in [(Self.peer, Duration.milliseconds(50)), (Self.linkLocal, .zero)] {
      let (path, arrival) = (SessionPath(peer: peer), self.arrival(from: peer))
      var table = SessionTable(seed: 5)
      var said: [Duration] = []
      for case .send(let packet, path) in table.handle(.wanted(path, Settings(echo: .every(.milliseconds(50)))), at: t0)
      {
        said.append(packet.requiredMinEchoReceive)
      }
      #expect(said == [asked], "\(peer)")
      #expect(self.echoes(on: path, heard: arrival).count == 1, "\(peer)")
    }
  }

  @Test func `a thousand sessions each get their ticks, and the heap holds no more than them`() {
    var table = SessionTable(seed: 7)
    for number in 0..<1000 {
      let peer = IPAddress.v4(IPv4Address(bits: 0xC612_0000 + UInt32(number)))
      _ = table.handle(.wanted(SessionPath(peer: peer), Settings()), at: t0)
    }
    var sent: [SessionPath: Int] = [:]
    while let deadline = table.nextDeadline, deadline <= t0 + .seconds(10) {
      for case .send(_, let path) in table.handle(.tick, at: deadline) { sent[path, default: 0] += 1 }
    }
    #expect(sent.count == 1000)
    #expect(sent.values.allSatisfy { (10...14).contains($0) })
    #expect(table.pendingAlarms == 1000)
  }
}
