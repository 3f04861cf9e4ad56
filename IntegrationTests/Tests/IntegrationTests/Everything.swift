import Harness
import Testing

/// All suites. One of each group goes on at a time: they share two cores, and a cluster that starves proves nothing.
@Suite(.leavesNothingBehind)
enum Everything {
  /// What needs API servers only.
  @Suite(.serialized)
  enum Servers {}

  /// What needs a lab's whole cluster.
  @Suite(.serialized)
  enum Clusters {}

  /// What needs a few hosts with routers on them, and little of the processor.
  @Suite(.serialized)
  enum Networks {}
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
