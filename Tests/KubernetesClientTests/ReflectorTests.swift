import FoundationEssentials
import KubernetesModel
import Testing

@testable import KubernetesClient

/// What the API server says, as JSON, and what is made of it.
private struct Conversation {
  var reflector = Reflector<IPAddressPool>(seed: 1)

  /// Whether versions have gone back since this was last asked.
  mutating func hasRewound() -> Bool { self.reflector.takeRewinding() }

  var request: Reflector<IPAddressPool>.Plan.Request { self.reflector.plan.request }
  var pause: Duration { self.reflector.plan.pause }

  mutating func page(_ items: [String], version: String, next: String? = nil) throws -> [ObjectChange<IPAddressPool>] {
    let token = next.map { #","continue":"\#($0)""# } ?? ""
    let text =
      #"{"kind":"L","metadata":{"resourceVersion":"\#(version)"\#(token)},"items":[\#(items.joined(separator: ","))]}"#
    let list = try JSONDecoder().decode(ObjectList<IPAddressPool>.self, from: Data(text.utf8))
    return self.reflector.handle(.page(list))
  }

  mutating func event(_ type: String, _ object: String) throws -> [ObjectChange<IPAddressPool>] {
    let text = #"{"type":"\#(type)","object":\#(object)}"#
    let event = try JSONDecoder().decode(WatchEvent<IPAddressPool>.self, from: Data(text.utf8))
    return self.reflector.handle(.event(event))
  }

  mutating func gone() throws -> [ObjectChange<IPAddressPool>] {
    try self.event(
      "ERROR",
      #"{"kind":"Status","status":"Failure","message":"too old resource version","reason":"Expired","code":410}"#
    )
  }

  mutating func fails(_ error: APIError) -> [ObjectChange<IPAddressPool>] {
    self.reflector.handle(.failed(error))
  }

  /// A conversation in which `pools` are listed at `version` already.
  static func watching(_ pools: [String], version: String) throws -> Conversation {
    var conversation = Conversation()
    _ = try conversation.page(pools, version: version)
    return conversation
  }
}

private func pool(_ name: String, _ version: String, uid: String = "u") -> String {
  #"{"metadata":{"name":"\#(name)","namespace":"m","uid":"\#(uid)","resourceVersion":"\#(version)"},"#
    + #""spec":{"addresses":["192.0.2.0/24"]}}"#
}

private func applied(_ name: String, _ version: String, uid: String = "u") -> ObjectChange<IPAddressPool> {
  .applied(
    IPAddressPool(
      metadata: ObjectMeta(name: name, namespace: "m", uid: uid, resourceVersion: version),
      spec: IPAddressPool.Spec(addresses: ["192.0.2.0/24"])))
}

private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "m", name: name) }

