import Primitives
import TestKit
import Testing

@testable import Speaker

@Suite struct RecurrenceLogTests {
  @Test func `what happens again and again is told once a minute, with how often it was not`() {
    var log = RecurrenceLog<String>()
    #expect(log.note("192.0.2.1: nobody's", at: t0) == 0)
    for _ in 0..<1000 { #expect(log.note("192.0.2.1: nobody's", at: t0 + .seconds(59)) == nil) }
    #expect(log.note("192.0.2.1: nobody's", at: t0 + .seconds(60)) == 1000)
    #expect(log.note("192.0.2.2: nobody's", at: t0 + .seconds(61)) == 0)
  }

  @Test func `another kind is told at once`() {
    var log = RecurrenceLog<String>()
    #expect(log.note("192.0.2.1: nobody's", at: t0) == 0)
    #expect(log.note("192.0.2.1: too far away", at: t0) == 0)
    #expect(log.note("192.0.2.1: too far away", at: t0) == nil)
  }

  @Test func `of many kinds a few are told`() {
    var log = RecurrenceLog<String>()
    let told = (0..<200).compactMap { log.note("192.0.2.\($0): nobody's", at: t0) }
    #expect(told == Array(repeating: 0, count: RecurrenceLog<String>.limit))
    #expect(log.note("192.0.2.201: nobody's", at: t0 + .seconds(60)) == 190)
  }
}
