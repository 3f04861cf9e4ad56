import Primitives
import TestKit
import Testing

@testable import BGP

@Suite struct MessageCodecTests {
  struct Pair: Sendable, CustomTestStringConvertible {
    let name: String
    /// What follows the header.
    let body: String
    let type: UInt8
    let message: Message
    var format = Message.Format(asnWidth: .four, allowsExtendedMessages: false)

    var testDescription: String { self.name }
    var wire: [UInt8] { header(19 + bytes(self.body).count, type: self.type) + bytes(self.body) }
  }

  static let pairs: [Pair] = [
    Pair(name: "keepalive", body: "", type: 4, message: .keepalive),
    Pair(
      name: "open without capabilities", body: "04 fc00 00b4 0a000001 00", type: 1,
      message: .open(
        OpenMessage(shortASN: 64_512, holdSeconds: 180, identifier: IPv4Address(10, 0, 0, 1), capabilities: []))),
    Pair(
      name: "open with every capability that we know and one that we do not",
      body: """
        04 5ba0 005a c0000201 3d 02 3b
        01 04 0001 00 01  01 04 0002 00 01  02 00  05 06 0001 0001 0002  06 00
        40 0a c078 0001 01 80 0002 01 00  41 04 fffffde8  46 00
        49 0d 06 66 72 72 2d 72 31 00 00 00 00 00 00
        """, type: 1,
      message: .open(
        OpenMessage(
          shortASN: 23_456, holdSeconds: 90, identifier: IPv4Address(192, 0, 2, 1),
          capabilities: [
            .multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast), .routeRefresh,
            .extendedNextHop([Capability.ExtendedNextHop(.ipv4Unicast, nextHop: .ipv6)]), .extendedMessage,
            .gracefulRestart(
              GracefulRestart(
                isRestarting: true, coversNotifications: true, restartSeconds: 120,
                families: [
                  GracefulRestart.Family(.ipv4Unicast, hasPreservedForwarding: true),
                  GracefulRestart.Family(.ipv6Unicast, hasPreservedForwarding: false),
                ])),
            .fourOctetASN(ASN(4_294_966_760)), .enhancedRouteRefresh,
            .other(code: 73, value: bytes("06 66 72 72 2d 72 31 00 00 00 00 00 00")),
          ]))),
    Pair(
      name: "notification with a shutdown communication", body: "06 02 05 68656c6c6f", type: 3,
      message: .notification(.cease(.administrativeShutdown, saying: "hello"))),
    Pair(
      name: "route refresh", body: "0002 00 01", type: 5, message: .routeRefresh(RouteRefresh(.request, .ipv6Unicast))),
    Pair(
      name: "end of a route refresh", body: "0001 02 01", type: 5,
      message: .routeRefresh(RouteRefresh(.end, .ipv4Unicast))),
    Pair(name: "end of RIB, IPv4", body: "0000 0000", type: 2, message: .update(.endOfRIB(.ipv4))),
    Pair(name: "end of RIB, IPv6", body: "0000 0006 80 0f 03 0002 01", type: 2, message: .update(.endOfRIB(.ipv6))),
    Pair(
      name: "withdrawal", body: "000a 18 c00002 20 c6336401 00 0000", type: 2,
      message: .update(
        UpdateMessage(withdrawn: ["192.0.2.0/24", "198.51.100.1/32", "0.0.0.0/0"].compactMap { IPPrefix($0) }))),
    Pair(
      name: "eBGP announcement with everything",
      body: """
        0000 0054
        40 01 01 00  40 02 0e 02 03 0000fc00 0000fc00 0000fc00  40 03 04 0a000001  80 04 04 00000032
        c0 08 08 fc00 0064 ffff 0000  c0 10 08 4004 fc00 4b3ebc20
        c0 20 18 0000fc00 00000001 00000002 fffffde8 00000000 00000003
        18 c0a805
        """, type: 2,
      message: .update(
        UpdateMessage(
          attributes: attributes {
            $0.origin = .igp
            $0.asPath = ASPath(sequence: Array(repeating: ASN(64_512), count: 3), width: .four)
            $0.nextHop = IPv4Address(10, 0, 0, 1)
            $0.multiExitDiscriminator = 50
            $0.communities = [Community(64_512, 100), .gracefulShutdown]
            $0.extendedCommunities = [.linkBandwidth(12_500_000, of: ASN(64_512))]
            $0.largeCommunities = [LargeCommunity(64_512, 1, 2), LargeCommunity(4_294_966_760, 0, 3)]
          }, announced: [IPPrefix("192.168.5.0/24")].compactMap { $0 }))),
    Pair(
      name: "announcement to a peer that knows two octets only",
      body: """
        0000 0021
        40 01 01 00  40 02 06 02 02 5ba0 fc00  40 03 04 0a000001  c0 11 0a 02 02 fffffde8 0000fc00
        20 c0a80501
        """, type: 2,
      message: .update(
        UpdateMessage(
          attributes: attributes {
            $0.origin = .igp
            $0.asPath = ASPath(sequence: [.trans, ASN(64_512)], width: .two)
            $0.nextHop = IPv4Address(10, 0, 0, 1)
            $0.as4Path = ASPath(sequence: [ASN(4_294_966_760), ASN(64_512)], width: .four)
          }, announced: [IPPrefix("192.168.5.1/32")].compactMap { $0 })),
      format: .initial),
    Pair(
      name: "iBGP announcement of IPv6 routes with a link-local next hop",
      body: """
        0000 0047
        40 01 01 00  40 02 00  40 05 04 00000064
        80 0e 36 0002 01 20 20010db8000000000000000000000001 fe800000000000000000000000000001 00
        80 20010db8000100000000000000000005
        """, type: 2,
      message: .update(
        UpdateMessage(
          attributes: attributes {
            $0.origin = .igp
            $0.asPath = ASPath([], width: .four)
            $0.localPreference = 100
            $0.reachable = ReachableRoutes(
              .ipv6, nextHop: .v6(v6("2001:db8::1"), linkLocal: v6("fe80::1")),
              [IPPrefix("2001:db8:1::5/128")].compactMap { $0 })
          }))),
    Pair(
      name: "IPv4 routes with an IPv6 next hop",
      body: """
        0000 002b
        40 01 01 00  40 02 06 02 01 0000fc00
        80 0e 1b 0001 01 10 20010db8000000000000000000000001 00 18 cb0071 08 0a
        """, type: 2,
      message: .update(
        UpdateMessage(
          attributes: attributes {
            $0.origin = .igp
            $0.asPath = ASPath(sequence: [ASN(64_512)], width: .four)
            $0.reachable = ReachableRoutes(
              .ipv4, nextHop: .v6(v6("2001:db8::1")),
              ["203.0.113.0/24", "10.0.0.0/8"].compactMap { IPPrefix($0) })
          }))),
    Pair(
      name: "what other routers add",
      body: """
        0000 0035
        40 01 01 02  40 02 10 01 01 0000fde8 02 02 0000fde9 0000fdea  40 03 04 0a000001
        40 06 00  c0 07 08 0000fde8 0a000009  80 0e 06 0001 85 00 00 00
        18 c0a805
        """, type: 2,
      message: .update(
        UpdateMessage(
          attributes: attributes {
            $0.origin = .incomplete
            $0.asPath = ASPath(
              [ASPath.Segment(.set, [ASN(65_000)]), ASPath.Segment(.sequence, [ASN(65_001), ASN(65_002)])], width: .four
            )
            $0.nextHop = IPv4Address(10, 0, 0, 1)
            $0.isAtomicAggregate = true
            $0.others = [
              PathAttributes.Other(flags: 0xC0, type: 7, value: bytes("0000fde8 0a000009")),
              PathAttributes.Other(flags: 0x80, type: 14, value: bytes("0001 85 00 00 00")),
            ]
          }, announced: [IPPrefix("192.168.5.0/24")].compactMap { $0 }))),
  ]

  @Test(arguments: pairs) func `a message is read and written in the same bytes`(pair: Pair) throws {
    let frame = try #require(try frame(pair.wire))
    #expect(try Message(decoding: frame, pair.format) == pair.message)
    #expect(pair.message.bytes == pair.wire)
  }

  @Test(arguments: pairs) func `a frame that has not all arrived is waited for`(pair: Pair) throws {
    for length in pair.wire.indices { #expect(try frame(Array(pair.wire[..<length])) == nil) }
  }

  /// What a body that ends early is, depends on where: but it is an error, or a shorter list of routes, and never a crash.
  @Test(arguments: pairs) func `every beginning of a message is answered or understood`(pair: Pair) {
    let body = bytes(pair.body)
    for length in 0..<body.count {
      let cut = Frame(type: pair.type, body: Array(body[..<length]))
      do throws(Notification) {
        let message = try Message(decoding: cut, pair.format)
        #expect(message?.frame == cut, "\(length) of \(body.count)")
      } catch {
        #expect((1...7).contains(error.code))
      }
    }
  }

  @Test func `any bytes at all are answered or understood`() {
    var dice = SplitMix64(seed: 7)
    for _ in 0..<20_000 {
      let pair = Self.pairs.randomElement(using: &dice) ?? Self.pairs[0]
      var body = bytes(pair.body)
      for _ in 0..<Int.random(in: 1...4, using: &dice) {
        switch Int.random(in: 0...2, using: &dice) {
        case 0 where !body.isEmpty:
          body[Int.random(in: body.indices, using: &dice)] = .random(in: 0...255, using: &dice)
        case 1: body.insert(.random(in: 0...255, using: &dice), at: Int.random(in: 0...body.count, using: &dice))
        default: body = Array(body.dropLast(Int.random(in: 0...4, using: &dice)))
        }
      }
      let type = Bool.random(using: &dice) ? pair.type : UInt8.random(in: 0...6, using: &dice)
      let width: ASPath.Width = Bool.random(using: &dice) ? .two : .four
      let format = Message.Format(asnWidth: width, allowsExtendedMessages: true)
      do throws(Notification) {
        let message = try Message(decoding: Frame(type: type, body: body), format)
        // What was understood can be said again, and means the same.
        guard case .update(var update) = message, update.faults.isEmpty else { continue }
        guard let again = try Message(decoding: Frame(type: 2, body: update.body), format) else { continue }
        update.attributes.others.sort { $0.type < $1.type }
        #expect(again == .update(update))
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  @Test func `more capabilities than one octet can count take the extended form`() throws {
    let many = (0..<40).map { Capability.other(code: 200, value: [UInt8](repeating: $0, count: 10)) }
    let open = OpenMessage(shortASN: 1, holdSeconds: 0, identifier: IPv4Address(1, 1, 1, 1), capabilities: many)
    #expect(Array(open.body[9...12]) == [255, 255, 0x01, 0xE3])
    #expect(try OpenMessage(decoding: open.body) == open)
  }

  @Test func `capabilities in parameters of their own are read too`() throws {
    let body = bytes("04 fc00 00b4 0a000001 0c 02 02 0200 02 06 4104 00000001")
    #expect(try OpenMessage(decoding: body).capabilities == [.routeRefresh, .fourOctetASN(ASN(1))])
  }

  @Test(arguments: [
    ("a version other than 4", "03 fc00 00b4 0a000001 00", Notification(code: 2, subcode: 1, data: [0, 4])),
    ("a parameter that is no capability", "04 fc00 00b4 0a000001 02 0100", Notification(code: 2, subcode: 4)),
    ("a parameter past the end", "04 fc00 00b4 0a000001 04 0203 0200", Notification(code: 2, subcode: 0)),
    (
      "a capability of the wrong length", "04 fc00 00b4 0a000001 07 0205 4103 000001", Notification(code: 2, subcode: 0)
    ),
    ("bytes after the parameters", "04 fc00 00b4 0a000001 00 00", Notification(code: 2, subcode: 0)),
    ("parameters past the end", "04 fc00 00b4 0a000001 05", Notification(code: 2, subcode: 0)),
    ("extended parameters past the end", "04 fc00 00b4 0a000001 ff ff00", Notification(code: 2, subcode: 0)),
    ("less than what each has", "04 fc00 00b4 0a0000", Notification(code: 1, subcode: 2, data: [0, 27])),
  ]) func `an OPEN is refused for`(_: String, body: String, notification: Notification) {
    #expect(throws: notification) { try OpenMessage(decoding: bytes(body)) }
  }

  @Test func `a length that the type cannot have is refused`() throws {
    for (type, length) in [(1, 28), (2, 22), (3, 20), (4, 20), (4, 4096), (2, 4097), (1, 4097)] as [(UInt8, Int)] {
      let frame = Frame(type: type, body: [UInt8](repeating: 0, count: length - 19))
      #expect(throws: Notification.badMessageLength(UInt16(length))) { try Message(decoding: frame, .initial) }
    }
    let long = Message.Format(asnWidth: .four, allowsExtendedMessages: true)
    let open = Frame(type: 1, body: [UInt8](repeating: 4, count: 5000))
    #expect(throws: Notification.badMessageLength(5019)) { try Message(decoding: open, long) }
    #expect(throws: Notification(code: 1, subcode: 3, data: [9])) {
      try Message(decoding: Frame(type: 9, body: []), .initial)
    }
  }

  @Test func `a stream is cut into frames wherever its pieces end`() throws {
    let whole = Self.pairs.flatMap(\.wire)
    for size in [1, 2, 18, 19, 20, 33, 1000] {
      var splitter = FrameSplitter()
      var frames: [Frame] = []
      for start in stride(from: 0, to: whole.count, by: size) {
        splitter.append(whole[start..<min(start + size, whole.count)])
        while let frame = try splitter.next() { frames.append(frame) }
      }
      #expect(frames == Self.pairs.map(\.message.frame))
    }
  }

  @Test func `a marker with a wrong octet is noticed at once`() {
    #expect(throws: Notification.messageHeader(.connectionNotSynchronized)) { try frame(bytes("ff ff 00")) }
    #expect(throws: Notification.messageHeader(.connectionNotSynchronized)) {
      try frame(Array("GET / HTTP/1.1".utf8))
    }
    #expect(throws: Notification.badMessageLength(18)) { try frame(header(18, type: 4)) }
  }

  @Test func `a length that no OPEN can have is noticed before all of it has come`() throws {
    #expect(throws: Notification.badMessageLength(4097)) { try frame(header(4097, type: 1)) }
    #expect(throws: Notification.badMessageLength(65_535)) { try frame(header(65_535, type: 4)) }
    var splitter = FrameSplitter()
    splitter.append(header(65_535, type: 2))
    #expect(try splitter.next() == nil)
  }
}

func attributes(_ change: (inout PathAttributes) -> Void) -> PathAttributes {
  var attributes = PathAttributes()
  change(&attributes)
  return attributes
}

func v6(_ text: String) -> IPv6Address { IPv6Address(text) ?? IPv6Address(bits: 0) }
