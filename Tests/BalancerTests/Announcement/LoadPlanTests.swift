import KubernetesModel
import Testing

@testable import Balancer

@Suite struct LoadPlanTests {
  private static func plan(_ loads: [String: Int], nodes: [String]? = nil) -> LoadPlan {
    let owned = loads.map { node, count in
      (node, Set((0..<count).map { ObjectKey(namespace: "default", name: "\(node)-\($0)") }))
    }
    return LoadPlan(owned: Dictionary(uniqueKeysWithValues: owned), nodes: nodes ?? loads.keys.sorted())
  }

  private static func after(_ loads: [String: Int]) -> [String: Int] {
    var result = loads
    for move in Self.plan(loads).moves {
      result[move.from, default: 0] -= 1
      result[move.to, default: 0] += 1
    }
    return result
  }

  @Test func `nothing moves as long as nobody has more than its share and one`() {
    #expect(Self.plan(["a": 3, "b": 3, "c": 3]).moves.isEmpty)
    #expect(Self.plan(["a": 4, "b": 3, "c": 2]).moves.isEmpty)
    #expect(Self.plan([:]).moves.isEmpty)
    #expect(Self.plan(["a": 9]).moves.isEmpty)
  }

  @Test func `what is uneven is levelled with as few moves as that takes`() {
    #expect(Self.after(["a": 9, "b": 0, "c": 0]) == ["a": 3, "b": 3, "c": 3])
    #expect(Self.after(["a": 5, "b": 4, "c": 0]) == ["a": 3, "b": 3, "c": 3])
    #expect(Self.plan(["a": 4, "b": 4, "c": 1]).moves.count == 2)
    #expect(Self.after(["a": 6, "b": 3]) == ["a": 5, "b": 4])
    // What cannot be divided stays where most is.
    #expect(Self.after(["a": 2, "b": 8, "c": 0]) == ["a": 3, "b": 4, "c": 3])
    #expect(Self.plan(["a": 2, "b": 8, "c": 0]).moves.count == 4)
  }

  @Test func `what a node beyond the group owns does not count`() {
    #expect(Self.plan(["a": 1, "gone": 9], nodes: ["a", "b"]).moves.isEmpty)
  }

  @Test func `the plan does not hang on the order in which things are known`() {
    #expect(
      Self.plan(["a": 7, "b": 1, "c": 1], nodes: ["c", "a", "b"]) == Self.plan(["c": 1, "b": 1, "a": 7]))
  }
}
