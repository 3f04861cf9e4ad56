import FoundationEssentials
import KubernetesModel
import Primitives
import Testing

@testable import Balancer

@Suite struct ConfigurationPropertyTests {
  /// Objects of the right outline with anything at all in their fields.
  private struct Garbage {
    var dice: SplitMix64

    mutating func choice<Element>(_ elements: [Element]) -> Element {
      elements[Int(self.dice.next() % UInt64(elements.count))]
    }

    mutating func text() -> String {
      self.choice([
        "", "x", "192.0.2.1", "192.0.2.0/24", "2001:db8::/64", "2001:db8::1", "192.0.2.9-192.0.2.1", "90s", "-1s",
        "99999999999h", "1:1", "large:1:2:3", ":::", "999999:1", "In", "Exists", "internal", "\u{0}\u{FFFD}\"\\", "a",
        "10.0.0.0/8", "::/0", "0.0.0.0/0", "٣٤s", "1.1.1.1-::1", String(repeating: "y", count: 100),
      ])
    }

    mutating func value(depth: Int = 0) -> JSONValue {
      switch self.dice.next() % (depth > 3 ? 6 : 9) {
      case 0: return .null
      case 1: return .bool(self.dice.next() % 2 == 0)
      case 2: return .integer(self.choice([0, 1, -1, 3, 32, 33, 128, 255, 65_536, 4_294_967_296, .max, .min]))
      case 3: return .number(self.choice([0.5, 1e300, -1e-300]))
      case 4, 5: return .string(self.text())
      case 6, 7: return .array((0..<(self.dice.next() % 4)).map { _ in self.value(depth: depth + 1) })
      default: return self.object(["name", "value", "matchLabels", "key", "operator", "values"], depth: depth + 1)
      }
    }

    mutating func object(_ fields: [String], depth: Int) -> JSONValue {
      var members: [String: JSONValue] = [:]
      for field in fields where self.dice.next() % 3 > 0 { members[field] = self.field(field, depth: depth) }
      return .object(members)
    }

    /// Often a value of the type that the field has, so that more than the type is tried.
    mutating func field(_ name: String, depth: Int) -> JSONValue {
      if self.dice.next() % 8 == 0 { return self.value(depth: depth) }
      if name.hasSuffix("Selectors") {
        return .array(
          (0..<(self.dice.next() % 3)).map { _ in
            let condition: JSONValue = [
              "key": .string(self.text()), "operator": .string(self.text()), "values": [.string(self.text())],
            ]
            return ["matchExpressions": [condition], "matchLabels": [self.choice(["a", "b"]): .string(self.text())]]
          })
      }
      if ["addresses", "ipAddressPools", "peers", "interfaces", "communities"].contains(name) {
        return .array((0..<(self.dice.next() % 4)).map { _ in .string(self.text()) })
      }
      return self.choice([
        .string(self.text()), .integer(Int64(truncatingIfNeeded: self.dice.next() % 200)), .bool(true),
      ])
    }

    mutating func kubernetesObject(_ fields: [String]) -> JSONValue {
      [
        "metadata": ["name": .string(self.choice(["a", "b", "c"])), "namespace": .string(self.choice(["m", "n"]))],
        "spec": self.dice.next() % 10 == 0 ? self.value() : self.object(fields, depth: 0),
      ]
    }

    mutating func read<Object: KubernetesResource>(
      _ type: Object.Type, _ fields: [String], _ malformed: inout [ConfigurationObjects.Malformed]
    ) throws -> [Object] {
      try (0..<4).compactMap { _ in
        let data = try JSONEncoder().encode(self.kubernetesObject(fields))
        switch try JSONDecoder().decode(Decoded<Object>.self, from: data) {
        case .object(let object): return object
        case .malformed(let key, let reason):
          malformed.append(.init(kind: type.type.kind, key: key, reason: reason))
          return nil
        }
      }
    }
  }

