import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

@Suite struct LoadPlanTests {
  private static func owners(_ loads: [String: Int]) -> [ObjectKey: String] {
    var owners: [ObjectKey: String] = [:]
    for (node, load) in loads {
      for number in 0..<load { owners[ObjectKey(namespace: node, name: "s\(number)")] = node }
    }
    return owners
  }

  private static func loads(_ owners: [ObjectKey: String]) -> [String: Int] {
    Dictionary(grouping: owners.values) { $0 }.mapValues(\.count)
  }

  @Test func `nothing moves while nobody owns more than its share and one`() {
    #expect(LoadPlan(owners: Self.owners(["a": 3, "b": 1]), nodes: ["a", "b"]).moves.isEmpty)
    #expect(LoadPlan(owners: Self.owners(["a": 10, "b": 10]), nodes: ["a", "b", "c"]).moves.count == 6)
    #expect(LoadPlan(owners: [:], nodes: ["a", "b"]).moves.isEmpty)
    #expect(LoadPlan(owners: Self.owners(["a": 3]), nodes: []).moves.isEmpty)
  }

  @Test func `what is owned by a node that is gone is left to the election`() {
    let plan = LoadPlan(owners: Self.owners(["gone": 4, "a": 4, "b": 0]), nodes: ["a", "b"])
    #expect(plan.moves.isEmpty, "8 of 2 are a share of 4")
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `after the moves no node owns more than its share and one, and no fewer would do`(seed: UInt64) {
    var dice = SplitMix64(seed: seed)
    let nodes = (0..<Int.random(in: 1...9, using: &dice)).map { "n\($0)" }
    var loads: [String: Int] = [:]
    for node in nodes { loads[node] = Int.random(in: 0...30, using: &dice) }
    var owners = Self.owners(loads)
    let limit = owners.count / nodes.count + 1
    let plan = LoadPlan(owners: owners, nodes: nodes.shuffled(using: &dice))
    #expect(plan == LoadPlan(owners: owners, nodes: nodes), "whatever the order in which the nodes are known")
    for move in plan.moves {
      #expect(owners[move.service] == move.from)
      owners[move.service] = move.to
    }
    #expect(Set(plan.moves.map(\.service)).count == plan.moves.count)
    #expect(Self.loads(owners).values.allSatisfy { $0 <= limit }, "\(loads) became \(Self.loads(owners))")
    #expect(plan.moves.count == loads.values.reduce(0) { $0 + max(0, $1 - limit) })
  }
}
