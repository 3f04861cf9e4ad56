import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

@Suite struct OwnerContestsTests {
  private let service = ObjectKey(namespace: "default", name: "mail")

  private func contest(with node: String) -> Contest { Contest(service: self.service, node: node) }

  /// How often each node is told again until nothing is due any more.
  private func reminders(_ contests: inout OwnerContests) -> [String: Int] {
    var told: [String: Int] = [:]
    while let deadline = contests.nextDeadline, deadline < t0 + .seconds(5) {
      for contest in contests.due(at: deadline) { told[contest.node, default: 0] += 1 }
    }
    return told
  }

  @Test func `whoever announces the same is told twenty times a second, for a second`() throws {
    var contests = OwnerContests()
    _ = contests.begin(self.contest(with: "w2"), at: t0)
    let first = try #require(contests.nextDeadline)
    #expect(contests.due(at: first).map(\.node) == ["w2"])
    _ = contests.begin(self.contest(with: "w3"), at: first + .milliseconds(10))
    #expect(self.reminders(&contests) == ["w2": 19, "w3": 20], "in the same rounds")
  }

  @Test func `whoever is heard again within a second is not told more often`() {
    var contests = OwnerContests()
    let begun = (0..<9).map { contests.begin(self.contest(with: "w2"), at: t0 + .milliseconds(100 * $0)) }
    #expect(begun == [true] + Array(repeating: false, count: 8))
    #expect(self.reminders(&contests) == ["w2": 20])
  }

  @Test func `whoever has let go is told no more, and anew when it is heard again`() {
    var contests = OwnerContests()
    _ = contests.begin(self.contest(with: "w2"), at: t0)
    _ = contests.begin(self.contest(with: "w3"), at: t0)
    contests.settle(self.contest(with: "w2"))
    contests.settle(self.contest(with: "w9"))
    #expect(self.reminders(&contests) == ["w3": 20])
    let isTold = contests.begin(self.contest(with: "w2"), at: t0 + .seconds(2))
    #expect(isTold)
    contests.settle(self.contest(with: "w2"))
    #expect(self.reminders(&contests) == [:])
  }

  @Test func `what is said to a node is said once, and a word of its own says more than an answer`() {
    var contests = OwnerContests()
    contests.say(self.service, to: "w2", on: .answer)
    contests.say(self.service, to: "w2", on: .contest)
    contests.say(self.service, to: "w2", on: .answer)
    #expect(contests.takeWords() == ["w2": [self.service: .contest]])
    #expect(contests.takeWords() == [:])
  }

  @Test func `a contest is fresh for a second, and forgotten after ten`() throws {
    var contests = OwnerContests()
    #expect(contests.isFresh(self.contest(with: "w2"), at: t0))
    _ = contests.begin(self.contest(with: "w2"), at: t0)
    _ = self.reminders(&contests)
    let isTold = contests.begin(self.contest(with: "w2"), at: t0 + .seconds(2))
    #expect(isTold, "though it is not told again after that")
    #expect(contests.isFresh(self.contest(with: "w2"), at: t0 + .seconds(1)))
    #expect(!contests.isFresh(self.contest(with: "w2"), at: t0 + .seconds(2)))
    #expect(contests.isFresh(self.contest(with: "w3"), at: t0 + .seconds(2)), "against another one")
    let end = try #require(contests.nextDeadline)
    let late = contests.due(at: end)
    #expect(late.isEmpty)
    #expect(contests == OwnerContests(), "it was \(end - t0)")
    #expect(contests.isFresh(self.contest(with: "w2"), at: end))
  }

  @Test func `with a node that has come or gone a contest begins anew`() {
    var contests = OwnerContests()
    _ = contests.begin(self.contest(with: "w2"), at: t0)
    contests.end(with: ["w2"])
    let isTold = contests.begin(self.contest(with: "w2"), at: t0 + .milliseconds(50))
    #expect(isTold)
    #expect(self.reminders(&contests) == ["w2": 20])
  }
}
