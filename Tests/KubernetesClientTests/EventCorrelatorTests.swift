import KubernetesModel
import TestKit
import Testing

@testable import KubernetesClient

@Suite struct EventCorrelatorTests {
  private let start = Timestamp(seconds: 1_800_000_000)

  private func occurrence(
    _ message: String, name: String = "web", reason: String = "IPAllocated", version: String = "1"
  ) -> EventCorrelator.Occurrence {
    EventCorrelator.Occurrence(
      object: ObjectReference(
        apiVersion: "v1", kind: "Service", namespace: "shop", name: name, uid: "u-\(name)", resourceVersion: version),
      type: "Normal", reason: reason, message: message)
  }

  private func time(_ seconds: Int64) -> Timestamp { Timestamp(seconds: self.start.seconds + seconds) }

  @Test func `the first of a kind is created, with everything that kubectl shows`() {
    var correlator = EventCorrelator(component: "metallb-controller")
    let occurrence = self.occurrence(#"Assigned IP ["192.0.2.1"]"#)
    var expected = Event(
      metadata: ObjectMeta(name: "web.18fae27693b40000", namespace: "shop"), involvedObject: occurrence.object)
    expected.type = "Normal"
    expected.reason = "IPAllocated"
    expected.message = #"Assigned IP ["192.0.2.1"]"#
    expected.source = EventSource(component: "metallb-controller")
    expected.reportingComponent = "metallb-controller"
    expected.reportingInstance = ""
    expected.firstTimestamp = self.start
    expected.lastTimestamp = self.start
    expected.count = 1
    #expect(correlator.correlate(occurrence, time: self.start, at: t0) == .create(expected))
  }

  @Test func `the same again counts up the one there is, whatever the object's version`() throws {
    var correlator = EventCorrelator(component: "c")
    guard case .create(let first) = correlator.correlate(self.occurrence("m"), time: self.start, at: t0) else {
      Issue.record("the first is not created")
      return
    }
    var again = first
    again.involvedObject.resourceVersion = "2"
    again.count = 2
    again.lastTimestamp = self.time(60)
    let verdict = correlator.correlate(
      self.occurrence("m", version: "2"), time: self.time(60), at: t0 + .seconds(60))
    #expect(
      verdict
        == .count(
          again, patch: ["count": 2, "lastTimestamp": .string(self.time(60).text), "message": "m"]))
  }

  @Test func `an object with the longest of names has Events too`() throws {
    var correlator = EventCorrelator(component: "metallb-controller")
    for name in [String(repeating: "a", count: 253), String(repeating: "b.", count: 126) + "b"] {
      guard case .create(let event) = correlator.correlate(self.occurrence("m", name: name), time: self.start, at: t0)
      else {
        Issue.record("not told")
        continue
      }
      let text = try #require(event.metadata.name)
      #expect(text.count <= 253)
      #expect(text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty })
      #expect(text.hasPrefix(name.prefix(230)))
      #expect(event.involvedObject.name == name)
    }
  }

