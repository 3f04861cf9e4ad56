import Primitives
import TestKit
import Testing

@testable import Balancer

/// A lease on a pretended API server, and the processes that want it, in virtual time.
private struct Contest {
  var lease: LeaseReading?
  var processes: [String: LeaderElection] = [:]
  var now = t0
  var version = 0
  /// What each process may do, until when; absent = nothing.
  var acting: [String: ContinuousClock.Instant?] = [:]
  var log: [String] = []
  var unreachable: Set<String> = []
  var denied: Set<String> = []
  /// Those that may read leases alone.
  var readers: Set<String> = []
  var gonePods: Set<String> = []
  var finished: Set<String> = []

  /// Short times, so that histories are.
  static func settings(_ name: String, pods: Bool = true, seed: UInt64) -> LeaderElection.Settings {
    LeaderElection.Settings(
      identity: name, holdersArePods: pods, leaseDuration: .seconds(3), renewDeadline: .seconds(2), seed: seed)
  }

  mutating func add(_ name: String, pods: Bool = true) {
    self.processes[name] = LeaderElection(
      settings: Self.settings(name, pods: pods, seed: UInt64(self.processes.count + 1)))
    self.deliver(.tick, to: name)
  }

  mutating func deliver(_ event: LeaderElection.Event, to name: String) {
    var events = [event]
    while !events.isEmpty {
      guard let actions = self.processes[name]?.handle(events.removeFirst(), at: self.now) else { return }
      for action in actions { if let answer = self.perform(action, of: name) { events.append(answer) } }
    }
  }

  private mutating func perform(_ action: LeaderElection.Action, of name: String) -> LeaderElection.Event? {
    switch action {
    case .read: return .answered(self.answer(to: name) ?? self.lease.map { .lease($0) } ?? .absent)
    case .write(let claim):
      if let answer = self.answer(to: name) { return .answered(answer) }
      if self.readers.contains(name) { return .answered(.denied(reason: "forbidden")) }
      guard claim.replacing == self.lease?.version else { return .answered(.conflict) }
      self.version += 1
      let reading = LeaseReading(
        holder: claim.holder, duration: claim.duration, transitions: claim.transitions, version: "\(self.version)")
      self.lease = reading
      return .answered(.lease(reading))
    case .lookForHolder(let holder): return .holderLookedFor(holder, isGone: self.gonePods.contains(holder))
    case .lead(let until):
      if self.acting[name] == nil { self.log.append("\(name) leads") }
      self.acting[name] = .some(until)
    case .stepDown(let reason):
      self.acting[name] = nil
      self.log.append("\(name) steps down: \(reason)")
    case .refused: break
    case .goWithoutLease(let reason): self.log.append("\(name) goes without: \(reason)")
    case .finish: self.finished.insert(name)
    }
    return nil
  }

  private func answer(to name: String) -> LeaseAnswer? {
    if self.unreachable.contains(name) { return .failed(reason: "no route to host") }
    if self.denied.contains(name) { return .denied(reason: "forbidden") }
    return nil
  }

  /// Lets time pass; each process gets its ticks, but for those that are frozen.
  mutating func pass(_ time: Duration, frozen: Set<String> = []) {
    let end = self.now + time
    while self.now < end {
      self.now += .milliseconds(50)
      for name in self.processes.keys.sorted() where !frozen.contains(name) {
        if let deadline = self.processes[name]?.nextDeadline, deadline <= self.now { self.deliver(.tick, to: name) }
      }
      #expect(self.leaders.count <= 1, "two act at \(t0.duration(to: self.now))")
    }
  }

  /// Who would act now: told to, and still within the time it was given.
  var leaders: [String] {
    self.acting.filter { $0.value.map { self.now < $0 } ?? true }.keys.sorted()
  }
}

