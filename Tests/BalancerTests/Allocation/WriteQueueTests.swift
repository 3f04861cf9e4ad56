import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// A queue of many objects, and a server that takes writes, or does not.
private struct Office {
  var queue = WriteQueue<Int>(limit: 32, seed: 1)
  var now = t0
  /// Whether a write of the object is accepted.
  var accepts: (ObjectKey) -> Bool
  /// Whether it does not answer at all if it does not.
  var isAway = false
  var attempts = 0
  var done: Set<ObjectKey> = []

  init(objects: Int, accepts: @escaping (ObjectKey) -> Bool) {
    self.accepts = accepts
    for number in 0..<objects { self.queue.request(ObjectKey(namespace: "default", name: "s\(number)")) }
  }

  /// Every write is answered at once.
  mutating func pass(_ time: Duration) {
    let end = self.now + time
    while true {
      self.queue.wake(at: self.now)
      while let key = self.queue.next() {
        self.queue.started(0, of: key)
        self.attempts += 1
        _ = self.queue.ended(key)
        if self.accepts(key) {
          self.queue.succeeded(key)
          self.done.insert(key)
        } else {
          self.queue.pause(key, endsWithNews: false, isOutage: self.isAway, at: self.now)
        }
      }
      guard let next = self.queue.nextDeadline, next <= end else { break }
      self.now = max(self.now, next)
    }
    self.now = end
  }
}

@Suite struct WriteQueueTests {
  @Test func `a server that takes nothing is left in peace, and gets everything when it is back`() {
    var office = Office(objects: 10_000) { _ in false }
    office.isAway = true
    office.pass(.seconds(120))
    #expect((60..<80).contains(office.attempts), "forty at once, and then one every five seconds")
    office.accepts = { _ in true }
    office.pass(.seconds(40))
    #expect(office.done.count == 10_000)
  }

  @Test func `objects that are refused hold up nobody else, however many they are`() {
    var office = Office(objects: 2000) { Int($0.name.dropFirst()).map { $0 >= 1000 } ?? false }
    office.pass(.seconds(1))
    #expect(office.done.count == 1000)
  }
}
