import KubernetesModel
import Lab
import Testing

@Suite struct ObjectStoreTests {
  private static let pods = ResourceCollection(group: "", plural: "pods")

  private static func pod(_ name: String, namespace: String = "a", value: String = "0", owner: String? = nil)
    -> JSONValue
  {
    var metadata: JSONValue = ["name": .string(name), "namespace": .string(namespace)]
    if let owner { metadata["ownerReferences"] = [["uid": .string(owner)]] }
    return ["metadata": metadata, "value": .string(value)]
  }

  private static func store(_ names: [String], historyLimit: Int = 100) throws -> ObjectStore {
    var store = ObjectStore(historyLimit: historyLimit)
    for name in names { _ = try store.insert(Self.pod(name), ObjectKey(namespace: "a", name: name), in: Self.pods) }
    return store
  }

  @Test func `each write takes the next revision and stamps the object with it`() throws {
    var store = try Self.store(["x", "y"])
    #expect(store.revision == 2)
    let key = ObjectKey(namespace: "a", name: "x")
    let change = try store.replace(Self.pod("x", value: "1"), key, in: Self.pods)
    #expect(change.object.resourceVersion == "3")
    #expect(store.object(key, in: Self.pods) == change.object)
  }

  @Test func `a write that names an older revision is a conflict and changes nothing`() throws {
    var store = try Self.store(["x"])
    let key = ObjectKey(namespace: "a", name: "x")
    _ = try store.replace(Self.pod("x", value: "1"), key, in: Self.pods, expecting: 1)
    #expect(throws: ObjectStore.Failure.conflict(current: 2)) {
      try store.replace(Self.pod("x", value: "2"), key, in: Self.pods, expecting: 1)
    }
    #expect(store.object(key, in: Self.pods)?["value"] == "1")
    #expect(store.revision == 2)
  }

  @Test func `a second object of the same key and a missing one are refused`() throws {
    var store = try Self.store(["x"])
    let key = ObjectKey(namespace: "a", name: "x")
    #expect(throws: ObjectStore.Failure.alreadyExists) { try store.insert(Self.pod("x"), key, in: Self.pods) }
    #expect(throws: ObjectStore.Failure.notFound) {
      try store.remove(ObjectKey(namespace: "a", name: "nope"), in: Self.pods)
    }
  }

  @Test func `pages go on as of the first one's revision whatever is written meanwhile`() throws {
    var store = try Self.store(["a", "b", "c", "d", "e"])
    let first = try store.page(of: Self.pods, namespace: "a", limit: 2)
    #expect(first.items.map { $0.name } == ["a", "b"])
    #expect(first.remaining == 3)
    let next = try #require(first.next)
    _ = try store.insert(Self.pod("bb"), ObjectKey(namespace: "a", name: "bb"), in: Self.pods)
    _ = try store.remove(ObjectKey(namespace: "a", name: "c"), in: Self.pods)
    _ = try store.replace(Self.pod("d", value: "new"), ObjectKey(namespace: "a", name: "d"), in: Self.pods)
    let second = try store.page(of: Self.pods, namespace: "a", after: next, limit: 2, at: first.revision)
    #expect(second.items.map { $0.name } == ["c", "d"])
    #expect(second.items.map { $0["value"] } == ["0", "0"])
    let last = try #require(second.next)
    let third = try store.page(of: Self.pods, namespace: "a", after: last, at: first.revision)
    #expect(third.items.map { $0.name } == ["e"])
    #expect(third.next == nil)
    #expect(try store.page(of: Self.pods).items.map { $0.name } == ["a", "b", "bb", "d", "e"])
  }

  @Test func `a namespace's page holds that namespace's objects alone`() throws {
    var store = try Self.store(["x"])
    for namespace in ["b", "ab"] {
      _ = try store.insert(
        Self.pod("x", namespace: namespace), ObjectKey(namespace: namespace, name: "x"), in: Self.pods)
    }
    #expect(try store.page(of: Self.pods, namespace: "ab").items.map { $0.namespace } == ["ab"])
    #expect(try store.page(of: Self.pods).items.map { $0.namespace } == ["a", "ab", "b"])
  }

  @Test func `changes are told from any revision that the history still reaches`() throws {
    var store = try Self.store(["x"], historyLimit: 3)
    let key = ObjectKey(namespace: "a", name: "x")
    for value in 1...4 { _ = try store.replace(Self.pod("x", value: "\(value)"), key, in: Self.pods) }
    #expect(try store.changes(in: Self.pods, after: 2).map { $0.revision } == [3, 4, 5])
    #expect(try store.changes(in: Self.pods, after: 5).isEmpty)
    #expect(throws: ObjectStore.Failure.expired(oldest: 2)) { try store.changes(in: Self.pods, after: 1) }
    #expect(throws: ObjectStore.Failure.expired(oldest: 2)) { try store.page(of: Self.pods, at: 1) }
  }

  @Test func `a deletion is told with the last form and its own revision`() throws {
    var store = try Self.store(["x"])
    let change = try store.remove(ObjectKey(namespace: "a", name: "x"), in: Self.pods)
    #expect(change.kind == .deleted)
    #expect(change.object.resourceVersion == "2")
    #expect(change.previous?.resourceVersion == "1")
  }

  @Test func `compaction leaves objects alone and forgets what led to them`() throws {
    var store = try Self.store(["x", "y"])
    store.compact()
    #expect(store.count(in: Self.pods) == 2)
    #expect(throws: ObjectStore.Failure.expired(oldest: 2)) { try store.changes(in: Self.pods, after: 1) }
    #expect(try store.changes(in: Self.pods, after: 2).isEmpty)
  }

  @Test func `dependents follow the owners that objects name`() throws {
    var store = ObjectStore()
    let key = ObjectKey(namespace: "a", name: "x")
    let place = ObjectStore.Dependent(collection: Self.pods, key: key)
    _ = try store.insert(Self.pod("x", owner: "u1"), key, in: Self.pods)
    #expect(store.dependents(of: "u1") == [place])
    _ = try store.replace(Self.pod("x", owner: "u2"), key, in: Self.pods)
    #expect(store.dependents(of: "u1").isEmpty)
    #expect(store.dependents(of: "u2") == [place])
    _ = try store.remove(key, in: Self.pods)
    #expect(store.dependents(of: "u2").isEmpty)
  }
}
