import Serving
import Testing

@testable import Reporting

@Suite struct AccessMemoryTests {
  private let start = ContinuousClock.now
  private let question = AccessMemory.Question(token: "a token", path: "/metrics")

  @Test func `a yes holds for a minute`() {
    var memory = AccessMemory(at: self.start)
    memory.keep(.granted, to: self.question, at: self.start)
    #expect(memory.answer(to: self.question, at: self.start + .seconds(59)) == .granted)
    #expect(memory.answer(to: self.question, at: self.start + .seconds(60)) == nil)
  }

  @Test(arguments: [PageAccess.unauthenticated, .forbidden(user: "mallory")])
  func `a no is asked again after ten seconds`(no: PageAccess) {
    var memory = AccessMemory(at: self.start)
    memory.keep(no, to: self.question, at: self.start)
    #expect(memory.answer(to: self.question, at: self.start + .seconds(9)) == no)
    #expect(memory.answer(to: self.question, at: self.start + .seconds(10)) == nil)
  }

  @Test func `what was not decided is not kept`() {
    var memory = AccessMemory(at: self.start)
    memory.keep(.undecided(reason: "no answer"), to: self.question, at: self.start)
    #expect(memory.answer(to: self.question, at: self.start) == nil)
  }

  @Test func `an answer counts for its token and its path alone`() {
    var memory = AccessMemory(at: self.start)
    memory.keep(.granted, to: self.question, at: self.start)
    #expect(memory.answer(to: .init(token: "another", path: "/metrics"), at: self.start) == nil)
    #expect(memory.answer(to: .init(token: "a token", path: "/status"), at: self.start) == nil)
  }

  @Test func `strangers cannot make it ask more than ten times a second for long`() {
    var memory = AccessMemory(at: self.start)
    var asked = 0
    for millisecond in 0..<10_000 where memory.mayAsk(at: self.start + .milliseconds(millisecond)) { asked += 1 }
    #expect((140...160).contains(asked))
  }
}