@Suite struct ReflectorTests {
  @Test func `it lists in pages, tells each at once, and is synced after the last`() throws {
    var it = Conversation()
    #expect(it.reflector.plan == .init(request: .list(continuing: nil), pause: .zero))
    #expect(
      try it.page([pool("a", "1"), pool("b", "2")], version: "10", next: "t1") == [
        applied("a", "1"), applied("b", "2"),
      ])
    #expect(it.reflector.plan == .init(request: .list(continuing: "t1"), pause: .zero))
    #expect(try it.page([pool("c", "3")], version: "10") == [applied("c", "3"), .synced])
    #expect(it.reflector.plan == .init(request: .watch(from: "10"), pause: .zero))
  }

  @Test func `a page that is refused for good, or again and again, costs the pages before it`() throws {
    var it = Conversation()
    _ = try it.page([pool("a", "1")], version: "10", next: "t1")
    _ = it.fails(.refused(.init(code: 400)))
    #expect(it.request == .list(continuing: nil), "the server makes nothing of the token")
    _ = try it.page([pool("a", "1")], version: "10", next: "t2")
    for code in [429, 503, 504, 429, 500, 500] {
      _ = it.fails(.refused(.init(code: code)))
      #expect(it.request == .list(continuing: "t2"), "it may come back")
    }
    _ = it.fails(.unreachable("no route"))
    #expect(it.request == .list(continuing: "t2"))
    _ = it.fails(.refused(.init(code: 500)))
    #expect(it.request == .list(continuing: nil), "the third error in a row")
    #expect(try it.page([pool("b", "2")], version: "10") == [applied("b", "2"), .deleted(key("a")), .synced])
  }

  @Test func `where versions have gone back everything is told again, whatever its number says`() throws {
    var it = try Conversation.watching([pool("a", "1"), pool("b", "7")], version: "10")
    _ = try it.event("MODIFIED", pool("a", "12"))
    var isRewound = it.hasRewound()
    #expect(!isRewound)
    _ = it.reflector.handle(.silent)
    _ = try it.page([], version: "8")
    isRewound = it.hasRewound()
    #expect(isRewound)
    #expect(it.request == .list(continuing: nil))
    #expect(try it.page([pool("a", "3"), pool("b", "7")], version: "20") == [applied("a", "3"), applied("b", "7")])
    isRewound = it.hasRewound()
    #expect(!isRewound)
    #expect(it.request == .watch(from: "20"))
  }

  @Test func `a list that is older than the watch was tells that versions have gone back`() throws {
    var it = try Conversation.watching([pool("a", "1")], version: "10")
    _ = try it.event("MODIFIED", pool("a", "12"))
    _ = try it.gone()
    #expect(try it.page([pool("a", "12")], version: "12", next: "") == [])
    var isRewound = it.hasRewound()
    #expect(!isRewound)
    _ = try it.gone()
    #expect(try it.page([pool("a", "12")], version: "11") == [applied("a", "12")], "another 12 than before")
    isRewound = it.hasRewound()
    #expect(isRewound)
  }

  @Test func `an empty list is synced as well, with an empty continue token as custom resources have it`() throws {
    var it = Conversation()
    #expect(try it.page([], version: "10", next: "") == [.synced])
    #expect(it.request == .watch(from: "10"))
  }

  @Test func `events are told, and the watch is taken up after the last of them`() throws {
    var it = try Conversation.watching([pool("a", "1")], version: "10")
    #expect(try it.event("ADDED", pool("b", "11")) == [applied("b", "11")])
    #expect(try it.event("MODIFIED", pool("a", "12")) == [applied("a", "12")])
    #expect(try it.event("DELETED", pool("b", "13")) == [.deleted(key("b"))])
    #expect(it.reflector.handle(.ended(after: .seconds(400))) == [])
    #expect(it.reflector.plan == .init(request: .watch(from: "13"), pause: .zero))
  }

  @Test func `a bookmark moves the version on, but never back`() throws {
    var it = try Conversation.watching([], version: "10")
    #expect(try it.event("BOOKMARK", #"{"metadata":{"resourceVersion":"20"},"spec":{}}"#) == [])
    #expect(it.request == .watch(from: "20"))
    #expect(try it.event("BOOKMARK", #"{"metadata":{"resourceVersion":"19"}}"#) == [])
    #expect(it.request == .watch(from: "20"))
  }

  @Test func `the deletion of an object that was never told is not told`() throws {
    var it = try Conversation.watching([], version: "10")
    #expect(try it.event("DELETED", pool("x", "11")) == [])
  }

  @Test func `the same version is told once`() throws {
    var it = try Conversation.watching([pool("a", "1")], version: "10")
    #expect(try it.event("MODIFIED", pool("a", "1")) == [])
  }

  @Test func `an object that was replaced by one of the same name is deleted first`() throws {
    var it = try Conversation.watching([pool("a", "1", uid: "old")], version: "10")
    #expect(try it.gone() == [])
    #expect(
      try it.page([pool("a", "11", uid: "new")], version: "12") == [.deleted(key("a")), applied("a", "11", uid: "new")])
  }

  @Test func `after 410 a list tells what changed and what is gone, and is not synced again`() throws {
    var it = try Conversation.watching([pool("a", "1"), pool("b", "2"), pool("c", "3")], version: "10")
    _ = try it.event("MODIFIED", pool("c", "11"))
    #expect(try it.gone() == [])
    #expect(it.reflector.plan == .init(request: .list(continuing: nil), pause: .zero))
    #expect(
      try it.page([pool("a", "1"), pool("b", "15")], version: "20", next: "t") == [applied("b", "15")])
    #expect(try it.page([pool("d", "16")], version: "20") == [applied("d", "16"), .deleted(key("c"))])
    #expect(it.request == .watch(from: "20"))
  }

  @Test func `410 as an answer to the watch means the same`() throws {
    var it = try Conversation.watching([], version: "10")
    _ = try it.event("BOOKMARK", #"{"metadata":{"resourceVersion":"20"}}"#)
    #expect(it.fails(.refused(.init(code: 410))) == [])
    #expect(it.reflector.plan == .init(request: .list(continuing: nil), pause: .zero))
  }

  @Test func `a version that is gone right after its list is no busy loop`() throws {
    var it = try Conversation.watching([], version: "10")
    var pauses: [Duration] = []
    for version in 11...14 {
      _ = try it.gone()
      pauses.append(it.pause)
      _ = try it.page([], version: String(version))
    }
    #expect(pauses.allSatisfy { $0 > .zero })
    #expect(pauses[3] > pauses[0])
  }

  @Test func `a page token that expired begins the list anew and forgets the pages so far`() throws {
    var it = Conversation()
    _ = try it.page([pool("a", "1")], version: "10", next: "t")
    #expect(it.fails(.refused(.init(code: 410))) == [])
    #expect(it.request == .list(continuing: nil))
    // "a" was told, but is gone by the time of the second attempt.
    #expect(try it.page([pool("b", "2")], version: "12") == [applied("b", "2"), .deleted(key("a")), .synced])
    #expect(it.request == .watch(from: "12"))
  }

  @Test func `a page that fails for another reason is asked for again, later and later`() throws {
    var it = Conversation()
    _ = try it.page([pool("a", "1")], version: "10", next: "t")
    _ = it.fails(.unreachable("connection refused"))
    #expect(it.request == .list(continuing: "t"))
    let first = it.pause
    #expect(first > .zero)
    for _ in 1...10 { _ = it.fails(.refused(.init(code: 503))) }
    #expect(it.pause > first)
    #expect(it.pause <= .seconds(45))
    _ = try it.page([], version: "10")
    #expect(it.reflector.plan == .init(request: .watch(from: "10"), pause: .zero))
  }

  @Test func `the server's wish to be asked later is granted`() {
    var it = Conversation()
    _ = it.fails(.refused(.init(code: 429, retryAfter: .seconds(17))))
    #expect(it.pause >= .seconds(17))
  }

  @Test func `a stream that breaks is taken up where it broke, soon`() throws {
    var it = try Conversation.watching([], version: "10")
    _ = try it.event("ADDED", pool("a", "11"))
    #expect(it.fails(.interrupted("reset")) == [])
    #expect(it.request == .watch(from: "11"))
    #expect(it.pause > .zero)
    #expect(it.pause < .seconds(1))
  }

  @Test func `a server that ends watches at once is asked less and less often`() throws {
    var it = try Conversation.watching([], version: "10")
    var pauses: [Duration] = []
    for _ in 1...6 {
      _ = it.reflector.handle(.ended(after: .milliseconds(1)))
      pauses.append(it.pause)
    }
    #expect(it.request == .watch(from: "10"))
    #expect(pauses[0] > .zero)
    #expect(pauses[5] > .seconds(3))
    _ = try it.event("ADDED", pool("a", "11"))
    _ = it.reflector.handle(.ended(after: .milliseconds(1)))
    #expect(it.reflector.plan == .init(request: .watch(from: "11"), pause: .zero))
  }

  @Test func `a server that starts and lets nobody costs no list, and one that never lets us watch is listed`() throws {
    var it = try Conversation.watching([], version: "10")
    var waited = Duration.zero
    while it.request != .list(continuing: nil), waited < .seconds(300) {
      if it.request == .probe { _ = try it.page([], version: "10") }
      _ = it.fails(.refused(.init(code: 403)))
      waited += it.pause
    }
    #expect(waited > .seconds(20))
    #expect(waited < .seconds(120))
  }

  @Test func `a version that is refused three times running is given up for a new list`() throws {
    var it = try Conversation.watching([], version: "10")
    for _ in 1...2 {
      _ = it.fails(.refused(.init(code: 400)))
      #expect(it.request == .probe)
      _ = try it.page([], version: "10")
      #expect(it.request == .watch(from: "10"))
    }
    _ = it.fails(.refused(.init(code: 400)))
    #expect(it.request == .list(continuing: nil))
    #expect(it.pause > .zero)
  }

  @Test func `lines that are no events count as refusals`() throws {
    var it = try Conversation.watching([], version: "10")
    for _ in 1...3 {
      if it.request == .probe { _ = try it.page([], version: "10") }
      _ = it.reflector.handle(.garbage("{\"type\":"))
    }
    #expect(it.request == .list(continuing: nil))
  }

  @Test func `after a silence the server's version tells whether ours is still good`() throws {
    var it = try Conversation.watching([pool("a", "1")], version: "100")
    #expect(it.reflector.handle(.silent) == [])
    #expect(it.reflector.plan == .init(request: .probe, pause: .zero))
    #expect(try it.page([pool("a", "1")], version: "100", next: "more") == [])
    #expect(it.reflector.plan == .init(request: .watch(from: "100"), pause: .zero))
  }

  @Test func `a server whose version is behind ours was restored, and everything is read anew`() throws {
    var it = try Conversation.watching([pool("a", "1"), pool("b", "90")], version: "100")
    _ = it.reflector.handle(.silent)
    _ = try it.page([pool("a", "1")], version: "40")
    #expect(it.request == .list(continuing: nil))
    #expect(try it.page([pool("a", "1")], version: "40") == [applied("a", "1"), .deleted(key("b"))])
    #expect(it.request == .watch(from: "40"))
  }

  @Test func `what another watcher has noticed counts, too`() throws {
    var it = try Conversation.watching([pool("a", "7"), pool("b", "8")], version: "100")
    it.reflector.rewind()
    #expect(it.reflector.plan == .init(request: .list(continuing: nil), pause: .zero))
    #expect(try it.page([pool("a", "7")], version: "120") == [applied("a", "7"), .deleted(key("b"))])
    let isRewound = it.hasRewound()
    #expect(isRewound)
    #expect(it.request == .watch(from: "120"))
  }

  @Test func `a server that was away is asked for its version before the watch is taken up`() throws {
    var it = try Conversation.watching([pool("a", "1")], version: "100")
    _ = it.fails(.interrupted("it was closed"))
    #expect(it.request == .watch(from: "100"))
    _ = it.fails(.unreachable("connection refused"))
    #expect(it.request == .probe)
    #expect(it.pause > .zero)
    _ = try it.page([pool("a", "1")], version: "104")
    #expect(it.reflector.plan == .init(request: .watch(from: "100"), pause: .zero))
    _ = it.fails(.unreachable("connection refused"))
    _ = try it.page([pool("a", "1")], version: "99")
    #expect(it.request == .list(continuing: nil), "its etcd was put back")
  }

  @Test(arguments: [401, 403, 429, 500, 503])
  func `a server that starts, and refuses at first, is asked for its version, too`(code: Int) throws {
    var it = try Conversation.watching([pool("a", "1")], version: "100")
    _ = it.fails(.refused(.init(code: code)))
    #expect(it.request == .probe)
    _ = it.fails(.refused(.init(code: code)))
    #expect(it.request == .probe)
    _ = try it.page([pool("a", "1")], version: "99")
    #expect(it.request == .list(continuing: nil), "its etcd was put back")
  }

  @Test func `a server that lets us list and has no time for watches is asked less and less often`() throws {
    var it = try Conversation.watching([], version: "100")
    var pauses: [Duration] = []
    for _ in 1...6 {
      _ = it.fails(.refused(.init(code: 429)))
      pauses.append(it.pause)
      _ = try it.page([], version: "100")
      #expect(it.reflector.plan == .init(request: .watch(from: "100"), pause: .zero))
    }
    #expect(pauses[5] > .seconds(3))
  }

  @Test func `a watch is taken up soon after a long outage`() throws {
    var it = try Conversation.watching([], version: "100")
    for _ in 1...20 { _ = it.fails(.unreachable("connection refused")) }
    #expect(it.pause > .seconds(10))
    _ = try it.page([], version: "100")
    _ = it.fails(.interrupted("reset"))
    #expect(it.request == .watch(from: "100"))
    #expect(it.pause < .seconds(1))
  }

  @Test func `a probe that fails is repeated`() throws {
    var it = try Conversation.watching([], version: "100")
    _ = it.reflector.handle(.silent)
    _ = it.fails(.timedOut(.seconds(30)))
    #expect(it.request == .probe)
    #expect(it.pause > .zero)
  }

  @Test func `a malformed object hides no other, in lists as in watches`() throws {
    var it = Conversation()
    let bad = #"{"metadata":{"name":"bad","namespace":"m","resourceVersion":"5"},"spec":{"addresses":"x"}}"#
    let told = try it.page([pool("a", "1"), bad, pool("c", "3")], version: "10")
    #expect(told.count == 4)
    #expect(told[0] == applied("a", "1"))
    #expect(told[2] == applied("c", "3"))
    guard case .malformed(key("bad"), let reason) = told[1] else {
      Issue.record("told \(told[1])")
      return
    }
    #expect(reason.hasPrefix("spec.addresses: "))
    // It moves the version on like any other, and its correction and deletion are told.
    let worse = #"{"metadata":{"name":"bad","namespace":"m","resourceVersion":"11"},"spec":7}"#
    guard case .malformed(key("bad"), let worseReason) = try it.event("MODIFIED", worse).first else {
      Issue.record("the worse form is not told")
      return
    }
    #expect(worseReason.hasPrefix("spec: "))
    #expect(it.request == .watch(from: "11"))
    #expect(try it.event("MODIFIED", pool("bad", "12")) == [applied("bad", "12")])
    #expect(try it.event("DELETED", worse) == [.deleted(key("bad"))])
  }

  @Test func `a malformed object that disappears between lists is deleted`() throws {
    var it = Conversation()
    _ = try it.page([#"{"metadata":{"name":"bad","namespace":"m"}}"#], version: "10")
    _ = try it.gone()
    #expect(try it.page([], version: "11") == [.deleted(key("bad"))])
  }

  @Test func `an event of an unknown type is not an event`() {
    #expect(throws: DecodingError.self) {
      var it = try Conversation.watching([], version: "10")
      _ = try it.event("RENAMED", pool("a", "1"))
    }
  }
}
