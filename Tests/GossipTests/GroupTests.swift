import Gossip
import Primitives
import Simulation
import TestKit
import Testing

/// Whole groups in virtual time. The larger ones are in `Benchmarks/Gossip`.
@Suite struct GroupTests {
  private func group(_ size: Int, seed: UInt64) -> GroupSimulation {
    var group = GroupSimulation(size: size, seed: seed, at: t0)
    for index in 1..<size { group.join(index, to: [0, index / 2]) }
    return group
  }

  private func failures(_ group: GroupSimulation) -> [Membership.Change] {
    group.reports.map(\.change).filter { change in
      switch change {
      case .failed, .lost: true
      default: false
      }
    }
  }

  @Test func `forty nodes that join through one know each other within seconds`() throws {
    var group = self.group(40, seed: 1)
    let took = try #require(group.run(upTo: .seconds(60)) { $0.agreement(on: 0..<40) == 40 })
    #expect(took < .seconds(5))
  }

  @Test func `nobody is declared dead in a minute in which a twentieth of all datagrams is lost`() {
    var group = self.group(12, seed: 2)
    group.run(upTo: .seconds(10))
    group.loss = 0.05
    for index in 0..<12 { group.watch(index, [(index + 1) % 12]) }
    group.run(upTo: .seconds(60))
    #expect(self.failures(group) == [])
    #expect(group.agreement(on: 0..<12) == 12)
  }

  @Test func `a node that dies is dead to all, and back for all when it starts again`() throws {
    var group = self.group(12, seed: 3)
    group.run(upTo: .seconds(30))
    group.kill(7)
    let others = (0..<12).filter { $0 != 7 }
    let death = try #require(group.run(upTo: .seconds(60)) { $0.agreement(on: others) == 11 })
    #expect(death > .seconds(3) && death < .seconds(30))
    group.restart(7)
    group.join(7, to: [0])
    let return7 = try #require(group.run(upTo: .seconds(30)) { $0.agreement(on: 0..<12) == 12 })
    #expect(return7 < .seconds(5))
  }

  @Test func `a node that leaves is gone for all within two seconds`() throws {
    var group = self.group(12, seed: 4)
    group.run(upTo: .seconds(30))
    group.leave(7)
    let others = (0..<12).filter { $0 != 7 }
    let took = try #require(group.run(upTo: .seconds(10)) { $0.agreement(on: others) == 11 })
    #expect(took < .seconds(2))
    #expect(self.failures(group) == [])
  }

  @Test(arguments: [25, 150]) func `halves that were apart are one again within two seconds`(apart: Int) throws {
    var group = self.group(10, seed: 5)
    // Where the speakers' pods are.
    for index in 0..<10 { group.join(index, to: Array(0..<10)) }
    group.run(upTo: .seconds(30))
    group.separate(0..<5, onto: 1)
    group.run(upTo: .seconds(apart))
    #expect(group[0].candidates.count == 5 && group[9].candidates.count == 5)
    group.heal()
    let took = try #require(group.run(upTo: .seconds(60)) { $0.agreement(on: 0..<10) == 10 })
    #expect(took < .seconds(2))
  }

  @Test func `a node that was cut off for long is back for all within a second`() throws {
    for seed in UInt64(20)..<26 {
      var group = self.group(3, seed: seed)
      for index in 0..<3 { group.join(index, to: [0, 1, 2]) }
      group.run(upTo: .seconds(30))
      group.separate([1], onto: 1)
      group.run(upTo: .seconds(60))
      #expect(group.agreement(on: 0..<3) == 0)
      group.heal()
      let took = try #require(group.run(upTo: .seconds(60)) { $0.agreement(on: 0..<3) == 3 })
      #expect(took < .seconds(1), "seed \(seed)")
    }
  }

  @Test func `on a network that loses a fifth, owners are not taken for dead, and a dead one is found`() throws {
    var group = self.group(10, seed: 8)
    group.run(upTo: .seconds(20))
    group.loss = 0.2
    for index in 0..<10 { group.watch(index, [(index + 1) % 10]) }
    group.run(upTo: .seconds(90))
    #expect(self.failures(group) == [])
    group.kill(4)
    let took = try #require(
      group.run(upTo: .seconds(10)) { !$0[3].candidates.contains(GroupSimulation.name(4)) })
    #expect(took < .seconds(2))
  }

  @Test func `a node that pauses for a third of the time of detection is not taken for dead`() {
    var group = self.group(6, seed: 9)
    group.run(upTo: .seconds(20))
    for index in 0..<6 { group.watch(index, [(index + 1) % 6]) }
    for round in 0..<100 {
      group.pause(round % 6, for: .milliseconds(170))
      group.run(upTo: .milliseconds(400))
    }
    #expect(self.failures(group) == [])
  }

  @Test func `the successor of a dead owner knows within seven tenths of a second`() throws {
    var group = self.group(10, seed: 6)
    group.run(upTo: .seconds(30))
    group.watch(1, [0])
    group.run(upTo: .seconds(5))
    group.kill(0)
    let took = try #require(
      group.run(upTo: .seconds(5)) { !$0[1].candidates.contains(GroupSimulation.name(0)) })
    #expect(took < .milliseconds(700))
    #expect(self.failures(group) == [.lost("node-0")])
  }
}
