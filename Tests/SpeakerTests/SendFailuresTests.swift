import Primitives
import TestKit
import Testing

@testable import Speaker

@Suite struct SendFailuresTests {
  @Test func `each kind of failure is told once a minute, with how many there were in between`() {
    var failures = SendFailures()
    let told = (0..<150).map { failures.note(1, at: t0 + .seconds($0)) }
    #expect(told.enumerated().filter { $0.element != nil }.map(\.offset) == [0, 60, 120])
    #expect(told.compactMap(\.self) == [0, 59, 59])
    #expect(failures.note(2, at: t0 + .seconds(150)) == 0)
  }
}
