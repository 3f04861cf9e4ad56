import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

@Suite struct OwnerContestsTests {
  private let service = ObjectKey(namespace: "default", name: "mail")

  @Test func `whoever announces the same is told three times more, within a second`() {
    var contests = OwnerContests()
    _ = contests.begin(self.service, with: "w2", at: t0)
    _ = contests.begin(self.service, with: "w3", at: t0 + .milliseconds(50))
    var told: [String] = []
    while let deadline = contests.nextDeadline, deadline < t0 + .seconds(5) {
      #expect(deadline <= t0 + .seconds(1))
      told += contests.due(at: deadline).map(\.node)
    }
    #expect(told == ["w2", "w3", "w2", "w3", "w2", "w3"])
  }

  @Test func `whoever is heard again within a second is not told more often`() {
    var contests = OwnerContests()
    let begun = (0..<9).map { contests.begin(self.service, with: "w2", at: t0 + .milliseconds(100 * $0)) }
    #expect(begun == [true] + Array(repeating: false, count: 8))
    var count = 0
    while let deadline = contests.nextDeadline, deadline < t0 + .seconds(5) {
      count += contests.due(at: deadline).count
    }
    #expect(count == 3)
  }

  @Test func `a contest is fresh for a second, and forgotten after ten`() throws {
    var contests = OwnerContests()
    #expect(contests.isFresh(self.service, with: "w2", at: t0))
    _ = contests.begin(self.service, with: "w2", at: t0)
    while let deadline = contests.nextDeadline, deadline < t0 + .seconds(5) { _ = contests.due(at: deadline) }
    let isTold = contests.begin(self.service, with: "w2", at: t0 + .seconds(2))
    #expect(isTold, "though it is not told again after that")
    #expect(contests.isFresh(self.service, with: "w2", at: t0 + .seconds(1)))
    #expect(!contests.isFresh(self.service, with: "w2", at: t0 + .seconds(2)))
    #expect(contests.isFresh(self.service, with: "w3", at: t0 + .seconds(2)), "against another one")
    let end = try #require(contests.nextDeadline)
    let late = contests.due(at: end)
    #expect(late.isEmpty)
    #expect(contests == OwnerContests(), "it was \(end - t0)")
    #expect(contests.isFresh(self.service, with: "w2", at: end))
  }

  @Test func `with a node that has come or gone a contest begins anew`() {
    var contests = OwnerContests()
    _ = contests.begin(self.service, with: "w2", at: t0)
    contests.end(with: ["w2"])
    let isTold = contests.begin(self.service, with: "w2", at: t0 + .milliseconds(50))
    #expect(isTold)
    var count = 0
    while let deadline = contests.nextDeadline, deadline < t0 + .seconds(5) {
      count += contests.due(at: deadline).count
    }
    #expect(count == 3)
  }
}