  @Test func `a message that is too long is cut between two characters`() {
    var correlator = EventCorrelator(component: "metallb-controller")
    for message in [String(repeating: "x", count: 5000), String(repeating: "é", count: 5000)] {
      for number in 0..<12 {
        let verdict = correlator.correlate(self.occurrence("\(number)" + message), time: self.start, at: t0)
        let told: String? =
          switch verdict {
          case .create(let event), .count(let event, _): event.message
          case .drop: nil
          }
        #expect(told?.hasSuffix("…") == true)
        #expect((980...1024).contains(told?.utf8.count ?? 0))
      }
    }
    let longest = String(repeating: "x", count: 992)
    #expect(
      EventCorrelator.Occurrence(object: ObjectReference(), type: "", reason: "", message: longest).message == longest)
  }

  @Test func `names differ within one instant`() {
    var correlator = EventCorrelator(component: "c")
    var names: Set<String> = []
    for index in 0..<5 {
      if case .create(let event) = correlator.correlate(self.occurrence("m\(index)"), time: self.start, at: t0) {
        names.insert(event.metadata.name ?? "")
      }
    }
    #expect(names.count == 5)
  }

  @Test func `the tenth different message within ten minutes is combined, and further ones count it up`() {
    var correlator = EventCorrelator(component: "c")
    for index in 1...9 {
      let verdict = correlator.correlate(
        self.occurrence("m\(index)"), time: self.time(Int64(index)), at: t0 + .seconds(index))
      guard case .create(let event) = verdict else {
        Issue.record("number \(index) is not created: \(verdict)")
        return
      }
      #expect(event.message == "m\(index)")
    }
    guard
      case .create(let combined) = correlator.correlate(
        self.occurrence("m10"), time: self.time(10), at: t0 + .seconds(10))
    else {
      Issue.record("the combined one is not created")
      return
    }
    #expect(combined.message == "(combined from similar events): m10")
    guard
      case .count(let counted, _) = correlator.correlate(
        self.occurrence("m11"), time: self.time(11), at: t0 + .seconds(11))
    else {
      Issue.record("the combined one is not counted")
      return
    }
    #expect(counted.key == combined.key)
    #expect(counted.count == 2)
    #expect(counted.message == "(combined from similar events): m11")
  }

  @Test func `different messages that are ten minutes apart are not combined`() {
    var correlator = EventCorrelator(component: "c")
    for index in 0..<15 {
      let offset = index * 601
      let verdict = correlator.correlate(
        self.occurrence("m\(index)"), time: self.time(Int64(offset)), at: t0 + .seconds(offset))
      guard case .create(let event) = verdict else {
        Issue.record("number \(index) is not created: \(verdict)")
        return
      }
      #expect(event.message == "m\(index)")
    }
  }

  @Test func `other reasons and other objects are not similar`() {
    var correlator = EventCorrelator(component: "c")
    for index in 1...9 { _ = correlator.correlate(self.occurrence("m\(index)"), time: self.start, at: t0) }
    for other in [self.occurrence("m10", reason: "AllocationFailed"), self.occurrence("m10", name: "db")] {
      guard case .create(let event) = correlator.correlate(other, time: self.start, at: t0) else {
        Issue.record("it is not created")
        return
      }
      #expect(event.message == "m10")
    }
  }

  @Test func `an object has 25 events at once and one more every five minutes`() {
    var correlator = EventCorrelator(component: "c")
    var kept = 0
    for _ in 0..<40 where correlator.correlate(self.occurrence("m"), time: self.start, at: t0) != .drop { kept += 1 }
    #expect(kept == 25)
    #expect(correlator.correlate(self.occurrence("m"), time: self.time(299), at: t0 + .seconds(299)) == .drop)
    let late = correlator.correlate(self.occurrence("m"), time: self.time(301), at: t0 + .seconds(301))
    guard case .count(let event, _) = late else {
      Issue.record("the refilled budget is not spent: \(late)")
      return
    }
    // What was dropped was counted all the same.
    #expect(event.count == 42)
    #expect(correlator.correlate(self.occurrence("m", name: "db"), time: self.start, at: t0) != .drop)
  }

  @Test func `events about cluster-wide objects live in the default namespace`() {
    var correlator = EventCorrelator(component: "c")
    let node = EventCorrelator.Occurrence(
      object: ObjectReference(apiVersion: "v1", kind: "Node", name: "n1"), type: "Normal", reason: "r", message: "m")
    guard case .create(let event) = correlator.correlate(node, time: self.start, at: t0) else {
      Issue.record("it is not created")
      return
    }
    #expect(event.metadata.namespace == "default")
  }

  @Test func `objects that come and go leave nothing behind, and the limits of those that stay hold`() {
    var correlator = EventCorrelator(component: "c")
    var mostRemembered = 0
    for minute in 0..<1200 {
      let now = t0 + .seconds(60 * minute)
      let time = self.time(Int64(60 * minute))
      _ = correlator.correlate(self.occurrence("m", name: "service-\(minute)"), time: time, at: now)
      _ = correlator.correlate(self.occurrence("m", name: "stays"), time: time, at: now)
      mostRemembered = max(mostRemembered, correlator.memories)
    }
    // Ten to twenty minutes of similar ones, two hours of counts, budgets until they are full again.
    #expect(mostRemembered < 20 + 130 + 20 + 10, "\(mostRemembered)")
    // One a minute is more than one in five: the budget of the object that stays is not forgotten.
    #expect(
      correlator.correlate(self.occurrence("new", name: "stays"), time: self.time(72000), at: t0 + .seconds(71961))
        == .drop)
  }
}
