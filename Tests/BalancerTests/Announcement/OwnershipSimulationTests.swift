import Primitives
import Testing

@testable import Balancer

/// What speakers that elect by claims come to together, whatever befalls them and whatever reaches which of them first.
@Suite struct OwnershipSimulationTests {
  /// Longer than a failure detector takes, with what a write takes on top.
  private static let detection = Duration.milliseconds(1300)
  /// A few of the seeds, as a debug build takes seconds for each of them: those above the first two have found something once.
  private static let cuts: [UInt64] = [0, 1, 9, 45, 122, 155, 184, 185]
  private static let stories: [UInt64] = [0, 1, 19, 35, 151, 277, 352, 359, 773, 962, 978]

  private func expectOneAnnouncerEach(
    _ simulation: OwnershipSimulation, _ when: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let wrong = simulation.owners.filter { $0.value.count != 1 }
    #expect(wrong.isEmpty, "\(when): \(wrong)", sourceLocation: sourceLocation)
  }

  @Test(arguments: 0..<2 as Range<UInt64>)
  func `what a dead node had goes elsewhere at once, and back only after the hold-down`(seed: UInt64) {
    var simulation = OwnershipSimulation(nodes: 5, services: 30, policy: "Sticky", holdDown: "60s", seed: seed)
    simulation.run(.seconds(90))
    self.expectOneAnnouncerEach(simulation, "at the start")
    simulation.openBooks()
    let (before, moves) = (simulation.owners, simulation.moves)
    let lost = before.values.count { $0 == ["n3"] }
    simulation.kill("n3")
    simulation.run(.seconds(5))
    self.expectOneAnnouncerEach(simulation, "after the death of n3")
    #expect(simulation.moves - moves == lost)
    simulation.start("n3")
    simulation.run(.seconds(50))
    #expect(simulation.moves - moves == lost, "who comes back takes nothing at once")
    simulation.run(.seconds(40))
    #expect(simulation.owners == before)
    #expect(simulation.moves - moves == 2 * lost)
    #expect(simulation.longestSilence < .milliseconds(700), "\(simulation.longestSilence)")
    let writes = simulation.writes
    simulation.run(.seconds(600))
    #expect(simulation.writes == writes, "where nothing happens nothing is written")
    #expect(simulation.objectCount == 30)
  }

  @Test(arguments: 0..<2 as Range<UInt64>)
  func `without a hold-down nothing ever moves back`(seed: UInt64) {
    var simulation = OwnershipSimulation(nodes: 4, services: 20, policy: "Sticky", seed: seed)
    simulation.run(.seconds(30))
    for name in ["n2", "n4"] {
      simulation.kill(name)
      simulation.run(.seconds(5))
      let owners = simulation.owners
      simulation.start(name)
      simulation.run(.seconds(3600))
      #expect(simulation.owners == owners)
      self.expectOneAnnouncerEach(simulation, "after the return of \(name)")
    }
  }

  @Test(arguments: 0..<2 as Range<UInt64>)
  func `a drain and its end leave no moment without an answer`(seed: UInt64) {
    for policy in ["Sticky", "Balanced"] {
      var simulation = OwnershipSimulation(nodes: 3, services: 12, policy: policy, holdDown: "10s", seed: seed)
      simulation.run(.seconds(60))
      simulation.openBooks()
      simulation.drain("n1")
      simulation.run(.seconds(20))
      self.expectOneAnnouncerEach(simulation, "drained")
      #expect(!simulation.owners.values.contains(["n1"]))
      simulation.drain("n1", false)
      simulation.run(.seconds(60))
      self.expectOneAnnouncerEach(simulation, "had back")
      #expect(simulation.owners.values.contains(["n1"]))
      #expect(simulation.longestSilence == .zero, "\(policy): \(simulation.longestSilence)")
    }
  }

  /// With a link that comes up the node tells of its addresses anew; otherwise nobody hears of them but by the gossip.
  @Test(arguments: Self.cuts, [true, false])
  func `who was cut off does not have its addresses back when it returns`(seed: UInt64, isLinkUp: Bool) {
    var simulation = OwnershipSimulation(nodes: 4, services: 20, policy: "Sticky", seed: seed)
    simulation.run(.seconds(30))
    simulation.openBooks()
    simulation.cut("n2")
    simulation.run(.seconds(10))
    let owners = simulation.owners
    simulation.heal("n2", isLinkUp: isLinkUp)
    simulation.run(.seconds(60))
    #expect(simulation.owners == owners)
    #expect(simulation.longestDouble < .seconds(1), "\(simulation.longestDouble)")
  }

  @Test(arguments: 0..<2 as Range<UInt64>)
  func `no node has more than its share and one for long, whoever comes and goes`(seed: UInt64) {
    var simulation = OwnershipSimulation(nodes: 6, services: 60, policy: "Balanced", seed: seed)
    func expectBalance(_ when: String) {
      self.expectOneAnnouncerEach(simulation, when)
      let loads = simulation.loads
      #expect((loads.max() ?? 0) - (loads.min() ?? 0) <= 2, "\(when): \(loads)")
    }
    simulation.run(.seconds(120))
    expectBalance("at the start")
    simulation.openBooks()
    let settled = simulation.moves
    simulation.run(.seconds(3600))
    #expect(simulation.moves == settled, "nothing moves where nothing has to")
    simulation.kill("n5")
    simulation.run(.seconds(90))
    expectBalance("without n5")
    simulation.start("n5")
    simulation.run(.seconds(50))
    #expect(simulation.loads.contains(0), "who comes back takes nothing at once")
    simulation.run(.seconds(60))
    expectBalance("with n5 again")
    #expect(simulation.longestSilence < .milliseconds(700), "\(simulation.longestSilence)")
  }

  @Test(arguments: Self.stories)
  func `whatever happens, every Service has one announcer in the end and is never without for long`(seed: UInt64) {
    var dice = SplitMix64(seed: seed &* 7919)
    let policy = seed % 2 == 0 ? "Sticky" : "Balanced"
    var simulation = OwnershipSimulation(
      nodes: 3 + Int(seed % 4), services: 12, policy: policy, holdDown: seed % 3 == 0 ? nil : "5s", seed: seed)
    simulation.run(.seconds(15))
    simulation.openBooks()
    var story: [String] = []
    for _ in 0..<14 {
      let name = simulation.names.randomElement(using: &dice) ?? ""
      let deed = Int.random(in: 0..<10, using: &dice)
      switch deed {
      case 0, 1: simulation.kill(name)
      case 2, 3: simulation.start(name)
      case 4: simulation.drain(name)
      case 5: simulation.drain(name, false)
      case 6: simulation.cut(name)
      case 7: simulation.heal(name)
      case 8: simulation.isServerUp.toggle()
      default: simulation.deleteAnyObject()
      }
      story.append("\(deed) \(name)")
      simulation.run(.milliseconds(Int.random(in: 5...6000, using: &dice)))
    }
    simulation.isServerUp = true
    for name in simulation.names {
      simulation.heal(name)
      simulation.start(name)
      simulation.drain(name, false)
    }
    simulation.run(.seconds(90))
    simulation.closeBooks()
    self.expectOneAnnouncerEach(simulation, "seed \(seed) \(policy): \(story)")
    #expect(simulation.longestSilence < Self.detection, "seed \(seed) \(policy): \(simulation.longestSilence) \(story)")
    #expect(simulation.objectCount == 12)
  }
}
