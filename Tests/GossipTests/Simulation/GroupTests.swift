import Gossip
import Primitives
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
    _ = group.run(upTo: .seconds(10))
    group.loss = 0.05
    for index in 0..<12 { group.watch(index, [(index + 1) % 12]) }
    _ = group.run(upTo: .seconds(60))
    #expect(self.failures(group) == [])
    #expect(group.agreement(on: 0..<12) == 12)
  }

  @Test func `a node that dies is dead to all, and back for all when it starts again`() throws {
    var group = self.group(12, seed: 3)
    _ = group.run(upTo: .seconds(30))
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
    _ = group.run(upTo: .seconds(30))
    group.leave(7)
    let others = (0..<12).filter { $0 != 7 }
    let took = try #require(group.run(upTo: .seconds(10)) { $0.agreement(on: others) == 11 })
    #expect(took < .seconds(2))
    #expect(self.failures(group) == [])
  }

  @Test func `halves that were apart for two minutes are one again when somebody joins across`() throws {
    var group = self.group(10, seed: 5)
    _ = group.run(upTo: .seconds(30))
    group.separate(0..<5, onto: 1)
    let apart = group.run(upTo: .seconds(120)) { $0[0].candidates.count == 5 && $0[9].candidates.count == 5 }
    #expect(apart != nil)
    _ = group.run(upTo: .seconds(40))
    group.heal()
    // What the minute's attempt to join all pods that are no members does.
    group.join(3, to: Array(0..<10))
    let took = try #require(group.run(upTo: .seconds(60)) { $0.agreement(on: 0..<10) == 10 })
    #expect(took < .seconds(10))
  }

  @Test func `the successor of a dead owner knows within seven tenths of a second`() throws {
    var group = self.group(10, seed: 6)
    _ = group.run(upTo: .seconds(30))
    group.watch(1, [0])
    _ = group.run(upTo: .seconds(5))
    group.kill(0)
    let took = try #require(
      group.run(upTo: .seconds(5)) { !$0[1].candidates.contains(GroupSimulation.name(0)) })
    #expect(took < .milliseconds(700))
    #expect(self.failures(group) == [.lost("node-0")])
  }
}
