import Primitives
import TestKit
import Testing

@testable import Balancer

@Suite struct AddressYieldsTests {
  private let addresses = (1...3).compactMap { IPAddress("192.0.2.\($0)") }

  private func yields(to node: String, under term: Int? = nil) -> AddressYields {
    var yields = AddressYields()
    for address in self.addresses { yields.yield(address, to: node, under: term, at: t0) }
    return yields
  }

  @Test func `once all yields have ended nothing is left of them`() {
    var yields = self.yields(to: "w2")
    #expect(yields.samples.keys.sorted() == ["w2"])
    yields.endAll()
    #expect(yields.isEmpty)
    // Neither an address to ask for, nor one that ends later.
    #expect(yields.samples.isEmpty)
    let found1 = yields.expire(at: t0 + AddressYields.duration)
    #expect(found1.isEmpty)
    #expect(yields.nextDeadline == nil)
  }

  @Test func `a yield that was prolonged ends at its new time, and one that was told of a claim later than others`() {
    var yields = self.yields(to: "w2")
    yields.yield(self.addresses[1], to: "w2", at: t0 + .seconds(4))
    yields.yield(self.addresses[2], to: "w3", under: 7, at: t0)
    let found2 = yields.expire(at: t0 + .seconds(10))
    #expect(found2 == [self.addresses[0]])
    let found3 = yields.expire(at: t0 + .seconds(14))
    #expect(found3 == [self.addresses[1]])
    let found4 = yields.expire(at: t0 + .seconds(29))
    #expect(found4.isEmpty)
    #expect(yields.winners == [self.addresses[2]: "w3"])
    let found5 = yields.expire(at: t0 + .seconds(30))
    #expect(found5 == [self.addresses[2]])
  }

  @Test func `another of its addresses stands for a node when the one that did ends`() throws {
    var yields = self.yields(to: "w2")
    for count in (1...3).reversed() {
      let sample = try #require(yields.samples["w2"])
      #expect(yields[sample] == "w2", "\(count) are left")
      yields.end(sample)
    }
    #expect(yields.samples.isEmpty)
  }

  @Test func `only what may have changed is to be looked at, and once`() {
    var yields = self.yields(to: "w2")
    let found6 = yields.takeDoubted()
    #expect(found6 == Set(self.addresses))
    let found7 = yields.takeDoubted()
    #expect(found7.isEmpty)
    yields.doubt([self.addresses[1]])
    let found8 = yields.takeDoubted()
    #expect(found8 == [self.addresses[1]])
    yields.end(self.addresses[0])
    let found9 = yields.takeDoubted()
    #expect(found9 == [self.addresses[0]])
    yields.doubt([self.addresses[0]])
    let found10 = yields.takeDoubted()
    #expect(found10.isEmpty, "that is nobody else's any more")
    yields.doubt(to: "w2")
    let found11 = yields.takeDoubted()
    #expect(found11 == Set(self.addresses[1...]))
  }
}
