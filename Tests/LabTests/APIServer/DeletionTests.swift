import KubernetesModel
import Lab
import Testing

/// What goes when, what holds it, and what goes with it.
@Suite struct DeletionTests {
  private let registry = APIRegistry(seed: 1, clock: { Timestamp(seconds: 1_000_000) })

  private static let maps = BuiltInResources.configMaps

  private func create(_ name: String, finalizers: [String] = [], owner: JSONValue? = nil, blocks: Bool = true)
    async throws -> JSONValue
  {
    var metadata: JSONValue = ["name": .string(name)]
    if !finalizers.isEmpty { metadata["finalizers"] = .array(finalizers.map { .string($0) }) }
    if let owner {
      metadata["ownerReferences"] = [
        [
          "apiVersion": "v1", "kind": "ConfigMap", "name": .string(owner.name), "uid": .string(owner.uid),
          "blockOwnerDeletion": .bool(blocks),
        ]
      ]
    }
    return try await self.registry.create(
      ["apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata], as: Self.maps, namespace: "default")
  }

  private func names() async throws -> [String] {
    try await self.registry.list(Self.maps, namespace: "default").items.map { $0.name }
  }

  private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "default", name: name) }

  @Test func `what nothing holds goes at once and is answered with a Status`() async throws {
    await self.registry.furnishCluster()
    let object = try await self.create("x")
    let answer = try await self.registry.delete(Self.maps, self.key("x"))
    #expect(
      answer == [
        "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
        "details": ["name": "x", "kind": "configmaps", "uid": .string(object.uid)],
      ])
    #expect(try await self.names().isEmpty)
  }

  @Test func `a finalizer holds an object until it is taken away`() async throws {
    await self.registry.furnishCluster()
    _ = try await self.create("x", finalizers: ["a.b/c"])
    let held = try await self.registry.delete(Self.maps, self.key("x"))
    #expect(held.metadata("deletionTimestamp") == .string(Timestamp(seconds: 1_000_000).text))
    #expect(try await self.names() == ["x"])
    _ = try await self.registry.patch(.merge(["metadata": ["finalizers": .null]]), Self.maps, self.key("x"))
    #expect(try await self.names().isEmpty)
  }

  @Test func `no finalizer can be added to what is being deleted`() async throws {
    await self.registry.furnishCluster()
    _ = try await self.create("x", finalizers: ["a.b/c"])
    try await self.registry.delete(Self.maps, self.key("x"))
    let failure = await #expect(throws: APIFailure.self) {
      try await self.registry.patch(
        .merge(["metadata": ["finalizers": ["a.b/c", "new/one"]]]), Self.maps, self.key("x"))
    }
    #expect(failure?.code == 422)
    #expect(
      failure?.message
        == "ConfigMap \"x\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is "
        + "being deleted, found new finalizers []string{\"new/one\"}")
  }

  @Test func `dependents go in the background with their last owner`() async throws {
    await self.registry.furnishCluster()
    let owner = try await self.create("owner")
    _ = try await self.create("dependent", owner: owner)
    try await self.registry.delete(Self.maps, self.key("owner"), options: DeleteOptions(propagation: .background))
    #expect(try await self.names().isEmpty)
  }

  @Test func `in the foreground an owner waits for the dependents that block it`() async throws {
    await self.registry.furnishCluster()
    let owner = try await self.create("owner")
    _ = try await self.create("dependent", finalizers: ["a.b/c"], owner: owner)
    let answer = try await self.registry.delete(
      Self.maps, self.key("owner"), options: DeleteOptions(propagation: .foreground))
    #expect(answer.finalizers == ["foregroundDeletion"])
    #expect(try await self.names() == ["dependent", "owner"])
    _ = try await self.registry.patch(.merge(["metadata": ["finalizers": .null]]), Self.maps, self.key("dependent"))
    #expect(try await self.names().isEmpty)
  }

  @Test func `orphans stay and forget their owner`() async throws {
    await self.registry.furnishCluster()
    let owner = try await self.create("owner")
    _ = try await self.create("dependent", owner: owner)
    try await self.registry.delete(Self.maps, self.key("owner"), options: DeleteOptions(propagation: .orphan))
    #expect(try await self.names() == ["dependent"])
    #expect(try await self.registry.get(Self.maps, self.key("dependent")).ownerReferences.isEmpty)
  }

  @Test func `an object whose owner never existed is collected`() async throws {
    await self.registry.furnishCluster()
    _ = try await self.create("x", owner: ["metadata": ["name": "never", "uid": "1-2-3"]])
    #expect(try await self.names().isEmpty)
  }

  @Test func `preconditions that do not hold are a conflict`() async throws {
    await self.registry.furnishCluster()
    _ = try await self.create("x")
    var options = DeleteOptions()
    options.expectedUID = "other"
    let failure = await #expect(throws: APIFailure.self) {
      try await self.registry.delete(Self.maps, self.key("x"), options: options)
    }
    #expect(failure?.code == 409)
    #expect(try await self.names() == ["x"])
  }

  @Test func `a namespace takes its content along and waits for what is held`() async throws {
    await self.registry.furnishCluster()
    let namespaces = BuiltInResources.namespaces
    _ = try await self.registry.create(["metadata": ["name": "demo"]], as: namespaces)
    for name in ["free", "held"] {
      _ = try await self.registry.create(
        [
          "metadata": ["name": .string(name), "finalizers": name == "held" ? ["a.b/c"] : []]
        ], as: Self.maps, namespace: "demo")
    }
    try await self.registry.delete(namespaces, ObjectKey(name: "demo"))
    #expect(try await self.registry.list(Self.maps, namespace: "demo").items.map { $0.name } == ["held"])
    let namespace = try await self.registry.get(namespaces, ObjectKey(name: "demo"))
    #expect(namespace[path: "status", "phase"] == "Terminating")
    let failure = await #expect(throws: APIFailure.self) {
      try await self.registry.create(["metadata": ["name": "late"]], as: Self.maps, namespace: "demo")
    }
    #expect(failure?.code == 403)
    _ = try await self.registry.patch(
      .merge(["metadata": ["finalizers": .null]]), Self.maps, ObjectKey(namespace: "demo", name: "held"))
    await #expect(throws: APIFailure.notFound(namespaces, "demo")) {
      try await self.registry.get(namespaces, ObjectKey(name: "demo"))
    }
  }

  @Test func `a running pod is given its grace and an unscheduled one is not`() async throws {
    await self.registry.furnishCluster()
    let pods = BuiltInResources.pods
    for node in ["", "node-1"] {
      var spec: JSONValue = ["containers": [["name": "c", "image": "x"]], "terminationGracePeriodSeconds": 5]
      if !node.isEmpty { spec["nodeName"] = .string(node) }
      _ = try await self.registry.create(
        ["metadata": ["name": .string("p" + node)], "spec": spec], as: pods, namespace: "default")
    }
    try await self.registry.delete(pods, self.key("p"))
    let running = try await self.registry.delete(pods, self.key("pnode-1"))
    #expect(running.metadata("deletionGracePeriodSeconds") == 5)
    #expect(running.metadata("deletionTimestamp") == .string(Timestamp(seconds: 1_000_005).text))
    #expect(try await self.registry.list(pods).items.map { $0.name } == ["pnode-1"])
    try await self.registry.delete(pods, self.key("pnode-1"), options: DeleteOptions(gracePeriodSeconds: 0))
    #expect(try await self.registry.list(pods).items.isEmpty)
  }
}
