import BGP
import Testing

@Suite struct OriginTests {
  @Test func `origins have the numbers of the RFC`() {
    #expect(Origin.allCases.map(\.rawValue) == [0, 1, 2])
    #expect(Origin(rawValue: 3) == nil)
  }
}
