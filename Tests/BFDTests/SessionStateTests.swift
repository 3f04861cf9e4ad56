import BFD
import Testing

@Suite struct SessionStateTests {
  @Test func `states and diagnostics have the numbers of RFC 5880 section 4 1`() {
    #expect(SessionState.allCases.map(\.rawValue) == [0, 1, 2, 3])
    #expect(SessionState(rawValue: 3) == .up)
    #expect(Diagnostic(rawValue: 0xE1) == .controlDetectionTimeExpired, "the upper bits belong to the state")
  }
}