@Suite struct `Leader election` {
  @Test func `the first of two leads, and the other waits as long as the lease is renewed`() {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(60))
    #expect(contest.log == ["a leads"])
    #expect(contest.leaders == ["a"])
    #expect(contest.lease?.transitions == 0)
  }

  @Test func `a leader that dies is followed when its lease has run out`() {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(10))
    contest.pass(.milliseconds(2300), frozen: ["a"])
    #expect(contest.leaders == [])
    contest.pass(.milliseconds(1250), frozen: ["a"])
    #expect(contest.leaders == ["b"])
    #expect(contest.lease?.holder == "b")
    #expect(contest.lease?.transitions == 1)
  }

  @Test func `a leader whose pod is gone is followed as soon as it may not act any more`() {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(10))
    contest.gonePods = ["a"]
    // What was told to act may act no longer: the process does not exist.
    contest.processes["a"] = nil
    contest.acting["a"] = nil
    contest.pass(.milliseconds(1450))
    #expect(contest.leaders == [])
    contest.pass(.milliseconds(1250))
    #expect(contest.leaders == ["b"])
  }

  @Test func `a holder that is no pod is not looked for`() {
    var contest = Contest()
    contest.add("a", pods: false)
    contest.add("b", pods: false)
    contest.pass(.seconds(10))
    contest.gonePods = ["a"]
    contest.processes["a"] = nil
    contest.acting["a"] = nil
    contest.pass(.milliseconds(2300))
    #expect(contest.leaders == [])
    contest.pass(.milliseconds(1350))
    #expect(contest.leaders == ["b"])
  }

  @Test func `a leader that was frozen has no time left when it thaws, and steps down`() {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(10))
    contest.pass(.seconds(8), frozen: ["a"])
    #expect(contest.leaders == ["b"])
    contest.pass(.seconds(5))
    #expect(contest.leaders == ["b"])
    #expect(contest.log == ["a leads", "b leads", "a steps down: the lease could not be renewed in time"])
  }

  @Test func `a leader that cannot renew steps down before anybody else may follow`() {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(10))
    contest.unreachable = ["a"]
    contest.pass(.milliseconds(2050))
    #expect(contest.leaders == [])
    #expect(contest.lease?.holder == "a")
    contest.pass(.seconds(2))
    #expect(contest.leaders == ["b"])
  }

  @Test func `a short outage of the API server changes no leader`() {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(10))
    contest.unreachable = ["a", "b"]
    contest.pass(.milliseconds(1200))
    contest.unreachable = []
    contest.pass(.seconds(5))
    #expect(contest.log == ["a leads"])
  }

  @Test func `after a long outage the last holder leads again, with no one in between`() {
    var contest = Contest()
    contest.add("a")
    contest.pass(.seconds(10))
    contest.unreachable = ["a"]
    contest.pass(.seconds(30))
    contest.unreachable = []
    contest.pass(.seconds(2))
    #expect(contest.log == ["a leads", "a steps down: the lease could not be renewed in time", "a leads"])
  }

  @Test func `a leader that stops releases the lease, and the next need not wait`() {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(10))
    contest.deliver(.stop, to: "a")
    contest.acting["a"] = nil
    #expect(contest.finished == ["a"])
    #expect(contest.lease?.holder == "")
    contest.pass(.milliseconds(650), frozen: ["a"])
    #expect(contest.leaders == ["b"])
  }

  @Test func `one that stops while it waits leaves the lease alone`() {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(10))
    contest.deliver(.stop, to: "b")
    #expect(contest.finished == ["b"])
    #expect(contest.lease?.holder == "a")
    contest.pass(.seconds(10))
    #expect(contest.leaders == ["a"])
  }

  @Test func `where leases are not permitted a controller leads without one, and says so once`() {
    var contest = Contest()
    contest.denied = ["a"]
    contest.add("a")
    contest.pass(.milliseconds(1900))
    #expect(contest.log == [], "it may be that the API server has just started")
    contest.pass(.seconds(1))
    #expect(contest.log == ["a goes without: forbidden", "a leads"])
    contest.pass(.seconds(300))
    #expect(contest.log == ["a goes without: forbidden", "a leads"])
    #expect(contest.acting["a"] == .some(nil))
  }

  @Test func `one that may read leases and not write them leads without one, too`() {
    var contest = Contest()
    contest.readers = ["a"]
    contest.add("a")
    contest.pass(.seconds(3))
    #expect(contest.log == ["a goes without: forbidden", "a leads"])
    contest.pass(.seconds(300))
    #expect(contest.log.count == 2)
  }

  @Test func `one without a lease joins the election soon after leases become permitted`() {
    var contest = Contest()
    contest.denied = ["b"]
    contest.add("b")
    contest.pass(.seconds(3))
    #expect(contest.leaders == ["b"])
    contest.denied = []
    contest.lease = LeaseReading(holder: "a", duration: .seconds(3), transitions: 0, version: "x")
    contest.pass(.seconds(3))
    #expect(contest.log.last == "b steps down: a holds the lease")
    #expect(contest.leaders == [])
  }

  @Test(arguments: [1.0, 6.0, 30.0])
  func `an API server that starts and refuses everything for a moment makes no second leader`(seconds: Double) {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(10))
    contest.denied = ["b"]
    contest.pass(.seconds(seconds))
    contest.denied = ["a", "b"]
    contest.pass(.seconds(1))
    contest.denied = []
    contest.pass(.seconds(20))
    #expect(contest.log == ["a leads"])
  }

  @Test func `refusals of writes that lie far apart do not add up`() {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(10))
    for _ in 0..<3 {
      // "a" stands still, and "b" may not take over yet.
      contest.readers = ["b"]
      contest.pass(.seconds(8), frozen: ["a"])
      contest.readers = []
      contest.pass(.milliseconds(100))
      contest.pass(.seconds(120))
    }
    #expect(!contest.log.contains { $0.contains("goes without") })
  }

  @Test func `one that starts while everything is refused for a moment does not lead beside another`() {
    var contest = Contest()
    contest.add("a")
    contest.pass(.seconds(10))
    contest.denied = ["b"]
    contest.add("b")
    contest.pass(.milliseconds(1500))
    contest.denied = []
    contest.pass(.seconds(20))
    #expect(contest.log == ["a leads"])
  }

  @Test func `a leader whose permission is taken away leads on without a lease, after a minute`() {
    var contest = Contest()
    contest.add("a")
    contest.pass(.seconds(10))
    contest.denied = ["a"]
    contest.pass(.seconds(59))
    #expect(contest.log == ["a leads", "a steps down: the lease could not be renewed in time"])
    contest.pass(.seconds(3))
    #expect(contest.log.suffix(2) == ["a goes without: forbidden", "a leads"])
  }

  @Test func `a restarted process of the same name takes its own lease up at once`() {
    var contest = Contest()
    contest.add("a")
    contest.pass(.seconds(10))
    contest.acting["a"] = nil
    contest.add("a")
    #expect(contest.leaders == ["a"])
  }

  @Test func `a lease that somebody deletes stays with its leader`() {
    var contest = Contest()
    contest.add("a")
    contest.add("b")
    contest.pass(.seconds(10))
    contest.lease = nil
    contest.deliver(.tick, to: "b")
    contest.pass(.seconds(10))
    #expect(contest.log == ["a leads"])
    #expect(contest.lease?.holder == "a")
  }

  @Test func `whatever fails and whenever, two never act at once`() {
    for seed in 1...200 {
      var dice = SplitMix64(seed: UInt64(seed))
      var contest = Contest()
      for name in ["a", "b", "c"] { contest.add(name) }
      for _ in 0..<40 {
        let one = ["a", "b", "c"].randomElement(using: &dice) ?? "a"
        let time = Duration.milliseconds(Int.random(in: 50...4000, using: &dice))
        switch Int.random(in: 0..<4, using: &dice) {
        case 0:
          contest.unreachable = [one]
          contest.pass(time)
          contest.unreachable = []
        case 1: contest.pass(time, frozen: [one])
        case 2:
          // One that is deleted again before anybody could see the new one is beyond help.
          contest.lease = Bool.random(using: &dice) ? nil : contest.lease
          contest.pass(time + .seconds(6))
        default: contest.pass(time)
        }
      }
      contest.pass(.seconds(12))
      #expect(contest.leaders.count == 1, "nobody leads in the end: seed \(seed)")
    }
  }
}