  @Test(arguments: 0..<20)
  func `whatever objects hold, they are judged and nothing breaks`(seed: Int) throws {
    var garbage = Garbage(dice: SplitMix64(seed: UInt64(seed)))
    for _ in 0..<10 {
      var objects = ConfigurationObjects()
      objects.pools = try garbage.read(
        IPAddressPool.self, ["addresses", "autoAssign", "serviceAllocation"], &objects.malformed)
      objects.l2Advertisements = try garbage.read(
        L2Advertisement.self,
        ["ipAddressPools", "ipAddressPoolSelectors", "nodeSelectors", "interfaces", "preferredNodeSelectors"],
        &objects.malformed)
      objects.bgpAdvertisements = try garbage.read(
        BGPAdvertisement.self,
        [
          "aggregationLength", "aggregationLengthV6", "localPref", "communities", "ipAddressPools", "nodeSelectors",
          "peers", "serviceSelectors", "asPathPrepend", "med",
        ], &objects.malformed)
      objects.bgpPeers = try garbage.read(
        BGPPeer.self,
        [
          "myASN", "peerASN", "dynamicASN", "localASN", "peerAddress", "interface", "sourceAddress", "peerPort",
          "holdTime", "keepaliveTime", "connectTime", "routerID", "nodeSelectors", "password", "bfdProfile", "vrf",
        ], &objects.malformed)
      objects.bfdProfiles = try garbage.read(
        BFDProfile.self, ["receiveInterval", "detectMultiplier", "echoMode", "minimumTtl"], &objects.malformed)
      objects.communities = try garbage.read(CommunityAliases.self, ["communities"], &objects.malformed)
      let problems = ConfigurationCheck.problems(in: objects)
      #expect(problems.allSatisfy { !$0.message.isEmpty && !$0.remedy.isEmpty && !$0.kind.isEmpty })
      #expect(ConfigurationCheck.problems(in: objects) == problems)
      #expect(ConfigurationCheck.problems(introducedBy: objects, to: objects).isEmpty)
    }
  }

  @Test(arguments: 0..<20)
  func `pools resolved change by change are those resolved at once`(seed: Int) {
    var dice = SplitMix64(seed: UInt64(seed))
    func number(_ count: UInt64) -> UInt64 { dice.next() % count }
    var objects: [ObjectKey: IPAddressPool] = [:]
    var resolution = PoolResolution()
    for _ in 0..<200 {
      let name = "p\(number(12))"
      let objectKey = ObjectKey(namespace: number(8) == 0 ? "other" : "metallb-system", name: name)
      let before = resolution.pools
      let change: PoolResolution.Change
      if number(4) == 0 {
        objects[objectKey] = nil
        change = resolution.apply(.deleted(objectKey))
      } else {
        // Always valid by itself, so that no last good form is left that a fresh resolution cannot know.
        let start = number(100)
        var object = poolObject(name, ["10.0.0.\(start)-10.0.0.\(start + number(8))"])
        object.metadata.namespace = objectKey.namespace
        object.metadata.creationTimestamp = Timestamp(seconds: Int64(number(5)))
        if let old = objects[objectKey], number(2) == 0 { object.metadata = old.metadata }
        objects[objectKey] = object
        change = resolution.apply(.applied(object))
      }
      #expect(
        change.names == Set(before.keys).union(resolution.pools.keys).filter { before[$0] != resolution.pools[$0] })
      #expect(change.former.allSatisfy { before[$0.key] == $0.value })
      let blocks = resolution.sorted.flatMap(\.blocks).sorted { $0.first < $1.first }
      #expect(zip(blocks, blocks.dropFirst()).allSatisfy { !$0.overlaps($1) })
      for pool in resolution.sorted {
        #expect(resolution.index.pool(of: pool.blocks[0].first) == pool.name)
      }
      // The last good form of a pool that lost its place may still be in force; without such pools both ways agree.
      let fresh = PoolResolution(objects.values)
      if fresh.problems.isEmpty {
        #expect(resolution.pools == fresh.pools)
        #expect(resolution.problems.isEmpty && resolution.unusable.isEmpty)
      }
      #expect(resolution.problems.isEmpty == (resolution.unusable.isEmpty && resolution.problems.isEmpty))
    }
  }
}
