import Primitives
import Testing

@Suite struct CommunityTests {
  @Test func `a community prints its two halves`() {
    #expect(Community(rawValue: 0xFC00_0064).description == "64512:100")
    #expect(Community.noExport.rawValue == 0xFFFF_FF01)
    #expect(Community.noAdvertise.rawValue == 0xFFFF_FF02)
    #expect(Community.gracefulShutdown.rawValue == 0xFFFF_0000)
  }

  @Test func `a large community prints its three numbers and sorts by them in order`() {
    #expect(LargeCommunity(4_200_000_000, 1, 2).description == "4200000000:1:2")
    #expect(LargeCommunity(1, 2, 3) < LargeCommunity(1, 3, 0))
    #expect(LargeCommunity(1, 2, 3) < LargeCommunity(2, 0, 0))
  }
}
