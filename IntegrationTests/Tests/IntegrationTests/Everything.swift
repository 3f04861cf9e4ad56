import Harness
import Testing

/// All suites. One of each group goes on at a time: they share two cores, and a cluster that starves proves nothing. The groups
/// take about as long as each other, since what is left of the longest one has the machine to itself.
@Suite(.leavesNothingBehind)
enum Everything {
  /// What needs API servers only.
  @Suite(.serialized)
  enum Servers {}

  /// What needs a lab's whole cluster.
  @Suite(.serialized)
  enum Clusters {}

  /// What leaves most of the processor to the other groups.
  @Suite(.serialized)
  enum Aside {
    /// What needs a few hosts with routers on them.
    @Suite(.serialized)
    enum Networks {}

    /// What goes through a cluster at the pace of a reader, and measures nothing.
    @Suite(.serialized)
    enum Tours {}
  }
}

/// Looks at the machine before the first test and after the last one: what is there afterwards must have been there before.
struct LeavesNothingBehind: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let before = try await Machine.look()
    try await function()
    let left = try await eventually("nothing is left behind", within: .seconds(10)) {
      try await Machine.look().subtracting(before)
    } isRight: { left in
      left.isEmpty
    }
    #expect(left == [])
  }
}

extension Trait where Self == LeavesNothingBehind {
  static var leavesNothingBehind: Self { LeavesNothingBehind() }
}
