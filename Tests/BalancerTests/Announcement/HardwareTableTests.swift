import Primitives
import Testing

@testable import Balancer

@Suite struct HardwareTableTests {
  @Test func `an address is that of the one node that has it, and nobody's while several have`() {
    let (own, shared) = (MACAddress(bits: 1), MACAddress(bits: 0xEEEE_EEEE_EEEE))
    var table = HardwareTable()
    table.put([own, shared], of: "w1")
    #expect(table.node(with: own) == "w1" && table.node(with: shared) == "w1")
    table.put([shared], of: "w2")
    #expect(table.node(with: own) == "w1" && table.node(with: shared) == nil)
    table.put([own], of: "w1")
    #expect(table.node(with: shared) == "w2")
    table.put([], of: "w2")
    #expect(table.node(with: shared) == nil)
    table.put([], of: "w1")
    #expect(table == HardwareTable())
  }
}
