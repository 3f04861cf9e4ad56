import Testing

@testable import BGP

@Suite struct NotificationTests {
  @Test(arguments: [
    (
      Notification.cease(.administrativeShutdown, saying: "maintenance until noon"),
      #"Cease: Administrative Shutdown, "maintenance until noon""#
    ),
    (.cease(.administrativeShutdown), "Cease: Administrative Shutdown"),
    (.holdTimerExpired, "Hold Timer Expired"),
    (.open(.badPeerAS, data: [0xFD, 0xE8]), "OPEN Message Error: Bad Peer AS, AS 65000"),
    (.badMessageLength(5000), "Message Header Error: Bad Message Length, 5000"),
    (
      .unexpected(.keepalive, .inOpenSent),
      "Finite State Machine Error: Receive Unexpected Message in OpenSent State, type 4"
    ),
    (.cease(.administrativeReset).asHardReset, "Cease: Hard Reset, Cease: Administrative Reset"),
    (.cease(.bfdDown), "Cease: BFD Down"),
    (Notification(code: 6, subcode: 77), "Cease, subcode 77"),
    (Notification(code: 4, subcode: 3), "Hold Timer Expired, subcode 3"),
    (Notification(code: 42, subcode: 1), "error 42, subcode 1"),
  ]) func `a notification is told in words`(notification: Notification, text: String) {
    #expect(notification.description == text)
  }

  @Test func `a shutdown text is cut at a character, and read without what disturbs a log`() {
    let long = Notification.cease(.administrativeShutdown, saying: String(repeating: "ä", count: 200))
    #expect(long.data.count == 255)
    #expect(long.shutdownText == String(repeating: "ä", count: 127))
    let sly = Notification.cease(.administrativeReset, data: [6] + Array("a\n\u{1B}[2J".utf8))
    #expect(sly.shutdownText == "a\u{FFFD}\u{FFFD}[2J")
    #expect(Notification.cease(.administrativeShutdown, data: [9, 65]).shutdownText == nil)
    #expect(Notification.cease(.administrativeShutdown, data: [2, 0xFF, 0xFE]).shutdownText?.isEmpty == false)
  }

  @Test func `hard resets nest no deeper than one`() {
    let once = Notification.holdTimerExpired.asHardReset
    #expect(once == Notification(code: 6, subcode: 9, data: [4, 0]))
    #expect(once.asHardReset == once)
    let deep = (0..<2000).reduce([UInt8]()) { data, _ in [6, 9] + data }
    #expect(Notification(code: 6, subcode: 9, data: deep).description == "Cease: Hard Reset")
  }
}
