import Primitives
import TestKit
import Testing

@testable import Speaker

@Suite struct RefusalLogTests {
  private func stranger(_ number: UInt8) -> IPAddress { .v4(IPv4Address(192, 0, 2, number)) }

  @Test func `a stranger who keeps trying is told once a minute, with how often he was silent`() {
    var log = RefusalLog()
    #expect(log.note(self.stranger(1), for: "nobody's", at: t0) == 0)
    for _ in 0..<1000 { #expect(log.note(self.stranger(1), for: "nobody's", at: t0 + .seconds(59)) == nil) }
    #expect(log.note(self.stranger(1), for: "nobody's", at: t0 + .seconds(60)) == 1000)
    #expect(log.note(self.stranger(2), for: "nobody's", at: t0 + .seconds(61)) == 0)
  }

  @Test func `another reason is told at once`() {
    var log = RefusalLog()
    #expect(log.note(self.stranger(1), for: "nobody's", at: t0) == 0)
    #expect(log.note(self.stranger(1), for: "too far away", at: t0) == 0)
    #expect(log.note(self.stranger(1), for: "too far away", at: t0) == nil)
  }

  @Test func `of many strangers a few are told`() {
    var log = RefusalLog()
    let told = (0..<200).compactMap { log.note(self.stranger(UInt8($0)), for: "nobody's", at: t0) }
    #expect(told == Array(repeating: 0, count: RefusalLog.limit))
    #expect(log.note(self.stranger(201), for: "nobody's", at: t0 + .seconds(60)) == 190)
  }
}
