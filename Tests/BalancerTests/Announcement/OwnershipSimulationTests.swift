import Testing

@testable import Balancer

/// What speakers that elect by ownership come to together, whatever reaches which of them first.
@Suite struct OwnershipSimulationTests {
  private static let nodes = (1...6).map { "n\($0)" }

  private func expectOneOwnerEach(
    _ simulation: OwnershipSimulation, _ when: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let wrong = simulation.owners.filter { $0.value.count != 1 }
    #expect(wrong.isEmpty, "\(when): \(wrong)", sourceLocation: sourceLocation)
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `only what its owner leaves moves, and what is taken later goes to its first node`(seed: UInt64) {
    var simulation = OwnershipSimulation(nodes: Self.nodes, serviceCount: 48, policy: "Sticky", seed: seed)
    self.expectOneOwnerEach(simulation, "at the start")
    // Who came first has more than its part, until others have proved that they stay.
    simulation.wait(.seconds(70))
    let (before, moves) = (simulation.owners, simulation.moves)
    let lost = simulation.loads["n3"] ?? 0
    simulation.kill("n3")
    simulation.settle()
    self.expectOneOwnerEach(simulation, "after the loss of n3")
    #expect(simulation.moves - moves == lost)
    simulation.start("n3")
    simulation.settle()
    simulation.wait(.seconds(50))
    self.expectOneOwnerEach(simulation, "after the return of n3")
    #expect(simulation.moves - moves == lost, "a returned node takes nothing at once")
    #expect(simulation.loads["n3"] == 0)
    simulation.wait(.seconds(60))
    self.expectOneOwnerEach(simulation, "after the hold-down")
    #expect(simulation.owners == before)
    #expect(simulation.moves - moves == 2 * lost)
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `no node owns more than its share and one for long, whoever comes and goes`(seed: UInt64) {
    var simulation = OwnershipSimulation(nodes: Self.nodes, serviceCount: 60, policy: "Balanced", seed: seed)
    func expectBalance(_ when: String, _ count: Int) {
      self.expectOneOwnerEach(simulation, when)
      #expect((simulation.loads.values.max() ?? 0) <= 60 / count + 1, "\(when): \(simulation.loads)")
    }
    simulation.wait(.seconds(120))
    expectBalance("at the start", 6)
    let settled = simulation.moves
    simulation.wait(.seconds(3600))
    #expect(simulation.moves == settled, "nothing moves where nothing has to")
    let lost = simulation.loads["n5"] ?? 0
    simulation.kill("n5")
    simulation.settle()
    self.expectOneOwnerEach(simulation, "after the loss of n5")
    simulation.wait(.seconds(120))
    expectBalance("without n5", 5)
    #expect(simulation.moves - settled <= 2 * lost)
    let without = simulation.moves
    simulation.start("n5")
    simulation.settle()
    simulation.wait(.seconds(50))
    #expect(simulation.moves == without)
    simulation.wait(.seconds(120))
    expectBalance("with n5 again", 6)
    #expect(simulation.moves - without <= 60 / 6 + 1)
  }
}
