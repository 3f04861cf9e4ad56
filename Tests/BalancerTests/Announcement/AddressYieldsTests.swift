import Primitives
import TestKit
import Testing

@testable import Balancer

@Suite struct AddressYieldsTests {
  @Test func `once all yields have ended nothing is left of them`() throws {
    let address = try #require(IPAddress("192.0.2.8"))
    var yields = AddressYields()
    yields.yield(address, to: "w2", at: t0)
    #expect(yields[address] == "w2")
    yields.endAll()
    // Neither an address to ask for, nor one that ends later.
    #expect(yields == AddressYields())
  }
}
