import Primitives
import Testing

@Suite struct ASNTests {
  @Test(
    arguments: [(64_512, 64_512), (65_535, 65_535), (65_536, 23_456), (4_294_967_295, 23_456)] as [(UInt32, UInt16)])
  func `a number that does not fit two octets is announced as AS_TRANS`(number: UInt32, field: UInt16) {
    #expect(ASN(number).twoOctetField == field)
  }

  @Test func `numbers print in asplain`() {
    #expect(ASN(4_200_000_000).description == "4200000000")
  }
}
