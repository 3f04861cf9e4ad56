import Primitives
import Testing

@testable import BGP

/// What is wrong with a received UPDATE, and what becomes of the session (RFC 7606).
@Suite struct UpdateFaultTests {
  static let good = ["40 01 01 00", "40 02 06 02 01 0000fc00", "40 03 04 0a000001"]

  static func body(_ attributes: [String], routes: String = "18 c0a805") -> [UInt8] {
    let list = attributes.flatMap(bytes)
    return [0, 0, UInt8(list.count >> 8), UInt8(list.count & 0xFF)] + list + bytes(routes)
  }

  @Test(
    arguments: [
      ("ORIGIN of two octets", ["40 01 02 0000", good[1], good[2]], 1, .treatAsWithdraw),
      ("ORIGIN 3", ["40 01 01 03", good[1], good[2]], 1, .treatAsWithdraw),
      ("ORIGIN as optional", ["c0 01 01 00", good[1], good[2]], 1, .treatAsWithdraw),
      ("no ORIGIN", [good[1], good[2]], 1, .treatAsWithdraw),
      ("no AS_PATH", [good[0], good[2]], 2, .treatAsWithdraw),
      ("no NEXT_HOP", [good[0], good[1]], 3, .treatAsWithdraw),
      ("AS_PATH past its end", [good[0], "40 02 06 02 02 0000fc00", good[2]], 2, .treatAsWithdraw),
      ("AS_PATH with an empty segment", [good[0], "40 02 02 02 00", good[2]], 2, .treatAsWithdraw),
      ("AS_PATH of an unknown kind", [good[0], "40 02 06 05 01 0000fc00", good[2]], 2, .treatAsWithdraw),
      ("NEXT_HOP of 16 octets", [good[0], good[1], "40 03 10 20010db8000000000000000000000001"], 3, .treatAsWithdraw),
      ("MED of two octets", good + ["80 04 02 0001"], 4, .treatAsWithdraw),
      ("LOCAL_PREF of five octets", good + ["40 05 05 0000000100"], 5, .treatAsWithdraw),
      ("COMMUNITIES of six octets", good + ["c0 08 06 000100010001"], 8, .treatAsWithdraw),
      ("LARGE_COMMUNITY of eight octets", good + ["c0 20 08 0000000100000001"], 32, .treatAsWithdraw),
      ("EXTENDED COMMUNITIES of four octets", good + ["c0 10 04 00000001"], 16, .treatAsWithdraw),
      ("ATOMIC_AGGREGATE with content", good + ["40 06 01 00"], 6, .discardAttribute),
      ("AGGREGATOR of six octets beside four-octet numbers", good + ["c0 07 06 fc00 0a000001"], 7, .discardAttribute),
      ("AS4_PATH past its end", good + ["c0 11 06 02 02 0000fc00"], 17, .discardAttribute),
      ("an attribute past the end of all", good + ["c0 08 0c fc00 0001"], 0, .treatAsWithdraw),
    ] as [(String, [String], UInt8, AttributeFault.Consequence)])
  func `a session survives`(name: String, attributes: [String], type: UInt8, consequence: AttributeFault.Consequence)
    throws
  {
    let update = try UpdateMessage(decoding: Self.body(attributes), asnWidth: .four)
    #expect(update.faults == [AttributeFault(type: type, consequence)])
    #expect(update.announced == [IPPrefix("192.168.5.0/24")])
  }

  @Test(
    arguments: [
      (
        "an unknown well-known attribute", good + ["40 63 00"], "18 c0a805",
        .update(.unrecognizedWellKnownAttribute, data: [0x40, 0x63])
      ),
      ("MP_REACH twice", good + ["80 0e 05 0001850000", "80 0e 05 0001850000"], "", .update(.malformedAttributeList)),
      ("MP_REACH as well-known", good + ["40 0e 05 0001850000"], "", .update(.attributeFlags)),
      (
        "MP_REACH with a next hop of three octets", good + ["80 0e 08 000201 03 010203 00"], "",
        .update(.optionalAttribute)
      ),
      ("MP_UNREACH with a prefix past its end", good + ["80 0f 05 000201 80 20"], "", .update(.optionalAttribute)),
      ("a prefix of 33 bits", good, "21 c0a8050000", .update(.invalidNetworkField)),
      ("a prefix past the end", good, "20 c0a805", .update(.invalidNetworkField)),
    ] as [(String, [String], String, Notification)])
  func `a session does not survive`(name: String, attributes: [String], routes: String, notification: Notification) {
    #expect(throws: notification) {
      try UpdateMessage(decoding: Self.body(attributes, routes: routes), asnWidth: .four)
    }
  }

  @Test func `lengths that contradict each other end the session`() {
    for body in ["0001", "0005 0000", "0000 0004 400101", "0000"] {
      #expect(throws: Notification.update(.malformedAttributeList)) {
        try UpdateMessage(decoding: bytes(body), asnWidth: .four)
      }
    }
  }

  @Test func `of an attribute that comes twice the first counts`() throws {
    let update = try UpdateMessage(decoding: Self.body(Self.good + ["40 01 01 02"]), asnWidth: .four)
    #expect(update.attributes.origin == .igp)
    #expect(update.faults == [])
  }

  @Test func `withdrawals need no attributes`() throws {
    let update = try UpdateMessage(decoding: bytes("0004 18 c0a805 0000"), asnWidth: .four)
    #expect(update == UpdateMessage(withdrawn: [IPPrefix("192.168.5.0/24")].compactMap { $0 }))
  }
}
